import { execFileSync } from 'node:child_process';

/** The client of the container engine that the tests run on: docker, or podman in the project of that name. */
export const client = process.env['LOCALRUN_DOCKER'] ?? 'docker';

export const onPodman = client === 'podman';

/** What a command of the client prints. */
export const docker = (...args: string[]): string =>
  execFileSync(client, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();

/** Removes containers, in whatever state and order: podman wants to be told that it may remove who is in a sandbox. */
export const removeContainers = (...names: string[]): string =>
  docker('rm', '--force', '--volumes', ...(onPodman ? ['--depend'] : []), ...names);
