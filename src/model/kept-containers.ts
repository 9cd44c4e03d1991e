import type { AttemptRecord } from './attempt.js';
import type { RuntimeIdentity } from './runtime-identity.js';
import { codes } from './errors.js';
import type { LocalSettings } from './local/settings.js';

type Keeping = Pick<LocalSettings, 'keep' | 'keepFailed'>;

/** Access to the records of executions, by execution name. */
interface Records {
  settings: (execution: string) => Keeping;
  attempts: (execution: string) => AttemptRecord[];
}

/**
 * Whether `keep` or `keepFailed` leaves the containers of an ended attempt in the container engine. An attempt that the
 * engine refused has none.
 */
export function isKept({ keep, keepFailed }: Keeping, { startTime, outcome }: AttemptRecord): boolean {
  const failed = outcome?.code !== 0 && outcome?.code !== codes.CANCELLED;
  return Boolean(startTime ?? outcome?.exitCode) && (keep || (keepFailed && failed));
}

/** The ended attempts of an execution whose containers are still in the container engine. */
export function keptAttempts(store: Records, execution: string): AttemptRecord[] {
  const settings = store.settings(execution);
  if (!settings.keep && !settings.keepFailed) return [];
  return store.attempts(execution).filter((attempt) => attempt.outcome && isKept(settings, attempt));
}

/** An execution with kept containers, the container engine that holds them, and how it was chosen. */
export interface KeepingExecution {
  name: string;
  engine: RuntimeIdentity | undefined;
  runtime: LocalSettings['runtime'];
}

/** Which of these executions have kept containers. */
export const keepingExecutions = (
  store: Pick<Records, 'attempts'> & {
    engine: (execution: string) => RuntimeIdentity | undefined;
    settings: (execution: string) => LocalSettings;
  },
  executions: readonly string[],
): KeepingExecution[] =>
  executions.flatMap((name) =>
    keptAttempts(store, name).length > 0
      ? [{ name, engine: store.engine(name), runtime: store.settings(name).runtime }]
      : [],
  );
