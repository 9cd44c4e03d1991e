import { otherEngine } from '../model/container-engine.js';
import { StatusError } from '../model/errors.js';
import { isCompleted } from '../model/execution.js';
import { deletedExecution } from '../model/job.js';
import { executionName, jobName, type Parent, parseName, shortName } from '../model/names.js';
import type { Execution } from '../model/schema/job.js';
import type { Position } from '../store/store.js';
import { authorize } from './access.js';
import { elsewhere, requireItsEngine } from './other-engines.js';
import { type Page, pageOf, type PageRequest } from './pages.js';
import { finishDeletions, writing } from './retention.js';
import { isLeft, runnerOf } from './runner.js';
import { notFound, type ServiceDeps, timeOf } from './service.js';

/** How often a wait looks into the store, and how long the executions of dead processes are waited for, in ms. */
const pollInterval = 100;
const recoveryPatience = 3000;

interface Visibility {
  /** Deleted ones too, until they expire. */
  showDeleted?: boolean | undefined;
}

export interface ListExecutionsRequest extends PageRequest, Visibility {
  /** A job's full name, in which `-` stands for any location and for any job. */
  parent: string;
  /** For people, as gcloud sorts: those that have not started, then the others by their start. */
  byStart?: boolean | undefined;
}

/** Newest first, by creation unless `byStart`. */
export function listExecutions(deps: ServiceDeps, request: ListExecutionsRequest): Page<Execution> {
  const { parent, showDeleted, byStart } = request;
  authorize(deps, 'run.executions.list', parent);
  const { project, location, job } = parseName(parent);
  const query = {
    project,
    location: location === '-' ? undefined : location,
    job: job === '-' ? undefined : parent,
    deletedAt: showDeleted ? timeOf(deps) : undefined,
    byStart,
  };
  return pageOf<Execution, Position>(request, { parent, showDeleted, byStart }, (after, limit) =>
    deps.store.executions({ ...query, after, limit }).map(({ resource, position }) => ({ item: resource, position })),
  );
}

/**
 * An execution by its id, as gcloud names it, which is unique in a project and location.
 * @throws StatusError NOT_FOUND
 */
export function getExecution(
  deps: ServiceDeps,
  parent: Parent,
  id: string,
  { showDeleted }: Visibility = {},
): Execution {
  const { project, location } = parent;
  const execution =
    deps.store.findExecution(project, location, id) ??
    (showDeleted ? deps.store.deletedExecution(project, location, id, timeOf(deps)) : undefined);
  const name = execution?.name ?? executionName(jobName(parent, '-'), id);
  authorize(deps, 'run.executions.get', name);
  if (execution) return execution;
  throw notFound(
    deps,
    name,
    deps.store.executions({ project, location }).map(({ resource }) => shortName(resource.name)),
  );
}

export interface ExecutionRequest {
  name: string;
  /** Taken and not looked at, as the API does (observed). */
  etag?: string | undefined;
  validateOnly?: boolean | undefined;
}

/**
 * Asks for the cancellation of an execution; it goes on beside us. An execution that nobody runs gets somebody to
 * carry the cancellation out.
 * @throws StatusError NOT_FOUND; FAILED_PRECONDITION if it has ended, or if nobody runs it and its engine is not asked
 */
export async function cancelExecution(deps: ServiceDeps, { name, validateOnly }: ExecutionRequest): Promise<Execution> {
  authorize(deps, 'run.executions.cancel', name);
  const execution = existing(deps, name);
  if (!isCompleted(execution)) await requireItsEngine(deps, name);
  if (isCompleted(execution) || (!validateOnly && !deps.store.requestCancel(name, timeOf(deps)))) {
    throw new StatusError(
      'FAILED_PRECONDITION',
      `Execution '${shortName(name)}' cannot be cancelled because it is not running.`,
    );
  }
  if (!validateOnly) ensureRunning(deps, name);
  return execution;
}

/**
 * Deletes an execution with its tasks and logs, after cancelling it if it runs, and returns it as it can be seen from
 * then on, with `showDeleted`. What is in an engine that is not asked stays there (see `elsewhere`).
 * @throws StatusError NOT_FOUND
 */
export async function deleteExecution(deps: ServiceDeps, request: ExecutionRequest): Promise<Execution> {
  const execution = startExecutionDeletion(deps, request);
  if (request.validateOnly) return deletedExecution(execution, timeOf(deps));
  await awaitExecution(deps, execution.name, isCompleted, { anywhere: true });
  writing(deps, () => {});
  const { project, location } = parseName(execution.name);
  return deps.store.deletedExecution(project, location, shortName(execution.name), timeOf(deps)) ?? execution;
}

/** Begins a deletion, which goes on beside us. @throws StatusError NOT_FOUND */
export function startExecutionDeletion(deps: ServiceDeps, { name, validateOnly }: ExecutionRequest): Execution {
  authorize(deps, 'run.executions.delete', name);
  const execution = writing(deps, () => {
    const found = existing(deps, name);
    if (!validateOnly) deps.store.requestDeletion(name, timeOf(deps));
    return found;
  });
  if (!validateOnly && !isCompleted(execution)) ensureRunning(deps, name);
  return execution;
}

function existing(deps: ServiceDeps, name: string): Execution {
  const execution = deps.store.execution(name);
  if (!execution) throw notFound(deps, name);
  return execution;
}

interface WaitOptions {
  onChange?: (execution: Execution) => void;
  signal?: AbortSignal;
  /** When to give up, ms since 1970. */
  until?: number;
  /** Also where its engine is not asked, as for a deletion, which then ends it on record alone. */
  anywhere?: boolean;
}

/**
 * Follows an execution that another process runs until `done` holds for it, and returns it. `onChange` sees every
 * state that the store was seen in. An execution whose process has died gets a new one.
 * @throws StatusError NOT_FOUND if it is deleted meanwhile; FAILED_PRECONDITION if nobody runs it and its engine is not
 * asked; the signal's reason once that is aborted
 */
export async function waitForExecution(
  deps: ServiceDeps,
  name: string,
  done: (execution: Execution) => boolean,
  options: WaitOptions = {},
): Promise<Execution> {
  authorize(deps, 'run.executions.get', name);
  const execution = await awaitExecution(deps, name, done, options);
  if (!execution) throw notFound(deps, name);
  return execution;
}

/** The same for the service's own purposes; undefined if the execution is gone. */
export async function awaitExecution(
  deps: ServiceDeps,
  name: string,
  done: (execution: Execution) => boolean,
  options: WaitOptions = {},
): Promise<Execution | undefined> {
  for (;;) {
    options.signal?.throwIfAborted();
    const execution = deps.store.execution(name);
    if (!execution) return undefined;
    options.onChange?.(execution);
    if (done(execution) || deps.now() >= (options.until ?? Infinity)) return execution;
    if (options.anywhere) ensureRunning(deps, name);
    else await takeUp(deps, name);
    await new Promise((resolve) => setTimeout(resolve, pollInterval));
  }
}

/** Has an execution taken up whose process is gone. @throws StatusError FAILED_PRECONDITION if its engine is not asked */
export async function takeUp(deps: ServiceDeps, name: string): Promise<void> {
  await requireItsEngine(deps, name);
  ensureRunning(deps, name);
}

/** The same, for who knows already, or does not mind. */
export function ensureRunning(deps: ServiceDeps, name: string): void {
  if (!runnerOf(deps, name)) deps.spawnWorker(name);
}

/** @throws StatusError FAILED_PRECONDITION if there is nothing to take over: it has ended, or a process runs it */
export function requireAbandoned(deps: ServiceDeps, execution: Execution): void {
  const id = shortName(execution.name);
  if (isCompleted(execution)) {
    throw new StatusError('FAILED_PRECONDITION', `Execution [${id}] has ended.`, {
      fix: [{ command: 'jobs executions describe', resource: execution.name }],
    });
  }
  const runner = runnerOf(deps, execution.name);
  if (!runner) return;
  throw new StatusError('FAILED_PRECONDITION', `Execution [${id}] is run by process ${runner.pid}, which is at work.`, {
    fix: [{ command: 'jobs executions wait', resource: execution.name }],
  });
}

/** An execution whose process has died, as it is after it was taken up again; or why it was not. */
export interface Recovered {
  execution: Execution;
  refusal: StatusError | undefined;
}

/**
 * Finds executions whose process has died and has them taken up again, and brings deletions to their end. Executions
 * that only lacked a last hand are waited for, up to three seconds. Those that began on another engine than the one that
 * answers are left alone. Where nothing can be written, nothing is done.
 */
export async function recoverExecutions(deps: ServiceDeps): Promise<Recovered[]> {
  if (!deps.store.writable) return [];
  const orphans = deps.store.openExecutions().filter((name) => isLeft(deps, name));
  const until = deps.now() + recoveryPatience;
  const found = await Promise.all(
    orphans.map(async (name) => {
      const other = await elsewhere(deps, name);
      if (other) {
        return { execution: deps.store.execution(name), refusal: otherEngine(name, other.began, other.asked) };
      }
      ensureRunning(deps, name);
      return { execution: await awaitExecution(deps, name, isCompleted, { until }), refusal: undefined };
    }),
  );
  finishDeletions(deps);
  return found.flatMap(({ execution, refusal }) => (execution ? [{ execution, refusal }] : []));
}
