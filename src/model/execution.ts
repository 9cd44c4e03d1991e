import { etagOf } from './etag.js';
import { shortName } from './names.js';
import type { Condition } from './schema/condition.js';
import type { CompletionStatus, Execution, ExecutionReference, Job, TaskTemplate } from './schema/job.js';
import type { TaskRecord, TaskState } from './task.js';
import { annotatedWith, type TaskSelection } from './task-selection.js';
import { epochMs, formatSpan, type Timestamp } from './time.js';

/**
 * A new execution of a job, with a frozen copy of its template. It waits for a process to run it. With a selection, it has
 * the selected tasks only.
 */
export function createdExecution(
  job: Job,
  template: { taskCount: number; task: TaskTemplate },
  identity: { name: string; uid: string; account: string; logUri: string },
  now: Timestamp,
  selection?: TaskSelection,
): Execution {
  const { task } = template;
  const taskCount = selection?.indexes.length ?? template.taskCount;
  return stamped(
    {
      name: identity.name,
      uid: identity.uid,
      creator: identity.account,
      generation: '1',
      labels: job.template.labels,
      annotations: annotatedWith(job.template.annotations, selection, template.taskCount),
      createTime: now,
      updateTime: now,
      launchStage: job.launchStage,
      job: shortName(job.name),
      jobVersion: { uid: job.uid, generation: job.generation, updateTime: job.updateTime },
      parallelism: Math.min(job.template.parallelism || taskCount, taskCount),
      taskCount,
      template: task,
      reconciling: true,
      conditions: [{ type: 'Completed', state: 'CONDITION_PENDING', lastTransitionTime: now }],
      observedGeneration: '1',
      logUri: identity.logUri,
    },
    now,
  );
}

/** After the images were found, so that containers can be created. `pulled`: at least one had to be pulled. */
export function imported(execution: Execution, images: TaskTemplate, pulled: boolean, now: Timestamp): Execution {
  const span = formatSpan(epochMs(now) - epochMs(execution.createTime));
  const withStart = { ...execution, template: images, startTime: now };
  return withConditions(withStart, now, [
    {
      type: 'ContainerReady',
      state: 'CONDITION_SUCCEEDED',
      message: pulled ? `Imported container image in ${span}.` : 'Imported container image.',
    },
    { type: 'ResourcesAvailable', state: 'CONDITION_SUCCEEDED', message: 'Provisioned imported containers.' },
    { type: 'Started', state: 'CONDITION_RECONCILING', message: 'Waiting for execution to start.' },
    { type: 'Completed', state: 'CONDITION_RECONCILING' },
  ]);
}

/** After an image turned out to be missing or unreadable: the execution fails and nothing runs. */
export function importFailed(execution: Execution, failure: Condition, now: Timestamp): Execution {
  const { reason, message } = failure;
  return closed(execution, { state: 'CONDITION_FAILED', reason, message }, now, now, [
    { type: 'ContainerReady', state: 'CONDITION_FAILED', reason, message },
  ]);
}

/** After this machine turned out to lack something that the execution needs: the execution fails and nothing runs. */
export function provisionFailed(execution: Execution, message: string, now: Timestamp): Execution {
  return closed(execution, { state: 'CONDITION_FAILED', message }, now, now, [
    { type: 'ResourcesAvailable', state: 'CONDITION_FAILED', message },
  ]);
}

/** When the container of the first attempt started; undefined if none has. */
export function startedAt(execution: Execution): Timestamp | undefined {
  const condition = conditionOf(execution, 'Started');
  return condition?.state === 'CONDITION_SUCCEEDED' ? condition.lastTransitionTime : undefined;
}

/** After the container of the first attempt started, at `time`; later starts change nothing. */
export function started(execution: Execution, time: Timestamp, now: Timestamp): Execution {
  if (startedAt(execution) !== undefined) return execution;
  const since = conditionOf(execution, 'ResourcesAvailable')?.lastTransitionTime ?? execution.createTime;
  return withConditions(execution, now, [
    {
      type: 'Started',
      state: 'CONDITION_SUCCEEDED',
      message: `Started deployed execution in ${formatSpan(epochMs(time) - epochMs(since))}.`,
      lastTransitionTime: time,
    },
    ...(isCancelling(execution) ? [] : [waiting('Waiting for execution to complete.')]),
  ]);
}

/** After cancellation was requested. */
export function cancelling(execution: Execution, now: Timestamp): Execution {
  if (isCancelling(execution) || isCompleted(execution)) return execution;
  const generation = String(BigInt(execution.generation) + 1n);
  return withConditions({ ...execution, generation, observedGeneration: generation }, now, [
    { ...waiting('Waiting for execution to be cancelled.'), executionReason: 'CANCELLING' },
  ]);
}

const waiting = (message: string): Condition => ({ type: 'Completed', state: 'CONDITION_RECONCILING', message });

const isCancelling = (execution: Execution): boolean =>
  conditionOf(execution, 'Completed')?.executionReason === 'CANCELLING';

/** After all tasks have ended, the last one at `time`. `failed` is the task that failed first. */
export function completed(
  execution: Execution,
  end: { cancelled: boolean; failed?: TaskRecord | undefined; time: Timestamp },
  now: Timestamp,
): Execution {
  if (end.cancelled) {
    const message = 'Cancelled by user.';
    return closed(execution, { state: 'CONDITION_FAILED', executionReason: 'CANCELLED', message }, end.time, now);
  }
  if (end.failed) {
    const { index, lastAttemptResult } = end.failed;
    const { status, exitCode = 0, termSignal } = lastAttemptResult ?? {};
    const message = `Task ${shortName(execution.name)}-task${index} failed with exit code: ${exitCode} and message: ${status?.message ?? ''}`;
    const byItself = exitCode > 0 || termSignal !== undefined;
    return closed(
      execution,
      { state: 'CONDITION_FAILED', message, ...(byItself ? { executionReason: 'NON_ZERO_EXIT_CODE' } : {}) },
      end.time,
      now,
    );
  }
  const span = formatSpan(epochMs(end.time) - epochMs(execution.startTime ?? execution.createTime));
  const message = `Execution completed successfully in ${span}.`;
  return closed(execution, { state: 'CONDITION_SUCCEEDED', message }, end.time, now);
}

function closed(
  execution: Execution,
  completion: Condition,
  time: Timestamp,
  now: Timestamp,
  others: readonly Condition[] = [],
): Execution {
  const { reconciling: _, ...rest } = execution;
  const end = { type: 'Completed', lastTransitionTime: time, ...completion };
  return withConditions({ ...rest, completionTime: time }, now, [...others, end]);
}

type Counter = 'runningCount' | 'succeededCount' | 'failedCount' | 'cancelledCount';
const counterOf: Partial<Record<TaskState, Counter>> = {
  Running: 'runningCount',
  Succeeded: 'succeededCount',
  Failed: 'failedCount',
  Cancelled: 'cancelledCount',
};

/** The execution's counters after a task changed from one record to the next. Counters at zero are absent. */
export function counted(execution: Execution, before: TaskRecord, after: TaskRecord, now: Timestamp): Execution {
  const result = { ...execution };
  const add = (counter: Counter | 'retriedCount' | undefined, amount: number): void => {
    if (!counter) return;
    const value = (result[counter] ?? 0) + amount;
    if (value === 0) delete result[counter];
    else result[counter] = value;
  };
  add(counterOf[before.state], -1);
  add(counterOf[after.state], 1);
  if (before.retried === 0 && after.retried > 0) add('retriedCount', 1);
  return stamped(result, now);
}

/** The execution with another number of running tasks. */
export function withRunning(execution: Execution, count: number): Execution {
  const result: Execution = { ...execution, runningCount: count };
  if (count === 0) delete result.runningCount;
  return result;
}

export const conditionOf = (execution: Execution, type: string): Condition | undefined =>
  execution.conditions?.find((condition) => condition.type === type);

export const isCompleted = (execution: Execution): boolean => execution.completionTime !== undefined;

/** The status that the job shows for the execution. */
export function completionStatus(execution: Execution): CompletionStatus {
  const condition = conditionOf(execution, 'Completed');
  if (condition?.state === 'CONDITION_SUCCEEDED') return 'EXECUTION_SUCCEEDED';
  if (condition?.executionReason === 'CANCELLED') return 'EXECUTION_CANCELLED';
  if (condition?.state === 'CONDITION_FAILED') return 'EXECUTION_FAILED';
  return startedAt(execution) !== undefined ? 'EXECUTION_RUNNING' : 'EXECUTION_PENDING';
}

export const referenceTo = (execution: Execution): ExecutionReference => ({
  name: shortName(execution.name),
  createTime: execution.createTime,
  completionTime: execution.completionTime,
  deleteTime: execution.deleteTime,
  completionStatus: completionStatus(execution),
});

/** Replaces conditions by type, in place. A condition's transition time is that of its last change of state, or now. */
function withConditions(execution: Execution, now: Timestamp, changes: readonly Condition[]): Execution {
  const conditions = [...(execution.conditions ?? [])];
  for (const change of changes) {
    const index = conditions.findIndex(({ type }) => type === change.type);
    const old = conditions[index];
    const lastTransitionTime =
      old && old.state === change.state ? old.lastTransitionTime : (change.lastTransitionTime ?? now);
    const next = { ...change, lastTransitionTime };
    if (old) conditions[index] = next;
    else conditions.push(next);
  }
  return stamped({ ...execution, conditions }, now);
}

const stamped = (execution: Execution, now: Timestamp): Execution => ({
  ...execution,
  updateTime: now,
  etag: etagOf(execution.name, now),
});
