import { isDeepStrictEqual } from 'node:util';
import { etagOf } from './etag.js';
import type { Condition } from './schema/condition.js';
import { type Job, type JobInput, JobMessage } from './schema/job.js';
import type { Timestamp } from './time.js';

/** Who writes a resource, and when. */
export interface Author {
  account: string;
  now: Timestamp;
}

/** A new job. Reconciliation has nothing to wait for here, so it is ready at once. */
export function createdJob(input: JobInput, name: string, uid: string, { account, now }: Author): Job {
  return settled({
    ...userFields(input),
    name,
    uid,
    generation: '1',
    createTime: now,
    updateTime: now,
    creator: account,
    lastModifier: account,
    template: input.template,
  });
}

/**
 * A job after an update that replaces all that a user can write, as PATCH does. An update that changes nothing is no
 * new generation.
 */
export function updatedJob(current: Job, input: JobInput, { account, now }: Author): Job {
  if (isDeepStrictEqual(prune(userFields(input)), prune(userFields(current)))) return current;
  const { name, uid, createTime, creator } = current;
  const generation = String(BigInt(current.generation) + 1n);
  const own = { name, uid, createTime, creator, generation, updateTime: now, lastModifier: account };
  return settled({ ...userFields(input), ...own, template: input.template });
}

function settled(job: Job): Job {
  const terminalCondition: Condition = {
    type: 'Ready',
    state: 'CONDITION_SUCCEEDED',
    lastTransitionTime: job.updateTime,
  };
  return {
    ...job,
    observedGeneration: job.generation,
    terminalCondition,
    etag: etagOf(job.name, job.updateTime),
  };
}

/** The fields that a client writes, without those that identify the resource. */
function userFields(job: JobInput): Partial<JobInput> {
  const { name: _name, etag: _etag, ...rest } = job;
  return Object.fromEntries(
    Object.entries(rest).filter(([field]) => {
      const declared = JobMessage.fields[field as keyof typeof JobMessage.fields];
      return !('output' in declared);
    }),
  );
}

/** A value as it comes back from the store: undefined fields are absent there. */
const prune = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as unknown;
