import { etagOf } from './etag.js';
import { taskName } from './names.js';
import type { Condition } from './schema/condition.js';
import type { Execution, Task, TaskAttemptResult } from './schema/job.js';
import type { Timestamp } from './time.js';
import type { AttemptUsage } from './usage.js';

/**
 * Pending: waits for a slot, before its first attempt or before a retry. Scheduled: has a slot, and its container is
 * being created. The others as gcloud names them. Abandoned tasks never ran because the execution ended first.
 */
export type TaskState = 'Pending' | 'Scheduled' | 'Running' | 'Succeeded' | 'Failed' | 'Cancelled' | 'Abandoned';

/** The part of a Task resource that changes; the rest comes from its execution. */
export interface TaskRecord {
  index: number;
  uid: string;
  state: TaskState;
  /** Retries so far, which is also the number of the current or next attempt. */
  retried: number;
  updateTime: Timestamp;
  scheduledTime?: Timestamp | undefined;
  startTime?: Timestamp | undefined;
  completionTime?: Timestamp | undefined;
  lastAttemptResult?: TaskAttemptResult | undefined;
}

/** How an attempt ended, in the API's terms. */
export interface AttemptOutcome {
  /** A google.rpc.Code; 0 is success. */
  code: number;
  message: string;
  exitCode?: number | undefined;
  termSignal?: number | undefined;
  /** The end of its log may be missing, because the container engine was away when the container ended. */
  unheard?: boolean | undefined;
}

export const isTerminal = (state: TaskState): boolean =>
  state === 'Succeeded' || state === 'Failed' || state === 'Cancelled' || state === 'Abandoned';

/** The task after it got a slot. */
export const scheduled = (task: TaskRecord, now: Timestamp): TaskRecord => ({
  ...task,
  state: 'Scheduled',
  scheduledTime: now,
  updateTime: now,
});

/** The task while the container of its attempt runs. */
export const running = (task: TaskRecord, startTime: Timestamp, now: Timestamp): TaskRecord => ({
  ...task,
  state: 'Running',
  startTime,
  updateTime: now,
});

/**
 * The task after an attempt that ended at `end`: done, due for a retry (attempt k is the k-th retry, up to maxRetries),
 * or out of retries. A cancelled execution retries nothing.
 */
export function attempted(
  task: TaskRecord,
  outcome: AttemptOutcome,
  { maxRetries, cancelled, end, now }: { maxRetries: number; cancelled: boolean; end: Timestamp; now: Timestamp },
): TaskRecord {
  const { code, message, exitCode, termSignal } = outcome;
  const lastAttemptResult: TaskAttemptResult = {
    status: code === 0 ? {} : { code, message },
    ...(exitCode ? { exitCode } : {}),
    ...(termSignal ? { termSignal } : {}),
  };
  const ended = { ...task, lastAttemptResult, updateTime: now };
  if (code === 0) return { ...ended, state: 'Succeeded', completionTime: end };
  if (cancelled) return cancelledTask(ended, now);
  if (task.retried < maxRetries) return { ...ended, state: 'Pending', retried: task.retried + 1 };
  return { ...ended, state: 'Failed', completionTime: end };
}

/** The task after a cancellation that came before its end. */
export const cancelledTask = (task: TaskRecord, now: Timestamp): TaskRecord => ({
  ...task,
  state: 'Cancelled',
  completionTime: now,
  updateTime: now,
  lastAttemptResult: { status: { code: 1, message: 'Cancelled by user.' } },
});

/** The annotation of a task with what its last attempt has used, as JSON (AttemptUsage). */
const usageKey = 'dev.localrun/usage';

/** What is known of the last attempt of a task besides its result. */
export interface LastAttempt {
  /** Why it has not started yet. */
  waiting?: string | undefined;
  usage?: AttemptUsage | undefined;
}

/** The Task resource, with the fields that all tasks share taken from the execution. */
export function taskResource(execution: Execution, record: TaskRecord, last: LastAttempt = {}): Task {
  const { waiting, usage } = last;
  const { uid, index, retried, scheduledTime, startTime, completionTime, updateTime, lastAttemptResult } = record;
  const name = taskName(execution.name, index);
  const done = isTerminal(record.state);
  return {
    name,
    uid,
    generation: '1',
    labels: execution.labels,
    annotations: usage ? { ...execution.annotations, [usageKey]: JSON.stringify(usage) } : execution.annotations,
    createTime: execution.createTime,
    scheduledTime,
    startTime,
    completionTime,
    updateTime,
    job: execution.job,
    execution: execution.name.slice(execution.name.lastIndexOf('/') + 1),
    ...execution.template,
    maxRetries: execution.template.maxRetries || undefined,
    reconciling: done ? undefined : true,
    conditions: taskConditions(record, waiting),
    observedGeneration: '1',
    index: index || undefined,
    retried: retried || undefined,
    lastAttemptResult,
    logUri: execution.logUri,
    etag: etagOf(name, updateTime),
  };
}

function taskConditions(record: TaskRecord, waiting: string | undefined): Condition[] {
  const { state, startTime, completionTime, updateTime, lastAttemptResult } = record;
  const completed = ((): Condition => {
    switch (state) {
      case 'Succeeded':
        return { state: 'CONDITION_SUCCEEDED', lastTransitionTime: completionTime };
      case 'Failed':
        return {
          state: 'CONDITION_FAILED',
          message: lastAttemptResult?.status?.message,
          lastTransitionTime: completionTime,
          ...(lastAttemptResult?.exitCode || lastAttemptResult?.termSignal
            ? { executionReason: 'NON_ZERO_EXIT_CODE' }
            : {}),
        };
      case 'Cancelled':
        return {
          state: 'CONDITION_FAILED',
          message: 'Cancelled by user.',
          lastTransitionTime: completionTime,
          executionReason: 'CANCELLED',
        };
      case 'Abandoned':
        return {
          state: 'CONDITION_FAILED',
          message: 'The execution ended before the task started.',
          lastTransitionTime: completionTime,
        };
      default:
        return { state: startTime ? 'CONDITION_RECONCILING' : 'CONDITION_PENDING', lastTransitionTime: updateTime };
    }
  })();
  const started: Condition[] = startTime
    ? [{ type: 'Started', state: 'CONDITION_SUCCEEDED', lastTransitionTime: startTime }]
    : [];
  const resources: Condition[] =
    waiting === undefined
      ? []
      : [
          {
            type: 'ResourcesAvailable',
            state: 'CONDITION_RECONCILING',
            message: waiting,
            lastTransitionTime: updateTime,
          },
        ];
  return [{ type: 'Completed', ...completed }, ...started, ...resources];
}
