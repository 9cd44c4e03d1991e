import { timestamp, type Timestamp, toTimestamp } from '../../model/time.js';
import type { ContainerState, Mount } from './engine-api.js';

interface InspectedState {
  Status: string;
  Running: boolean;
  OOMKilled: boolean;
  ExitCode: number;
  Error: string;
  StartedAt: string;
  FinishedAt: string;
}

/**
 * The engine's message about a failed start, without the names of the programs that pass it on, and without its
 * internal paths. `mounts` lists what the container was to have.
 */
export const startError = (error: string, mounts: readonly Mount[] = []): string =>
  mountError(
    error.replace(/^.*unable to start container process: /s, '').replace(/: (?:unknown\.?|OCI [\w ]+)$/, ''),
    mounts.map(({ target }) => target),
  );

/** A failed mount, in terms of the paths in a job. */
function mountError(error: string, targets: readonly string[]): string {
  const [, target, rest = ''] = /error mounting "[^"]*" to rootfs at "([^"]+)"(.*)$/s.exec(error) ?? [];
  if (target === undefined) return error;
  const reasons = /read-only file system|not a directory|no such file or directory|permission denied/;
  const reason = reasons.exec(rest)?.[0] ?? 'the engine cannot do that';
  if (reason === 'not a directory' && targets.includes(target)) {
    return `what is mounted at ${target} is a directory and the image has a file there, or the other way round`;
  }
  const [above] = targets.filter((other) => target.startsWith(`${other}/`)).toSorted((a, b) => b.length - a.length);
  if (above === undefined) return `mounting at ${target} has failed: ${reason}`;
  return `what is mounted at ${above} leaves no place for ${target}, which the container needs: ${reason}. Mount it elsewhere`;
}

/** States of podman in which a container has not ended: it is being stopped, or is paused. */
const alive = ['stopping', 'paused'];

/** The exit code that docker reports for a container whose end the engine has not seen. */
const unseen = 255;

/**
 * One line of `inspect`: `/NAME {state}`; undefined for anything else. A container that never started has the zero time
 * as its start.
 */
export function parseState(line: string): [string, ContainerState] | undefined {
  const [, name = '', json = ''] = /^\/?(\S+) (\{.*\})$/.exec(line) ?? [];
  const state = inspected(json);
  if (!state) return undefined;
  const { Running, Status, ExitCode, Error, OOMKilled } = state;
  if (isZero(state.StartedAt)) return [name, { status: 'created', exitCode: ExitCode, error: startError(Error) }];
  const startedAt = toTimestamp(state.StartedAt);
  if (Running || alive.includes(Status)) return [name, { status: 'running', startedAt }];
  // For containers that ran when the machine stopped, podman reports no end, and exit code 0.
  const end = isZero(state.FinishedAt)
    ? { finishedAt: timestamp(Date.now()), exitCode: unseen }
    : { finishedAt: latest(startedAt, toTimestamp(state.FinishedAt)), exitCode: ExitCode };
  return [name, { status: 'exited', startedAt, ...end, oomKilled: OOMKilled }];
}

/** The output of `port`, lines such as `80/tcp -> 127.0.0.1:49153`: addresses by port, which is `80` or `53/udp`. */
export const parsePorts = (output: string): Record<string, string> =>
  Object.fromEntries(
    [...output.matchAll(/^(\d+(?:\/udp)?)(?:\/tcp)? -> (\S+)$/gm)].map(([, port = '', address = '']) => [
      port,
      address,
    ]),
  );

function inspected(json: string): InspectedState | undefined {
  try {
    const state = JSON.parse(json) as Partial<InspectedState>;
    return typeof state.StartedAt === 'string' && typeof state.FinishedAt === 'string'
      ? (state as InspectedState)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Docker records a start only after it, so that a container may have ended some ms before. */
const latest = (startedAt: Timestamp, finishedAt: Timestamp): Timestamp =>
  finishedAt < startedAt ? startedAt : finishedAt;

const isZero = (time: string): boolean => time.startsWith('0001-');
