import { withDefaults } from '../model/defaults.js';
import { fieldsWithEffect } from '../model/effects.js';
import { RunError } from '../model/errors.js';
import { createdExecution, isCompleted, referenceTo } from '../model/execution.js';
import { createdJob, updatedJob } from '../model/job.js';
import { executionName, executionSuffix, jobName, type Parent, parseName, shortName } from '../model/names.js';
import { overridden } from '../model/overrides.js';
import { formatPath } from '../model/path.js';
import type { Execution, Job, JobInput } from '../model/schema/job.js';
import type { Overrides } from '../model/schema/run.js';
import { validateJob } from '../model/validation/job.js';
import { badRequest, type RequestName } from '../model/validation/status.js';
import type { Violation } from '../model/validation/violation.js';
import type { Owner } from '../store/store.js';
import { cancelExecution, waitForExecution } from './executions.js';
import { notFound, type ServiceDeps, timeOf } from './service.js';

/** @throws RunError ALREADY_EXISTS, INVALID_ARGUMENT */
export function createJob(deps: ServiceDeps, request: { parent: Parent; jobId: string; job: JobInput }): Job {
  const { parent, jobId, job } = request;
  reject('CreateJobRequest.job', validateJob(jobId, job));
  const name = jobName(parent, jobId);
  return deps.store.transaction(() => {
    if (deps.store.job(name)) throw new RunError('ALREADY_EXISTS', `Resource '${jobId}' already exists.`);
    const author = { account: deps.account, now: timeOf(deps) };
    const created = createdJob(withDefaults(job, deps.projectNumber), name, deps.uuid(), author);
    deps.store.saveJob(created);
    return withExecutions(deps, created);
  });
}

/**
 * Replaces all that a client can write of a job, as PATCH without a mask does.
 * @throws RunError NOT_FOUND, INVALID_ARGUMENT
 */
export function updateJob(deps: ServiceDeps, request: { name: string; job: JobInput }): Job {
  const { name, job } = request;
  reject('UpdateJobRequest.job', validateJob(shortName(name), job));
  return deps.store.transaction(() => {
    const author = { account: deps.account, now: timeOf(deps) };
    const updated = updatedJob(find(deps, name), withDefaults(job, deps.projectNumber), author);
    deps.store.saveJob(updated);
    return withExecutions(deps, updated);
  });
}

/** @throws RunError NOT_FOUND */
export const getJob = (deps: ServiceDeps, name: string): Job => withExecutions(deps, find(deps, name));

/** The job, or undefined where `getJob` throws. */
export function findJob(deps: ServiceDeps, name: string): Job | undefined {
  const job = deps.store.job(name);
  return job && withExecutions(deps, job);
}

/** The jobs of a project, in one location or in all of them, by name. */
export const listJobs = (deps: ServiceDeps, project: string, location?: string): Job[] =>
  deps.store.jobs(project, location).map((job) => withExecutions(deps, job));

/**
 * Deletes a job and its executions; those that run are cancelled and waited for.
 * @throws RunError NOT_FOUND
 */
export async function deleteJob(deps: ServiceDeps, name: string): Promise<Job> {
  const job = getJob(deps, name);
  const executions = executionsOf(deps, name);
  for (const execution of executions) if (!isCompleted(execution)) cancelExecution(deps, execution.name);
  for (const execution of executions) await waitForExecution(deps, execution.name, isCompleted);
  deps.store.deleteJob(name);
  for (const execution of executions) deps.logs.remove(execution.name);
  return job;
}

/** The executions of a job that run, or wait to. */
export const openExecutionsOf = (deps: ServiceDeps, name: string): Execution[] =>
  executionsOf(deps, name).filter((execution) => !isCompleted(execution));

function executionsOf(deps: ServiceDeps, name: string): Execution[] {
  const { project, location, job } = parseName(name);
  return deps.store.executions({ project, location, job });
}

/**
 * Creates an execution of a job, which somebody still has to run: `owner`, who holds its lease from the first moment,
 * or whoever takes it.
 * @throws RunError NOT_FOUND; INVALID_ARGUMENT for overrides; UNIMPLEMENTED if the job cannot run here.
 */
export function runJob(deps: ServiceDeps, name: string, overrides: Overrides, owner?: Owner): Execution {
  return deps.store.transaction(() => {
    const job = find(deps, name);
    refuseUnsupported(job);
    const template = overridden(job.template, overrides);
    const id = `${shortName(name)}-${executionSuffix(deps.randomBytes(5))}`;
    const execution = executionName(name, id);
    const { uuid, account, logs } = deps;
    const logUri = `file://${logs.directory(execution)}`;
    const now = timeOf(deps);
    const created = createdExecution(job, template, { name: execution, uid: uuid(), account, logUri }, now);
    const tasks = Array.from({ length: template.taskCount }, (_, index) => ({
      index,
      uid: uuid(),
      state: 'Pending' as const,
      retried: 0,
      updateTime: now,
    }));
    deps.store.createExecution(created);
    for (const task of tasks) deps.store.saveTask(execution, task);
    if (owner) deps.store.acquireLease(execution, owner, deps.now(), () => true);
    return created;
  });
}

/** Fields of a job that act in Cloud Run and do nothing here. */
export const inertFields = (job: JobInput): string[] => fieldsWithEffect(job, ['inert']).map(formatPath);

function refuseUnsupported(job: Job): void {
  const fields = fieldsWithEffect(job, ['unsupported']).map(formatPath);
  if (job.template.template.containers.length > 1) fields.push('template.template.containers[1]');
  if (fields.length > 0) {
    const message = `Job [${shortName(job.name)}] uses what localrun cannot run yet: ${fields.join(', ')}`;
    throw new RunError('UNIMPLEMENTED', message, { fix: 'remove these fields to run the rest of the job locally' });
  }
}

function find(deps: ServiceDeps, name: string): Job {
  const job = deps.store.job(name);
  if (job) return job;
  const { project, location } = parseName(name);
  throw notFound(
    name,
    deps.store.jobs(project, location).map((other) => shortName(other.name)),
  );
}

/** The parts of a Job that its executions make. */
function withExecutions(deps: ServiceDeps, job: Job): Job {
  const latest = deps.store.latestExecution(job.name);
  return {
    ...job,
    executionCount: deps.store.executionCount(job.name) || undefined,
    latestCreatedExecution: latest ? referenceTo(latest) : {},
  };
}

/** @throws RunError INVALID_ARGUMENT if there are errors among the violations */
function reject(request: RequestName, violations: readonly Violation[]): void {
  const error = badRequest(request, violations);
  if (error) throw error;
}
