import type { AttemptRecord } from './attempt.js';
import type { ContainerEngine } from './container-engine.js';
import { codes } from './errors.js';
import type { LocalSettings } from './local/settings.js';

type Keeping = Pick<LocalSettings, 'keep' | 'keepFailed'>;

/** Where what is on record of executions is found, by their names. */
interface Records {
  settings: (execution: string) => Keeping;
  attempts: (execution: string) => AttemptRecord[];
}

/** Whether the containers of an attempt that has ended stay in the engine; one that the engine refused has none. */
export function isKept({ keep, keepFailed }: Keeping, { startTime, outcome }: AttemptRecord): boolean {
  const failed = outcome?.code !== 0 && outcome?.code !== codes.CANCELLED;
  return Boolean(startTime ?? outcome?.exitCode) && (keep || (keepFailed && failed));
}

/** The ended attempts of an execution whose containers stay in the engine. */
export function keptAttempts(store: Records, execution: string): AttemptRecord[] {
  const settings = store.settings(execution);
  if (!settings.keep && !settings.keepFailed) return [];
  return store.attempts(execution).filter((attempt) => attempt.outcome && isKept(settings, attempt));
}

/** An execution of which containers stay in the engine, and which engine that is. */
export interface KeepingExecution {
  name: string;
  engine: ContainerEngine | undefined;
}

/** Those of these executions of which containers stay. */
export const keepingExecutions = (
  store: Records & { engine: (execution: string) => ContainerEngine | undefined },
  executions: readonly string[],
): KeepingExecution[] =>
  executions.flatMap((name) => (keptAttempts(store, name).length > 0 ? [{ name, engine: store.engine(name) }] : []));
