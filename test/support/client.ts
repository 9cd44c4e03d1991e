import { execaSync } from 'execa';

/** The client of the container engine that the tests run on: docker, or podman in the project of that name. */
export const client = process.env['LOCALRUN_DOCKER'] ?? 'docker';

export const onPodman = client === 'podman';

/** On podman each commit runs what podman may do differently; LOCALRUN_PODMAN=all for the rest. */
export const shortOnPodman = onPodman && process.env['LOCALRUN_PODMAN'] !== 'all';

/** What a command of the client prints. */
export const docker = (...args: string[]): string => execaSync(client, args, { stdin: 'ignore' }).stdout.trim();

/** Removes containers, in whatever state and order: podman wants to be told that it may remove who is in a sandbox. */
export const removeContainers = (...names: string[]): string =>
  docker('rm', '--force', '--volumes', ...(onPodman ? ['--depend'] : []), ...names);
