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

/** How long a deleted resource can still be read, in days. */
const retentionDays = 30;

/**
 * A new job from complete input. Locally nothing has to be reconciled, so the job is ready at once, unless a token
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
 * A job after an update that replaces everything a user can write, as PATCH does. An update that changes nothing leaves
 * the job and its generation as they are, unless `renew` is set.
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

/** A job whose deletion has begun and whose executions still have to end. */
export function deletedJob(current: Job, { account, now }: Author): Job {
  const updateTime = after(current.updateTime, now);
  const times = { updateTime, deleteTime: updateTime, expireTime: daysLater(updateTime, retentionDays) };
  const generation = String(BigInt(current.generation) + 1n);
  return pending({ ...current, ...times, generation, lastModifier: account }, current);
}

/** A job whose deletion is complete. */
export const buriedJob = (job: Job): Job => ready(job, job.updateTime);

/** A deleted execution. */
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

/** The suffix of the execution that the job starts when it is written; undefined if it starts none. */
export const executionToken = ({ startExecutionToken, runExecutionToken }: JobInput): string | undefined =>
  startExecutionToken || runExecutionToken || undefined;

/**
 * The job after a change of the execution that its token waits for. It is ready once that execution has started or,
 * with runExecutionToken, has succeeded. It does not wait for a deleted execution.
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

/** A job that is still being reconciled; `before` is its state when that began. */
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

/** The part of a job that a user writes. */
const userPart = (job: Job): JobInput => ({ ...normalize(JobMessage, withoutIdentity(job)), onlyV1: job.onlyV1 });
