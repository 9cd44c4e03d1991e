import type { AttemptRecord } from '../model/attempt.js';
import { executionName, jobName, type Parent, parseName, shortName, taskName } from '../model/names.js';
import type { Execution, Task } from '../model/schema/job.js';
import { type TaskRecord, taskResource, type TaskState } from '../model/task.js';
import type { Position } from '../store/store.js';
import type { Timestamp } from '../model/time.js';
import type { AttemptUsage } from '../model/usage.js';
import { authorize } from './authorization.js';
import { executionsBelow } from './executions.js';
import { type Page, pageOf, type PageRequest } from './pages.js';
import { type Call, notFound, type Service } from './service.js';

/** A task with the state that gcloud shows, which in the v2 resource is only in the conditions. */
export interface TaskView {
  task: Task;
  record: TaskRecord;
  /** Where its last attempt is or was, and why that has not started, if a cluster runs it. */
  place?: Place | undefined;
  /** The free ports that its last attempt got for published ports. */
  published?: AttemptRecord['published'];
  /** What its last attempt has used, if that is known. */
  usage?: AttemptUsage | undefined;
}

export type Place = Pick<AttemptRecord, 'node' | 'waiting'>;

/** The tasks of an execution by index, all or those in some states. */
export function tasksOf(service: Service, execution: Execution, states?: readonly TaskState[]): TaskView[] {
  return viewsOf(service, execution, service.store.tasks(execution.name, states));
}

/** When the tasks of an execution were first started, by index; retries do not count. */
export const firstStarts = ({ store }: Pick<Service, 'store'>, execution: string): ReadonlyMap<number, Timestamp> =>
  store.firstStarts(execution);

export interface ListTasksRequest extends PageRequest {
  /** An execution's full name, in which `-` stands for any job and for any execution. */
  parent: string;
  states?: readonly TaskState[] | undefined;
}

/** An execution, where the listing of executions has it, and the index after which a page begins. */
type TaskPosition = [before: Position | null, execution: string, index: number];

/** By index; for several executions, those of the newest first. @throws StatusError NOT_FOUND */
export function listTasks(call: Call, request: ListTasksRequest): Page<TaskView> {
  const { parent, states } = request;
  authorize(call, 'run.tasks.list', parent);
  return pageOf<TaskView, TaskPosition>(request, { parent, states }, (after, limit) => {
    const found: { item: TaskView; position: TaskPosition }[] = [];
    const [start, last, index] = after ?? [null, '', -1];
    for (const { execution, before } of executionsOf(call, parent, start)) {
      const page = { after: execution.name === last ? index : -1, limit: limit - found.length };
      for (const item of viewsOf(call, execution, call.store.tasks(execution.name, states, page))) {
        found.push({ item, position: [before, execution.name, item.record.index] });
      }
      if (found.length >= limit) break;
    }
    return found;
  });
}

/** How many executions to read at a time. */
const executionsAtOnce = 50;

/** The executions below a parent after a position, each with the position before it. */
function* executionsOf(
  call: Call,
  parent: string,
  start: Position | null,
): Generator<{ execution: Execution; before: Position | null }> {
  const { project, location, job, execution: id = '-' } = parseName(parent);
  if (id !== '-') {
    const found = call.store.findExecution(project, location, id);
    if (!found || (job !== '-' && found.job !== job)) throw notFound(call, parent);
    return yield { execution: found, before: null };
  }
  let before = start;
  for (const { resource, position } of executionsBelow(call, { parent }, start ?? undefined, executionsAtOnce)) {
    yield { execution: resource, before };
    before = position;
  }
}

/** A task by its id, as gcloud names it: `EXECUTION-taskINDEX`. @throws StatusError NOT_FOUND */
export function getTask(call: Call, parent: Parent, id: string): TaskView {
  const [, executionId = '', index = ''] = /^(.+)-task(0|[1-9]\d*)$/.exec(id) ?? [];
  const execution = call.store.findExecution(parent.project, parent.location, executionId);
  const owner = execution?.name ?? executionName(jobName(parent, '-'), executionId || '-');
  authorize(call, 'run.tasks.get', owner);
  const record = execution && call.store.task(execution.name, Number(index));
  const [view] = record ? viewsOf(call, execution, [record]) : [];
  if (view) return view;
  const known = (): string[] =>
    execution ? call.store.tasks(execution.name).map((task) => shortName(taskName(owner, task.index))) : [];
  throw notFound(call, `${owner}/tasks/${id}`, known);
}

/** @param records tasks of the execution, by index */
function viewsOf({ store }: Pick<Service, 'store'>, execution: Execution, records: readonly TaskRecord[]): TaskView[] {
  const [first, last = first] = [records[0], records.at(-1)];
  if (!first || !last) return [];
  const { runtime, publish } = store.settings(execution.name);
  const onCluster = runtime !== undefined;
  const usages = new Map(
    store
      .usages(execution.name, { from: first.index, to: last.index })
      .map(({ task, attempt, usage }) => [`${task} ${attempt}`, usage]),
  );
  return records.map((record) => {
    const { index, retried } = record;
    const attempt = onCluster || publish ? store.attempts(execution.name, index).at(-1) : undefined;
    const { node, waiting, published } = attempt ?? {};
    const usage = usages.get(`${index} ${retried}`);
    return {
      record,
      task: taskResource(execution, record, { waiting, usage }),
      ...(usage && { usage }),
      ...(onCluster && { place: { node, waiting } }),
      ...(published && { published }),
    };
  });
}

/** The open attempts of an execution with the free ports that they got for published ports. */
export const openPorts = (
  { store }: Pick<Service, 'store'>,
  execution: string,
): Pick<AttemptRecord, 'task' | 'published'>[] =>
  store.settings(execution).publish ? store.openAttempts(execution) : [];

/** What the open attempts of an execution on a cluster are doing: how many are on each node, and what others wait for. */
export interface Spread {
  nodes: ReadonlyMap<string, number>;
  waiting: ReadonlyMap<string, number>;
}

/** Undefined if the execution is not on a cluster. */
export function spreadOf({ store }: Pick<Service, 'store'>, execution: string): Spread | undefined {
  if (!store.settings(execution).runtime) return undefined;
  const nodes = new Map<string, number>();
  const waits = new Map<string, number>();
  const count = (of: Map<string, number>, key: string): unknown => of.set(key, (of.get(key) ?? 0) + 1);
  for (const { node, waiting } of store.openAttempts(execution)) {
    if (node !== undefined) count(nodes, node);
    if (waiting !== undefined) count(waits, waiting);
  }
  return { nodes, waiting: waits };
}
