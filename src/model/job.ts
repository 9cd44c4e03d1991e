import { isDeepStrictEqual } from 'node:util';
import { normalize } from './schema/normalize.js';
import { etagOf } from './etag.js';
import { completionStatus, conditionOf, isCompleted } from './execution.js';
import type { Condition } from './schema/condition.js';
import { type Execution, type Job, type JobInput, JobMessage } from './schema/job.js';
import { after, daysLater, type Timestamp } from './time.js';

/** Who writes a resource, and when. */
export interface Author {
  account: string;
  now: Timestamp;
}

/** How long a deleted resource can still be seen, in days. */
const retentionDays = 30;

/**
 * A new job of a complete input. Reconciliation has nothing to wait for here, so it is ready at once, unless a token
 * makes it wait for an execution.
 */
export function createdJob(input: JobInput, name: string, uid: string, { account, now }: Author): Job {
  const job: Job = {
    ...withoutIdentity(input),
    name,
    uid,
    generation: '1',
    createTime: now,
    updateTime: now,
    creator: account,
    lastModifier: account,
    template: input.template,
  };
  return executionToken(job) === undefined ? ready(job, now) : pending(job, undefined);
}

/**
 * A job after an update that replaces all that a user can write, as PATCH does. An update that changes nothing is no
 * new generation, and leaves the job as it is, unless it is to `renew` it.
 */
export function updatedJob(
  current: Job,
  input: JobInput,
  { account, now }: Author,
  { renew = false }: { renew?: boolean | undefined } = {},
): Job {
  const { name, uid, createTime, creator } = current;
  const generation = String(BigInt(current.generation) + 1n);
  const updateTime = after(current.updateTime, now);
  const own = { name, uid, createTime, creator, generation, updateTime, lastModifier: account };
  const job: Job = { ...withoutIdentity(input), ...own, template: input.template };
  if (!renew && isDeepStrictEqual(userPart(job), userPart(current))) return current;
  const token = executionToken(job);
  const waits = token !== undefined && (token !== executionToken(current) || current.reconciling === true);
  return waits ? pending(job, current) : ready(job, updateTime);
}

/** A job whose deletion has begun: its executions still have to end. */
export function deletedJob(current: Job, { account, now }: Author): Job {
  const updateTime = after(current.updateTime, now);
  const times = { updateTime, deleteTime: updateTime, expireTime: daysLater(updateTime, retentionDays) };
  const generation = String(BigInt(current.generation) + 1n);
  return pending({ ...current, ...times, generation, lastModifier: account }, current);
}

/** A job whose deletion is done. */
export const buriedJob = (job: Job): Job => ready(job, job.updateTime);

/** An execution that has been deleted. */
export function deletedExecution(execution: Execution, now: Timestamp): Execution {
  const updateTime = after(execution.updateTime, now);
  const generation = String(BigInt(execution.generation) + 1n);
  return {
    ...execution,
    generation,
    observedGeneration: generation,
    updateTime,
    deleteTime: updateTime,
    expireTime: daysLater(updateTime, retentionDays),
    etag: etagOf(execution.name, updateTime),
  };
}

/** What the name of the execution ends in that a job starts when it is written; undefined if it starts none. */
export const executionToken = ({ startExecutionToken, runExecutionToken }: JobInput): string | undefined =>
  startExecutionToken || runExecutionToken || undefined;

/**
 * A job that waits for the execution of its token, as that execution leaves it: ready once it has started, or with
 * runExecutionToken once it has succeeded. An execution that somebody has deleted is not waited for.
 */
export function reconciled(job: Job, execution: Execution | undefined): Job {
  if (!job.reconciling || job.deleteTime !== undefined) return job;
  if (!execution) return ready(job, job.updateTime);
  const started = conditionOf(execution, 'Started');
  if (job.startExecutionToken && started?.state === 'CONDITION_SUCCEEDED')
    return ready(job, started.lastTransitionTime);
  if (!isCompleted(execution)) return job;
  const end = execution.completionTime;
  if (completionStatus(execution) === 'EXECUTION_SUCCEEDED') return ready(job, end);
  return settled(job, { ...conditionOf(execution, 'Completed'), lastTransitionTime: end });
}

const ready = (job: Job, since: Timestamp | undefined): Job =>
  settled(job, { state: 'CONDITION_SUCCEEDED', lastTransitionTime: since });

function settled(job: Job, condition: Condition): Job {
  const { reconciling: _, ...rest } = job;
  return {
    ...rest,
    observedGeneration: job.generation,
    terminalCondition: { ...condition, type: 'Ready' },
    etag: etagOf(job.name, job.updateTime),
  };
}

/** A job with work left to do on it; `before` is how it was when that work came up. */
function pending(job: Job, before: Job | undefined): Job {
  return {
    ...job,
    observedGeneration: before?.observedGeneration,
    terminalCondition: before
      ? { ...before.terminalCondition, type: 'Ready', state: 'CONDITION_PENDING' }
      : { state: 'CONDITION_PENDING' },
    reconciling: true,
    etag: etagOf(job.name, job.updateTime),
  };
}

const withoutIdentity = ({ name: _name, etag: _etag, ...input }: JobInput): JobInput => input;

/** What a user has written of a job. */
const userPart = (job: Job): JobInput => ({ ...normalize(JobMessage, withoutIdentity(job)), onlyV1: job.onlyV1 });
