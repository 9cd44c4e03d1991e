import { StatusError } from '../model/errors.js';
import { isCompleted } from '../model/execution.js';
import { deletedExecution } from '../model/job.js';
import { executionName, jobName, type Parent, parseName, shortName } from '../model/names.js';
import type { LocalSettings } from '../model/local/settings.js';
import type { Execution } from '../model/schema/job.js';
import type { Listed, Position } from '../store/store.js';
import { authorize } from './authorization.js';
import { requireSameEngine } from './engine-mismatch.js';
import { type OperationOptions, recordOperation } from './operations.js';
import { type Page, pageOf, type PageRequest } from './pages.js';
import { writing } from './retention.js';
import { ensureRunning } from './leases.js';
import { notFound, type Call, timeOf, type Service } from './service.js';
import type { WatchOptions } from './changes.js';
import { awaitCompletion, awaitExecution, type WaitOptions } from './wait.js';

/** The current state of an execution; undefined if it no longer exists. */
export const currentExecution = ({ store }: Service, name: string): Execution | undefined => store.execution(name);

/** What this machine lends to an execution. */
export const settingsOf = ({ store }: Service, execution: string): LocalSettings => store.settings(execution);

interface Visibility {
  /** Include deleted ones until they expire. */
  showDeleted?: boolean | undefined;
}

export interface ListExecutionsRequest extends PageRequest, Visibility {
  /** A job's full name, in which `-` stands for any location and for any job. */
  parent: string;
  /** In gcloud's order: those that have not started, then the others by their start. */
  byStart?: boolean | undefined;
}

/** Newest first, by creation unless `byStart`. */
export function listExecutions(call: Call, request: ListExecutionsRequest): Page<Execution> {
  const { parent, showDeleted, byStart } = request;
  authorize(call, 'run.executions.list', parent);
  const listing = { parent, showDeleted, byStart };
  return pageOf<Execution, Position>(request, listing, (after, limit) => {
    const found: { item: Execution; position: Position }[] = [];
    for (const { resource, position } of executionsBelow(call, listing, after, limit)) {
      found.push({ item: resource, position });
      if (found.length >= limit) break;
    }
    return found;
  });
}

/** How many executions to read at a time if most may be of other jobs: each reading has its price. */
const amongOthers = 500;

/** Executions in the order of their listing, after a position. Reads about `atOnce` of them at a time. */
export function* executionsBelow(
  call: Call,
  { parent, showDeleted, byStart }: Omit<ListExecutionsRequest, keyof PageRequest>,
  after: Position | undefined,
  atOnce: number,
): Generator<Listed<Execution>, void, undefined> {
  const { project, location, job } = parseName(parent);
  const anywhere = location === '-';
  const query = {
    project,
    location: anywhere ? undefined : location,
    job: anywhere || job === '-' ? undefined : jobName({ project, location }, job),
    deletedAt: showDeleted ? timeOf(call) : undefined,
    byStart,
  };
  const limit = anywhere && job !== '-' ? Math.max(atOnce, amongOthers) : atOnce;
  for (let last = after; ;) {
    const page = call.store.executions({ ...query, after: last, limit });
    for (const listed of page) if (job === '-' || listed.resource.job === job) yield listed;
    last = page.at(-1)?.position;
    if (page.length < limit) return;
  }
}

/**
 * An execution by its id, as gcloud names it, which is unique in a project and location.
 * @throws StatusError NOT_FOUND
 */
export function getExecution(call: Call, parent: Parent, id: string, { showDeleted }: Visibility = {}): Execution {
  const { project, location } = parent;
  const execution =
    call.store.findExecution(project, location, id) ??
    (showDeleted ? call.store.deletedExecution(project, location, id, timeOf(call)) : undefined);
  const name = execution?.name ?? executionName(jobName(parent, '-'), id);
  authorize(call, 'run.executions.get', name);
  if (execution) return execution;
  throw notFound(call, name, () =>
    call.store.executions({ project, location }).map(({ resource }) => shortName(resource.name)),
  );
}

/** The executions with an id in a project: at most one in each location. Reads no others. */
export function executionsNamed(
  call: Call,
  { project, location }: { project: string; location?: string | undefined },
  id: string,
): Execution[] {
  authorize(call, 'run.executions.list', jobName({ project, location: location ?? '-' }, '-'));
  return call.store.executionPlaces({ id }).flatMap((place) => {
    if (place.project !== project || (location !== undefined && place.location !== location)) return [];
    return call.store.findExecution(project, place.location, id) ?? [];
  });
}

export interface ExecutionRequest extends OperationOptions {
  name: string;
  /** Accepted and ignored, as in the API (observed). */
  etag?: string | undefined;
  validateOnly?: boolean | undefined;
}

/**
 * Requests the cancellation of an execution, and does not wait for it. Starts a worker for an execution that no process
 * runs.
 * @throws StatusError NOT_FOUND; FAILED_PRECONDITION if it has ended, or if it is orphaned and began on another container
 * engine than the one that answers
 */
export async function cancelExecution(
  call: Call,
  { name, validateOnly, ...options }: ExecutionRequest,
): Promise<Execution> {
  authorize(call, 'run.executions.cancel', name);
  const execution = existing(call, name);
  if (!isCompleted(execution)) await requireSameEngine(call, name);
  const requested = (): boolean =>
    call.store.transaction(() => {
      if (!call.store.requestCancel(name, timeOf(call))) return false;
      recordOperation(call, 'cancel', 'execution', name, options);
      return true;
    });
  if (isCompleted(execution) || (!validateOnly && !requested())) {
    throw new StatusError(
      'FAILED_PRECONDITION',
      `Execution '${shortName(name)}' cannot be cancelled because it is not running.`,
    );
  }
  if (!validateOnly) ensureRunning(call, name);
  return execution;
}

/**
 * Deletes an execution with its tasks and logs, after cancelling it if it is running, and returns it as it appears
 * afterwards with `showDeleted`. What it has on a container engine other than the one in use stays there.
 * @throws StatusError NOT_FOUND
 */
export async function deleteExecution(call: Call, request: ExecutionRequest): Promise<Execution> {
  const execution = startExecutionDeletion(call, request);
  if (request.validateOnly) return deletedExecution(execution, timeOf(call));
  await awaitCompletion(call, execution.name, { anyEngine: true });
  writing(call, () => {});
  const { project, location } = parseName(execution.name);
  return call.store.deletedExecution(project, location, shortName(execution.name), timeOf(call)) ?? execution;
}

/** Begins a deletion, and does not wait for it. @throws StatusError NOT_FOUND */
export function startExecutionDeletion(call: Call, { name, validateOnly, ...options }: ExecutionRequest): Execution {
  authorize(call, 'run.executions.delete', name);
  const execution = writing(call, () => {
    const found = existing(call, name);
    if (!validateOnly) {
      call.store.requestDeletion(name, timeOf(call));
      recordOperation(call, 'delete', 'execution', name, options);
    }
    return found;
  });
  if (!validateOnly && !isCompleted(execution)) ensureRunning(call, name);
  return execution;
}

function existing(call: Call, name: string): Execution {
  const execution = call.store.execution(name);
  if (!execution) throw notFound(call, name);
  return execution;
}

/**
 * The states of an execution: as it is now, and after every change. Ends when it is gone.
 * @throws StatusError NOT_FOUND if it does not exist
 */
export async function* watchExecution(
  call: Call,
  name: string,
  options: WatchOptions = {},
): AsyncGenerator<Execution, void, undefined> {
  authorize(call, 'run.executions.get', name);
  let last = '';
  for await (const _ of call.changes.watch(options)) {
    const execution = last === '' ? existing(call, name) : call.store.execution(name);
    if (!execution) return;
    const text = JSON.stringify(execution);
    if (text !== last) yield execution;
    last = text;
  }
}

/**
 * Waits until `done` holds for an execution that another process runs, and returns it. If that process dies, another one
 * resumes the execution.
 * @throws StatusError NOT_FOUND if it is deleted meanwhile; as `awaitExecution`
 */
export async function waitForExecution(
  call: Call,
  name: string,
  done: (execution: Execution) => boolean,
  options: WaitOptions = {},
): Promise<Execution> {
  authorize(call, 'run.executions.get', name);
  const execution = await awaitExecution(call, name, done, options);
  if (!execution) throw notFound(call, name);
  return execution;
}
