import { withDefaults } from '../model/defaults.js';
import { StatusError } from '../model/errors.js';
import { etagVersion } from '../model/etag.js';
import { isCompleted } from '../model/execution.js';
import { type Author, buriedJob, createdJob, deletedJob, updatedJob } from '../model/job.js';
import { jobName, type Parent, parentName, parseName, shortName } from '../model/names.js';
import type { Execution, Job, JobInput } from '../model/schema/job.js';
import { validateJob } from '../model/validation/job.js';
import type { Position } from '../store/store.js';
import type { Owner } from '../model/lease.js';
import { authorize } from './authorization.js';
import { ensureRunning } from './leases.js';
import { type OperationOptions, recordOperation } from './operations.js';
import { type Page, pageOf, type PageRequest } from './pages.js';
import { writing } from './retention.js';
import { existingJob, runJob, type RunOptions, startByToken, startedByToken } from './run-job.js';
import { notFoundJob, refuse, type Call, timeOf } from './service.js';
import { executionOfToken, withStatus, withStatuses } from './job-status.js';
import { awaitCompletion, resume } from './wait.js';

/** The most jobs in a project and location (quotas page). */
const maxJobs = 1000;

interface WriteOptions extends OperationOptions {
  /** Validate and return the result, but store nothing. */
  validateOnly?: boolean | undefined;
  /** How to run the execution that a token starts; without an owner, in a worker. */
  run?: RunOptions | undefined;
}

export interface CreateJobRequest extends WriteOptions {
  parent: Parent;
  jobId: string;
  /** Without a name, which `jobId` gives. */
  job: JobInput;
}

/** @throws StatusError ALREADY_EXISTS, INVALID_ARGUMENT, RESOURCE_EXHAUSTED; as `runJob` for a job with a token */
export function createJob(call: Call, request: CreateJobRequest): Job {
  const { parent, jobId, job } = request;
  authorize(call, 'run.jobs.create', parentName(parent));
  if (job.name) {
    const message = 'Violation in CreateJobRequest.job: job.name must be empty on CreateJobRequest.';
    throw new StatusError('INVALID_ARGUMENT', message);
  }
  refuse('CreateJobRequest.job', validateJob(jobId, job));
  return write(call, request, (author) => ({ after: newJob(call, jobName(parent, jobId), job, author) })).job;
}

export interface UpdateJobRequest extends WriteOptions {
  name: string;
  /** With an etag: only if the job still has that one. */
  job: JobInput;
  /** Create the job if it does not exist. */
  allowMissing?: boolean | undefined;
  /** Make a new generation even if nothing changes. */
  renew?: boolean | undefined;
}

/**
 * Replaces all writable fields of a job: PATCH has no mask for jobs.
 * @throws StatusError NOT_FOUND, INVALID_ARGUMENT, ABORTED for a stale etag; as `runJob` for a job with a new token
 */
export const updateJob = (call: Call, request: UpdateJobRequest): Job => changeJob(call, request).job;

/**
 * Creates or replaces a job, whatever its etag, in one transaction.
 * @throws StatusError as `updateJob`
 */
export function applyJob(call: Call, request: Omit<UpdateJobRequest, 'allowMissing'>): Change {
  const { etag: _, ...job } = request.job;
  return changeJob(call, { ...request, job, allowMissing: !call.store.job(request.name) }).change;
}

/**
 * Creates or replaces a job, and creates an execution of it for `owner` to run, in one transaction: if one fails, so
 * does the other.
 * @throws StatusError as `updateJob` and `runJob`
 */
export function applyAndRun(
  call: Call,
  request: Omit<UpdateJobRequest, 'allowMissing'> & { run: RunOptions & { owner: Owner } },
): { change: Change; execution: Execution } {
  const { name, run } = request;
  return writing(call, () => {
    const change = applyJob(call, request);
    return { change, execution: startedByToken(call, name, run.owner) ?? runJob(call, { name, ...run }) };
  });
}

type Change = 'created' | 'updated' | 'unchanged';

function changeJob(call: Call, request: UpdateJobRequest): { job: Job; change: Change } {
  const { name, job, allowMissing } = request;
  authorize(call, 'run.jobs.update', name);
  if (allowMissing) authorize(call, 'run.jobs.create', parentName(parseName(name)));
  refuse('UpdateJobRequest.job', validateJob(shortName(name), job));
  return write(call, request, (author) => {
    if (allowMissing && !call.store.job(name)) return { after: newJob(call, name, job, author) };
    const before = existingJob(call, name);
    if (job.etag && job.etag !== before.etag) throw conflict(before, job.etag);
    return { before, after: updatedJob(before, withDefaults(job, call.projectNumber), author, request) };
  });
}

function newJob(call: Call, name: string, job: JobInput, author: Author): Job {
  const { project, location } = parseName(name);
  if (call.store.job(name)) throw new StatusError('ALREADY_EXISTS', `Resource '${shortName(name)}' already exists.`);
  if (call.store.jobCount(project, location) >= maxJobs) {
    throw new StatusError(
      'RESOURCE_EXHAUSTED',
      `Quota exceeded: there are ${maxJobs} jobs in region ${location} already.`,
    );
  }
  return createdJob(withDefaults(job, call.projectNumber), name, call.uuid(), author);
}

function conflict({ name, etag = '' }: Job, given: string): StatusError {
  const version = (of: string): string => etagVersion(of) ?? of;
  return new StatusError(
    'ABORTED',
    `Conflict for resource '${shortName(name)}': version '${version(given)}' was specified but current version is '${version(etag)}'.`,
    { fix: 'read the job again and repeat the change, or leave the etag out' },
  );
}

function write(
  call: Call,
  { validateOnly, run = {}, ...options }: WriteOptions,
  edit: (author: Author) => { before?: Job; after: Job },
): { job: Job; change: Change } {
  const { job, change, started } = writing(call, () => {
    const { before, after } = edit({ account: call.account, now: timeOf(call) });
    const change: Change = !before ? 'created' : after === before ? 'unchanged' : 'updated';
    if (validateOnly) return { change, job: withStatus(call.store, after) };
    if (change !== 'unchanged') call.store.saveJob(after);
    const execution = startByToken(call, before, after, run);
    recordOperation(call, before ? 'update' : 'create', 'job', after.name, options);
    return { change, job: withStatus(call.store, after), started: execution };
  });
  if (started && !run.owner) call.spawnWorker(started.name);
  return { job, change };
}

interface Visibility {
  /** Include deleted ones until they expire. */
  showDeleted?: boolean | undefined;
}

/** @throws StatusError NOT_FOUND */
export function getJob(call: Call, name: string, { showDeleted }: Visibility = {}): Job {
  const job = findJob(call, name) ?? (showDeleted ? call.store.deletedJob(name, timeOf(call)) : undefined);
  if (!job) throw notFoundJob(call, name);
  return job;
}

/** The job; undefined if there is none. */
export function findJob(call: Call, name: string): Job | undefined {
  authorize(call, 'run.jobs.get', name);
  const job = call.store.job(name);
  return job && withStatus(call.store, job);
}

export interface ListJobsRequest extends PageRequest, Visibility {
  project: string;
  /** All if unset. */
  location?: string | undefined;
  /** In gcloud's order: by name, then by location. */
  byName?: boolean | undefined;
}

/** Newest first unless `byName`. */
export function listJobs(call: Call, request: ListJobsRequest): Page<Job> {
  const { project, location, showDeleted, byName } = request;
  authorize(call, 'run.jobs.list', parentName({ project, location: location ?? '-' }));
  const deletedAt = showDeleted ? timeOf(call) : undefined;
  return pageOf<Job, Position>(request, { project, location, showDeleted, byName }, (after, limit) => {
    const found = call.store.jobs({ project, location, byName, deletedAt, after, limit });
    const views = withStatuses(
      call.store,
      found.map(({ resource }) => resource),
    );
    return found.map(({ resource, position }, i) => ({
      item: resource.deleteTime && !resource.reconciling ? resource : (views[i] ?? resource),
      position,
    }));
  });
}

export interface DeleteRequest extends OperationOptions {
  name: string;
  /** Accepted and ignored, as in the API (observed). */
  etag?: string | undefined;
  validateOnly?: boolean | undefined;
}

/**
 * Deletes a job and its executions, after cancelling those that are running and waiting for them. Returns the job as it
 * appears afterwards with `showDeleted`. If this process dies early, the next write completes the deletion.
 * @throws StatusError NOT_FOUND
 */
export async function deleteJob(call: Call, request: DeleteRequest): Promise<Job> {
  const job = startDeletion(call, request);
  if (!request.validateOnly) {
    for (const { name } of openExecutionsOf(call, job.name)) {
      await awaitCompletion(call, name, { anyEngine: true });
    }
    writing(call, () => {});
  }
  return buriedJob(job);
}

/** Begins a deletion, and does not wait for it. @throws StatusError NOT_FOUND */
export function startDeletion(call: Call, { name, validateOnly, ...options }: DeleteRequest): Job {
  authorize(call, 'run.jobs.delete', name);
  const { job, open } = writing(call, () => {
    const current = call.store.job(name);
    if (!current) throw notFoundJob(call, name);
    const now = timeOf(call);
    const doomed = current.deleteTime ? current : deletedJob(current, { account: call.account, now });
    if (validateOnly) return { job: withStatus(call.store, doomed), open: [] };
    call.store.saveJob(doomed);
    recordOperation(call, 'delete', 'job', name, options);
    const running = openExecutionsOf(call, name);
    for (const execution of running) call.store.requestCancel(execution.name, now);
    return { job: withStatus(call.store, doomed), open: running };
  });
  for (const execution of open) ensureRunning(call, execution.name);
  return job;
}

/** The executions of a job that have not ended. */
export function openExecutionsOf(call: Call, job: string): Execution[] {
  const { project, location } = parseName(job);
  return call.store
    .executions({ project, location, job })
    .map(({ resource }) => resource)
    .filter((execution) => !isCompleted(execution));
}

/**
 * Waits until a job is reconciled: until the execution of its token has started, or ended.
 * @throws StatusError NOT_FOUND if it is deleted meanwhile; the signal's reason once that is aborted
 */
export async function waitForJob(call: Call, name: string, signal?: AbortSignal): Promise<Job> {
  for await (const _ of call.changes.watch({ signal, atLeastEvery: 250 })) {
    const job = getJob(call, name);
    if (!job.reconciling) return job;
    const execution = executionOfToken(call.store, job);
    if (execution) await resume(call, execution.name);
  }
  signal?.throwIfAborted();
  return getJob(call, name);
}
