import type { ExecutionEvent } from '../../../../../src/model/events.js';
import type { AttemptOutcome, TaskState } from '../../../../../src/model/task.js';
import { someTime as time } from '../../../../support/jobs.js';

type Happening = ExecutionEvent extends infer E ? (E extends unknown ? Omit<E, 'time'> : never) : never;

/** Events for the live view. */
export const at = (happening: Happening): ExecutionEvent => ({ time, ...happening });
export const starting = (task: number, attempt = 0): ExecutionEvent => at({ type: 'attempt.starting', task, attempt });
export const started = (task: number, attempt = 0, node?: string): ExecutionEvent =>
  at({ type: 'attempt.started', task, attempt, node });
export const ended = (task: number, state: TaskState, attempt = 0, outcome?: AttemptOutcome): ExecutionEvent =>
  at({
    ...{ type: 'attempt.ended', task, attempt, state },
    outcome: outcome ?? { code: state === 'Succeeded' ? 0 : 10, message: '' },
  });

export const exited = (exitCode: number): AttemptOutcome => ({
  ...{ code: 10, message: 'The container exited with an error.', exitCode },
});
