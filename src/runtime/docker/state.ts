import { toTimestamp } from '../../model/time.js';
import type { ContainerState } from '../runtime.js';

interface InspectedState {
  Status: string;
  Running: boolean;
  OOMKilled: boolean;
  ExitCode: number;
  Error: string;
  StartedAt: string;
  FinishedAt: string;
}

/** What the engine says of a failed start, without the names of all the programs that pass it on. */
export const startError = (error: string): string =>
  error.replace(/^.*unable to start container process: /s, '').replace(/: (?:unknown\.?|OCI [\w ]+)$/, '');

/** One line of `inspect`: `/NAME {state}`. A container that was never started has its state's zero time as start. */
export function parseState(line: string): [string, ContainerState] {
  const space = line.indexOf(' ');
  const name = line.slice(0, space).replace(/^\//, '');
  const state = JSON.parse(line.slice(space + 1)) as InspectedState;
  const never = state.StartedAt.startsWith('0001-');
  if (state.Running) return [name, { status: 'running', startedAt: toTimestamp(state.StartedAt) }];
  if (never) return [name, { status: 'created', exitCode: state.ExitCode, error: startError(state.Error) }];
  return [
    name,
    {
      status: 'exited',
      startedAt: toTimestamp(state.StartedAt),
      finishedAt: toTimestamp(state.FinishedAt),
      exitCode: state.ExitCode,
      oomKilled: state.OOMKilled,
    },
  ];
}
