import { type AttemptRecord, endingOf, isStartFailure } from '../../../model/attempt.js';
import { type Code, codes } from '../../../model/errors.js';
import { completionStatus, conditionOf } from '../../../model/execution.js';
import { shortName } from '../../../model/names.js';
import type { Execution } from '../../../model/schema/job.js';
import { epochMs, type Timestamp } from '../../../model/time.js';
import type { TaskAttempts } from '../../../service/task-tail.js';

/** What the formats of reports say alike of results. */

const names = new Map<number, string>(Object.entries(codes).map(([name, code]) => [code, name]));

/** The name of a google.rpc code. */
export const codeName = (code: number): string => names.get(code) ?? (code === 0 ? 'OK' : 'UNKNOWN');

/** Seconds with three digits; undefined while one of the times is missing. */
export function secondsBetween(from: Timestamp | undefined, to: Timestamp | undefined): number | undefined {
  if (from === undefined || to === undefined) return undefined;
  return Math.max(0, Math.round(epochMs(to) - epochMs(from))) / 1000;
}

/** How long the attempts of a task ran, in seconds. */
export const secondsOf = ({ attempts }: TaskAttempts): number =>
  attempts.reduce((sum, { startTime, endTime }) => sum + (secondsBetween(startTime, endTime) ?? 0), 0);

/** Whether a task succeeded, but not at once. */
export const isFlaky = ({ task, attempts }: TaskAttempts): boolean => task.state === 'Succeeded' && attempts.length > 1;

/** Codes of attempts that failed by no fault of their program. */
const infrastructure: ReadonlySet<string> = new Set<Code>(['CANCELLED', 'INTERNAL', 'UNAVAILABLE']);

/** Why a task or an attempt has not succeeded. */
export interface Failure {
  /** The name of a google.rpc code. */
  type: string;
  /** `failed with exit code 2` */
  message: string;
  /** Its program did not fail: it was not started, cancelled or lost. */
  error: boolean;
}

/** Undefined if the attempt succeeded. */
export function attemptFailure({ outcome }: AttemptRecord, { template }: Execution): Failure | undefined {
  if (!outcome) return { type: 'UNKNOWN', message: 'has not ended', error: true };
  if (outcome.code === 0) return undefined;
  const type = codeName(outcome.code);
  const error = infrastructure.has(type) || isStartFailure(outcome);
  return { type, message: endingOf(outcome, template.timeout), error };
}

/** Why a task has not succeeded if none of its attempts says so. */
export function taskFailure({ task }: TaskAttempts, execution: Execution): Failure {
  if (task.state === 'Cancelled') return { type: 'CANCELLED', message: 'was cancelled', error: true };
  if (task.state !== 'Abandoned') return { type: 'UNKNOWN', message: 'has not ended', error: true };
  const why = conditionOf(execution, 'Completed')?.message ?? '';
  return { type: 'ABORTED', message: `was never started: ${why}`, error: true };
}

/** `2 of 30 tasks failed`, the result of an execution in a few words. */
export function verdict(execution: Execution): string {
  const { taskCount, failedCount = 0, succeededCount = 0 } = execution;
  const tasks = taskCount === 1 ? 'task' : 'tasks';
  switch (completionStatus(execution)) {
    case 'EXECUTION_SUCCEEDED':
      return `${taskCount} ${tasks} succeeded`;
    case 'EXECUTION_CANCELLED':
      return `cancelled, ${succeededCount} of ${taskCount} ${tasks} succeeded`;
    case 'EXECUTION_FAILED':
      return failedCount > 0
        ? `${failedCount} of ${taskCount} ${tasks} failed`
        : (conditionOf(execution, 'Completed')?.message ?? 'failed');
    default:
      return `has not ended, ${succeededCount} of ${taskCount} ${tasks} succeeded so far`;
  }
}

/** `nightly-x7k2p` */
export const idOf = ({ name }: Execution): string => shortName(name);
