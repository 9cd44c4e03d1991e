import { requirements } from '../engine/requirements.js';
import { resolveResources, type ResolvedResources } from '../local/resolve-resources.js';
import { yamlLines } from '../local/missing-mappings.js';
import { fieldsWithEffect } from '../model/field-effects.js';
import { type Problem, StatusError, suggest } from '../model/errors.js';
import { createdExecution, isCompleted } from '../model/execution.js';
import { executionToken } from '../model/job.js';
import { ignoredVolumeOptions } from '../model/local/volume-options.js';
import { type PublishedPort, shownPort, withFreePort } from '../model/local/one-run.js';
import type { LocalSettings } from '../model/local/settings.js';
import { executionName, executionSuffix, parseName, shortName } from '../model/names.js';
import { overridden } from '../model/overrides.js';
import { formatPath } from '../model/field-path.js';
import type { Execution, Job } from '../model/schema/job.js';
import type { Overrides } from '../model/schema/run.js';
import { formatIndexes, selectionOf, taskIndexes, type TaskSelection } from '../model/task-selection.js';
import { validateOverrides } from '../model/validation/overrides.js';
import { badRequest } from '../model/validation/bad-request.js';
import type { Owner } from '../model/lease.js';
import type { Capabilities } from '../runtime/port.js';
import { authorize } from './authorization.js';
import { getExecution } from './executions.js';
import { type OperationOptions, recordOperation } from './operations.js';
import { writing } from './retention.js';
import { notFoundJob, type Call, timeOf, type Service } from './service.js';
import { executionOfToken } from './job-status.js';

/** The most running executions of a project and location (quotas page). */
const maxRunning = 1000;

/** Which process runs an execution, and what this machine contributes. */
export interface RunOptions {
  /** Holds the lease from the start; if unset, the first process that acquires it does. */
  owner?: Owner | undefined;
  settings?: LocalSettings | undefined;
  /** The capabilities of the container engine, if known; otherwise the run checks them. */
  capabilities?: Capabilities | undefined;
  /** Only these tasks run; all if unset. */
  tasks?: TaskSelection | undefined;
}

export interface RunJobRequest extends RunOptions, OperationOptions {
  name: string;
  overrides?: Overrides | undefined;
  /** Accepted and ignored, as in the API (observed). */
  etag?: string | undefined;
  validateOnly?: boolean | undefined;
}

/**
 * Creates an execution of a job without running it.
 * @throws StatusError NOT_FOUND; INVALID_ARGUMENT for overrides; RESOURCE_EXHAUSTED if too many are running;
 * FAILED_PRECONDITION if the job is being deleted, or if this machine lacks something that the job needs
 */
export function runJob(call: Call, request: RunJobRequest): Execution {
  const { name, overrides = {} } = request;
  authorize(call, 'run.jobs.run', name);
  const { taskCount, timeout, containerOverrides = [] } = overrides;
  const wrong = badRequest('RunJobRequest', validateOverrides(overrides));
  if (wrong) throw wrong;
  if (taskCount || timeout || containerOverrides.length > 0) authorize(call, 'run.jobs.runWithOverrides', name);
  return writing(call, () => {
    const job = existingJob(call, name);
    const execution = newExecution(call, job, newId(call, job), overrides, request.tasks);
    if (request.validateOnly) return execution;
    storeExecution(call, execution, request);
    recordOperation(call, 'run', 'execution', execution.name, request);
    return execution;
  });
}

/** The execution that writing a job must start, because of a token that the job did not have before. */
export function startByToken(call: Call, before: Job | undefined, job: Job, run: RunOptions): Execution | undefined {
  const token = executionToken(job);
  if (token === undefined || (before && token === executionToken(before))) return undefined;
  return storeExecution(call, newExecution(call, job, `${shortName(job.name)}-${token}`, {}, run.tasks), run);
}

/** The execution that a job's token has started for `owner` to run. */
export function startedByToken({ store }: Call, name: string, owner: Owner): Execution | undefined {
  const job = store.job(name);
  const execution = job && executionOfToken(store, job);
  return execution && store.lease(execution.name)?.token === owner.token ? execution : undefined;
}

/** A job that can be changed and run. @throws StatusError NOT_FOUND, FAILED_PRECONDITION */
export function existingJob(call: Call, name: string): Job {
  const job = call.store.job(name);
  if (!job) throw notFoundJob(call, name);
  if (job.deleteTime !== undefined) {
    throw new StatusError('FAILED_PRECONDITION', `Job '${shortName(name)}' is being deleted.`);
  }
  return job;
}

function newId(call: Call, { name }: Job): string {
  const { project, location } = parseName(name);
  for (;;) {
    const id = `${shortName(name)}-${executionSuffix(call.randomBytes(5))}`;
    if (!call.store.findExecution(project, location, id)) return id;
  }
}

/** @throws StatusError ALREADY_EXISTS, RESOURCE_EXHAUSTED, INVALID_ARGUMENT */
function newExecution(
  call: Call,
  job: Job,
  id: string,
  overrides: Overrides,
  selection: TaskSelection | undefined,
): Execution {
  const { store, uuid, account, logs } = call;
  const parent = parseName(job.name);
  if (store.findExecution(parent.project, parent.location, id)) {
    throw new StatusError('ALREADY_EXISTS', `Resource '${id}' already exists.`);
  }
  if (store.openExecutions(parent).length >= maxRunning) {
    throw new StatusError('RESOURCE_EXHAUSTED', `Quota exceeded: ${maxRunning} executions are running already.`, {
      fix: ['wait until one has ended, or cancel one: ', suggest('jobs executions cancel', 'EXECUTION')],
    });
  }
  const name = executionName(job.name, id);
  const logUri = `file://${logs.directory(name)}`;
  const of = selection?.of;
  const template = overridden(job.template, of === undefined ? overrides : { ...overrides, taskCount: of });
  const missing = (selection?.indexes ?? []).filter((index) => index >= template.taskCount);
  if (missing.length > 0) {
    const { taskCount } = template;
    throw new StatusError(
      'INVALID_ARGUMENT',
      `Job [${shortName(job.name)}] has no task [${formatIndexes(missing)}] that could run.`,
      { fix: `it has ${taskCount === 1 ? 'one task, 0' : `${taskCount} tasks, 0 to ${taskCount - 1}`}` },
    );
  }
  return createdExecution(job, template, { name, uid: uuid(), account, logUri }, timeOf(call), selection);
}

/**
 * The tasks of an execution that failed, for a run of these only; of the job's latest execution if `id` is undefined.
 * @throws StatusError NOT_FOUND; FAILED_PRECONDITION if the execution runs, or has no failed task
 */
export function failedTasks(call: Call, job: string, id: string | undefined): TaskSelection {
  const execution =
    id === undefined ? call.store.executionsMade([job])[0]?.latest : getExecution(call, parseName(job), id);
  if (!execution) throw new StatusError('NOT_FOUND', `Job [${shortName(job)}] has no execution yet.`);
  const name = shortName(execution.name);
  if (execution.job !== shortName(job)) {
    throw new StatusError('INVALID_ARGUMENT', `Execution [${name}] is one of job [${execution.job}].`);
  }
  if (!isCompleted(execution)) {
    throw new StatusError('FAILED_PRECONDITION', `Execution [${name}] has not ended.`, {
      fix: ['wait for it: ', suggest('jobs executions wait', execution.name)],
    });
  }
  const indexes = call.store.tasks(execution.name, ['Failed']).map(({ index }) => index);
  if (indexes.length === 0) {
    throw new StatusError('FAILED_PRECONDITION', `No task of execution [${name}] failed.`);
  }
  return { indexes, of: selectionOf(execution)?.of ?? execution.taskCount };
}

/** @throws Unlendable if this machine lacks what the job needs of it */
function storeExecution(call: Call, execution: Execution, options: RunOptions): Execution {
  const { store, uuid, now } = call;
  const { owner, settings = call.settings, capabilities } = options;
  const { name, createTime } = execution;
  store.createExecution(execution, borrowed(call, execution, settings, capabilities));
  for (const index of taskIndexes(execution)) {
    store.saveTask(name, { index, uid: uuid(), state: 'Pending', retried: 0, updateTime: createTime });
  }
  if (owner) store.acquireLease(name, owner, now(), () => true);
  return execution;
}

/** This machine lacks what a job needs of it. */
export class Unlendable extends StatusError {
  override name = 'Unlendable';
  /** Whether `config init` can add some of it. */
  readonly initializable: boolean;

  constructor(job: string, { problems, missing: { additions, files } }: ResolvedResources, { config }: LocalSettings) {
    const where = config ?? 'a file localrun.yaml, in this directory or above it';
    super('FAILED_PRECONDITION', `Job [${job}] cannot run on this machine:`, {
      problems,
      fix: additions.length > 0 ? `add to ${where}:\n${yamlLines(additions).join('\n')}` : undefined,
    });
    this.initializable = additions.length + files.size > 0;
  }
}

/** What this machine lends to an execution. @throws Unlendable with everything that it lacks */
function borrowed(
  call: Call,
  execution: Execution,
  settings: LocalSettings,
  capabilities: Capabilities = { lacks: {} },
): LocalSettings {
  const loan = loanTo(call, execution, settings);
  const problems = [
    ...loan.problems,
    ...requirements(execution.template, settings, capabilities),
    ...sharedPorts(execution, settings),
  ];
  if (problems.length > 0) throw new Unlendable(execution.job, { ...loan, problems }, settings);
  return loan.settings;
}

/** A port of this machine leads to one attempt at a time. */
function sharedPorts({ parallelism = 1 }: Execution, { publish = [] }: LocalSettings): Problem[] {
  const fixed = publish.filter(({ hostPort }) => hostPort !== undefined);
  const key = ({ address, hostPort, protocol }: PublishedPort): string => `${address} ${hostPort} ${protocol}`;
  return fixed.flatMap((port, i): Problem[] => {
    const problem = (message: string, fix: string): Problem[] => [
      { path: 'publish', message: `${shownPort(port)}: ${message}`, fix, severity: 'error' },
    ];
    if (fixed.findIndex((other) => key(other) === key(port)) < i) {
      return problem('this port of the machine is taken by another --publish', 'choose another one');
    }
    if (parallelism === 1) return [];
    return problem(
      `it leads to one task at a time, and ${parallelism} may run at once`,
      `run one task with --task N, or one after the other with --parallelism 1, or give each task a free port with --publish ${withFreePort(port)}`,
    );
  });
}

function loanTo({ projectNumber, env }: Call, execution: Execution, settings: LocalSettings): ResolvedResources {
  const { project } = parseName(execution.name);
  return resolveResources(execution.template, settings, { project, projectNumber, env });
}

/** Warnings about what this machine lends to an execution. */
export const loanWarnings = (call: Call, execution: Execution): Problem[] =>
  loanTo(call, execution, call.store.settings(execution.name)).warnings;

/** Fields of a job, and options in them, that are ignored locally. */
export function ignoredFields({ store }: Service, name: string): string[] {
  const job = store.job(name);
  if (!job) return [];
  return [...fieldsWithEffect(job, ['ignoredLocally']).map((path) => formatPath(path)), ...ignoredVolumeOptions(job)];
}
