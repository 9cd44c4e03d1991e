import type { Control, Happening } from '../engine/engine.js';
import type { AttemptRecord } from '../model/attempt.js';
import type { OnEvent } from '../model/events.js';
import { isCompleted } from '../model/execution.js';
import type { Execution } from '../model/schema/job.js';
import { timestamp } from '../model/time.js';
import { waitForExecution } from './executions.js';
import { type Call, timeOf } from './service.js';

/** The least time between two looks at all attempts, in ms, and as a multiple of what a look takes. */
const lookInterval = 200;
const rest = 4;

/**
 * Follows an execution that another process runs to its end, and reports what the store shows of it as the events of a
 * run. Its cancellation is a request; what runs then is not killed before its grace is over.
 * @param execution as the caller knows it: if it has begun, attempts that have ended by now are no news
 * @throws StatusError as `waitForExecution`
 */
export async function watchRun(
  call: Call,
  { name, startTime }: Execution,
  control: Control,
  onEvent: OnEvent,
): Promise<Execution> {
  const before = startTime ? call.store.attempts(name).filter(({ outcome }) => outcome) : [];
  const seen = new Map(before.map((attempt) => [keyOf(attempt), attempt]));
  let began = false;
  let cancelling = false;
  let due = -Infinity;
  const look = (execution: Execution): void => {
    if (control.cancel.aborted && !cancelling) call.store.requestCancel(name, timeOf(call));
    const begun = performance.now();
    if (!isCompleted(execution) && begun < due) return;
    const tell = (event: Happening): void => onEvent({ time: timestamp(call.now()), ...event });
    if (!began && execution.startTime) tell({ type: 'execution.started', execution });
    began ||= execution.startTime !== undefined;
    if (!cancelling && call.store.cancelRequested(name)) {
      cancelling = true;
      tell({ type: 'execution.cancelling' });
    }
    for (const attempt of call.store.attempts(name)) {
      const key = keyOf(attempt);
      for (const event of changes(seen.get(key), attempt)) tell(event);
      if (attempt.outcome && !seen.get(key)?.outcome) {
        const { task: index, outcome } = attempt;
        const task = call.store.task(name, index);
        const retried = task !== undefined && task.retried > attempt.attempt;
        const state = retried ? 'Pending' : (task?.state ?? 'Failed');
        tell({ type: 'attempt.ended', task: index, attempt: attempt.attempt, outcome, state });
      }
      seen.set(key, attempt);
    }
    if (isCompleted(execution)) tell({ type: 'execution.completed', execution });
    const ended = performance.now();
    due = ended + Math.max(lookInterval, rest * (ended - begun));
  };
  return waitForExecution(call, name, isCompleted, { onChange: look });
}

const keyOf = ({ task, attempt }: AttemptRecord): string => `${task}/${attempt}`;

/** What has happened to an attempt since it was seen last, except for its end. */
function changes(before: AttemptRecord | undefined, now: AttemptRecord): Happening[] {
  const { task, attempt, node, waiting } = now;
  const events: Happening[] = before ? [] : [{ type: 'attempt.starting', task, attempt }];
  if (waiting !== before?.waiting) events.push({ type: 'attempt.waiting', task, attempt, why: waiting });
  if (now.startTime && !before?.startTime) events.push({ type: 'attempt.started', task, attempt, node });
  if (now.stop && !before?.stop) events.push({ type: 'attempt.stopping', task, attempt, reason: now.stop.reason });
  return events;
}
