import type { LogEntry } from '../model/log-entry.js';
import { isCompleted, startedAt } from '../model/execution.js';
import type { Execution } from '../model/schema/job.js';
import { type OnSlow, requireSurroundings, type RunnerCall } from './execution-runner.js';
import { waitForExecution } from './executions.js';
import { followLogEntries } from './log-entries.js';
import { runJob, type RunJobRequest } from './run-job.js';
import type { Call } from './service.js';

/**
 * Creates an execution of a job, which a worker runs.
 * @param onSlow see `requireSurroundings`
 * @throws StatusError as `requireSurroundings` and `runJob`
 */
export async function executeJob(call: RunnerCall, request: RunJobRequest, onSlow: OnSlow): Promise<Execution> {
  const surroundings = await requireSurroundings(call, request.settings ?? call.settings, onSlow);
  const execution = runJob(call, { ...request, ...surroundings });
  call.spawnWorker(execution.name);
  return execution;
}

interface FollowOptions {
  signal: AbortSignal;
  onChange: (execution: Execution) => void;
  /** Receives the log entries as they come. Without it, they are not followed. */
  onEntries?: ((entries: readonly LogEntry[]) => Promise<void>) | undefined;
}

const hasStarted = (execution: Execution): boolean => isCompleted(execution) || startedAt(execution) !== undefined;

/**
 * Waits until an execution has started, or ended.
 * @throws StatusError as `waitForExecution`; the signal's reason once that is aborted
 */
export async function followExecution(
  call: Call,
  name: string,
  until: 'started' | 'ended',
  { signal, onChange, onEntries }: FollowOptions,
): Promise<Execution> {
  const done = until === 'ended' ? isCompleted : hasStarted;
  let over = false;
  const waiting = waitForExecution(call, name, done, { signal, onChange }).finally(() => (over = true));
  const showing = async (): Promise<void> => {
    if (!onEntries) return;
    const executions = (): Execution[] => [call.store.execution(name)].filter((found) => found !== undefined);
    for await (const entries of followLogEntries(call, executions, {}, { over: () => over })) await onEntries(entries);
  };
  const [seen] = await Promise.all([waiting, showing()]);
  return seen;
}
