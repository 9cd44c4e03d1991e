import { withDefaults } from '../model/defaults.js';
import { StatusError } from '../model/errors.js';
import { etagVersion } from '../model/etag.js';
import { isCompleted } from '../model/execution.js';
import { type Author, buriedJob, createdJob, deletedJob, updatedJob } from '../model/job.js';
import { jobName, type Parent, parentName, parseName, shortName } from '../model/names.js';
import type { Execution, Job, JobInput } from '../model/schema/job.js';
import { validateJob } from '../model/validation/job.js';
import type { Owner, Position } from '../store/store.js';
import { authorize } from './access.js';
import { awaitExecution, ensureRunning, takeUp } from './executions.js';
import { type Page, pageOf, type PageRequest } from './pages.js';
import { writing } from './retention.js';
import { existingJob, runJob, type RunOptions, startByToken, startedByToken } from './run.js';
import { notFoundJob, refuse, type ServiceDeps, timeOf } from './service.js';
import { executionOfToken, viewOf, viewsOf } from './view.js';

/** Jobs of a project and location (quotas page). */
const maxJobs = 1000;

/** How often a wait looks into the store, in ms. */
const pollInterval = 100;

interface WriteOptions {
  /** Check all and answer with what would be, but store nothing. */
  validateOnly?: boolean | undefined;
  /** How the execution that a token starts is run; by a process of its own, if it has no owner. */
  run?: RunOptions | undefined;
}

export interface CreateJobRequest extends WriteOptions {
  parent: Parent;
  jobId: string;
  /** Without a name: that is what `jobId` is for. */
  job: JobInput;
}

/** @throws StatusError ALREADY_EXISTS, INVALID_ARGUMENT, RESOURCE_EXHAUSTED; as `runJob` for a job with a token */
export function createJob(deps: ServiceDeps, request: CreateJobRequest): Job {
  const { parent, jobId, job } = request;
  authorize(deps, 'run.jobs.create', parentName(parent));
  if (job.name) {
    const message = 'Violation in CreateJobRequest.job: job.name must be empty on CreateJobRequest.';
    throw new StatusError('INVALID_ARGUMENT', message);
  }
  refuse('CreateJobRequest.job', validateJob(jobId, job));
  return write(deps, request, (author) => ({ after: newJob(deps, jobName(parent, jobId), job, author) })).job;
}

export interface UpdateJobRequest extends WriteOptions {
  name: string;
  /** With an etag: only if the job still has that one. */
  job: JobInput;
  /** Create the job if there is none. */
  allowMissing?: boolean | undefined;
  /** Make a new generation even of the same job. */
  renew?: boolean | undefined;
}

/**
 * Replaces all that a client can write of a job, as PATCH does, which has no mask for jobs.
 * @throws StatusError NOT_FOUND, INVALID_ARGUMENT, ABORTED for a stale etag; as `runJob` for a job with a new token
 */
export const updateJob = (deps: ServiceDeps, request: UpdateJobRequest): Job => changeJob(deps, request).job;

/**
 * Creates the job, or puts it in place of the one of that name, whatever version it was made from, and in one step even
 * where several do so at once: what has come of that.
 * @throws StatusError as `updateJob`
 */
export function applyJob(deps: ServiceDeps, request: Omit<UpdateJobRequest, 'allowMissing'>): Change {
  const { etag: _, ...job } = request.job;
  return changeJob(deps, { ...request, job, allowMissing: !deps.store.job(request.name) }).change;
}

/**
 * The same, and an execution of the job in the same step, which `owner` is to run: if that cannot be, the job is as it
 * was.
 * @throws StatusError as `updateJob` and `runJob`
 */
export function applyAndRun(
  deps: ServiceDeps,
  request: Omit<UpdateJobRequest, 'allowMissing'> & { run: RunOptions & { owner: Owner } },
): { change: Change; execution: Execution } {
  const { name, run } = request;
  return writing(deps, () => {
    const change = applyJob(deps, request);
    return { change, execution: startedByToken(deps, name, run.owner) ?? runJob(deps, { name, ...run }) };
  });
}

type Change = 'created' | 'updated' | 'unchanged';

function changeJob(deps: ServiceDeps, request: UpdateJobRequest): { job: Job; change: Change } {
  const { name, job, allowMissing } = request;
  authorize(deps, 'run.jobs.update', name);
  if (allowMissing) authorize(deps, 'run.jobs.create', parentName(parseName(name)));
  refuse('UpdateJobRequest.job', validateJob(shortName(name), job));
  return write(deps, request, (author) => {
    if (allowMissing && !deps.store.job(name)) return { after: newJob(deps, name, job, author) };
    const before = existingJob(deps, name);
    if (job.etag && job.etag !== before.etag) throw conflict(before, job.etag);
    return { before, after: updatedJob(before, withDefaults(job, deps.projectNumber), author, request) };
  });
}

function newJob(deps: ServiceDeps, name: string, job: JobInput, author: Author): Job {
  const { project, location } = parseName(name);
  if (deps.store.job(name)) throw new StatusError('ALREADY_EXISTS', `Resource '${shortName(name)}' already exists.`);
  if (deps.store.jobCount(project, location) >= maxJobs) {
    throw new StatusError(
      'RESOURCE_EXHAUSTED',
      `Quota exceeded: there are ${maxJobs} jobs in region ${location} already.`,
    );
  }
  return createdJob(withDefaults(job, deps.projectNumber), name, deps.uuid(), author);
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
  deps: ServiceDeps,
  { validateOnly, run = {} }: WriteOptions,
  edit: (author: Author) => { before?: Job; after: Job },
): { job: Job; change: Change } {
  const { job, change, started } = writing(deps, () => {
    const { before, after } = edit({ account: deps.account, now: timeOf(deps) });
    const change: Change = !before ? 'created' : after === before ? 'unchanged' : 'updated';
    if (validateOnly || change === 'unchanged') return { change, job: viewOf(deps.store, after) };
    deps.store.saveJob(after);
    const execution = startByToken(deps, before, after, run);
    return { change, job: viewOf(deps.store, after), started: execution };
  });
  if (started && !run.owner) deps.spawnWorker(started.name);
  return { job, change };
}

interface Visibility {
  /** Deleted ones too, until they expire. */
  showDeleted?: boolean | undefined;
}

/** @throws StatusError NOT_FOUND */
export function getJob(deps: ServiceDeps, name: string, { showDeleted }: Visibility = {}): Job {
  const job = findJob(deps, name) ?? (showDeleted ? deps.store.deletedJob(name, timeOf(deps)) : undefined);
  if (!job) throw notFoundJob(deps, name);
  return job;
}

/** The job, or undefined where `getJob` throws. */
export function findJob(deps: ServiceDeps, name: string): Job | undefined {
  authorize(deps, 'run.jobs.get', name);
  const job = deps.store.job(name);
  return job && viewOf(deps.store, job);
}

export interface ListJobsRequest extends PageRequest, Visibility {
  project: string;
  /** All if unset. */
  location?: string | undefined;
  /** For people, as gcloud sorts: by name, then by location. */
  byName?: boolean | undefined;
}

/** Newest first unless `byName`. */
export function listJobs(deps: ServiceDeps, request: ListJobsRequest): Page<Job> {
  const { project, location, showDeleted, byName } = request;
  authorize(deps, 'run.jobs.list', parentName({ project, location: location ?? '-' }));
  const deletedAt = showDeleted ? timeOf(deps) : undefined;
  return pageOf<Job, Position>(request, { project, location, showDeleted, byName }, (after, limit) => {
    const found = deps.store.jobs({ project, location, byName, deletedAt, after, limit });
    const views = viewsOf(
      deps.store,
      found.map(({ resource }) => resource),
    );
    return found.map(({ resource, position }, i) => ({
      item: resource.deleteTime && !resource.reconciling ? resource : (views[i] ?? resource),
      position,
    }));
  });
}

export interface DeleteRequest {
  name: string;
  /** Taken and not looked at, as the API does (observed). */
  etag?: string | undefined;
  validateOnly?: boolean | undefined;
}

/**
 * Deletes a job and its executions; those that run are cancelled and waited for. The job is returned as it can be seen
 * from then on, with `showDeleted`. A deletion that nobody waits for to its end is finished by the next write.
 * @throws StatusError NOT_FOUND
 */
export async function deleteJob(deps: ServiceDeps, request: DeleteRequest): Promise<Job> {
  const job = startDeletion(deps, request);
  if (!request.validateOnly) {
    for (const { name } of openExecutionsOf(deps, job.name)) {
      await awaitExecution(deps, name, isCompleted, { anywhere: true });
    }
    writing(deps, () => {});
  }
  return buriedJob(job);
}

/** Begins a deletion, which goes on beside us. @throws StatusError NOT_FOUND */
export function startDeletion(deps: ServiceDeps, { name, validateOnly }: DeleteRequest): Job {
  authorize(deps, 'run.jobs.delete', name);
  const { job, open } = writing(deps, () => {
    const current = deps.store.job(name);
    if (!current) throw notFoundJob(deps, name);
    const now = timeOf(deps);
    const doomed = current.deleteTime ? current : deletedJob(current, { account: deps.account, now });
    if (validateOnly) return { job: viewOf(deps.store, doomed), open: [] };
    deps.store.saveJob(doomed);
    const running = openExecutionsOf(deps, name);
    for (const execution of running) deps.store.requestCancel(execution.name, now);
    return { job: viewOf(deps.store, doomed), open: running };
  });
  for (const execution of open) ensureRunning(deps, execution.name);
  return job;
}

/** The executions of a job that run, or wait to. */
export function openExecutionsOf(deps: ServiceDeps, job: string): Execution[] {
  const { project, location } = parseName(job);
  return deps.store
    .executions({ project, location, job })
    .map(({ resource }) => resource)
    .filter((execution) => !isCompleted(execution));
}

/**
 * Waits until the service has done all that writing the job has brought with it: until the execution of its token has
 * started, or ended.
 * @throws StatusError NOT_FOUND if it is deleted meanwhile; the signal's reason once that is aborted
 */
export async function waitForJob(deps: ServiceDeps, name: string, signal?: AbortSignal): Promise<Job> {
  for (;;) {
    signal?.throwIfAborted();
    const job = getJob(deps, name);
    if (!job.reconciling) return job;
    const execution = executionOfToken(deps.store, job);
    if (execution) await takeUp(deps, execution.name);
    await new Promise((resolve) => setTimeout(resolve, pollInterval));
  }
}
