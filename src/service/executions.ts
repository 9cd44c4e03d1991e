import { RunError } from '../model/errors.js';
import { isCompleted } from '../model/execution.js';
import { executionName, jobName, type Parent, shortName } from '../model/names.js';
import type { Execution } from '../model/schema/job.js';
import { type ExecutionQuery } from '../store/store.js';
import { notFound, type ServiceDeps, timeOf } from './service.js';

/** How often a wait looks into the store, and how long the executions of dead processes are waited for, in ms. */
const pollInterval = 100;
const recoveryPatience = 3000;

/** Newest first. */
export const listExecutions = (deps: ServiceDeps, query: ExecutionQuery): Execution[] => deps.store.executions(query);

/**
 * An execution by its id, as gcloud names it, which is unique in a project and location.
 * @throws RunError NOT_FOUND
 */
export function getExecution(deps: ServiceDeps, parent: Parent, id: string): Execution {
  const { project, location } = parent;
  const execution = deps.store.findExecution(project, location, id);
  if (execution) return execution;
  const others = deps.store.executions({ project, location }).map(({ name }) => shortName(name));
  throw notFound(executionName(jobName(parent, '-'), id), others);
}

/**
 * Asks for the cancellation of an execution; it goes on beside us. An execution that nobody runs gets somebody to
 * carry the cancellation out.
 * @throws RunError FAILED_PRECONDITION if it has ended
 */
export function cancelExecution(deps: ServiceDeps, name: string): void {
  if (!deps.store.requestCancel(name, timeOf(deps))) {
    throw new RunError(
      'FAILED_PRECONDITION',
      `Execution '${shortName(name)}' cannot be cancelled because it is not running.`,
    );
  }
  ensureRunning(deps, name);
}

/**
 * Follows an execution that another process runs until `done` holds for it, and returns it. `onChange` sees every
 * state that the store was seen in. An execution whose process has died gets a new one.
 * @throws RunError NOT_FOUND if it is deleted meanwhile; the signal's reason once that is aborted
 */
export async function waitForExecution(
  deps: ServiceDeps,
  name: string,
  done: (execution: Execution) => boolean,
  options: { onChange?: (execution: Execution) => void; signal?: AbortSignal; until?: number } = {},
): Promise<Execution> {
  for (;;) {
    options.signal?.throwIfAborted();
    const execution = deps.store.execution(name);
    if (!execution) throw notFound(name, []);
    options.onChange?.(execution);
    if (done(execution) || deps.now() >= (options.until ?? Infinity)) return execution;
    ensureRunning(deps, name);
    await new Promise((resolve) => setTimeout(resolve, pollInterval));
  }
}

const isRunning = (deps: ServiceDeps, name: string): boolean => {
  const lease = deps.store.lease(name);
  return lease !== undefined && deps.alive(lease);
};

/** Has an execution taken up whose process is gone. */
function ensureRunning(deps: ServiceDeps, name: string): void {
  if (!isRunning(deps, name)) deps.spawnWorker(name);
}

/**
 * Finds executions whose process has died and has them taken up again. Those that only lacked a last hand are waited
 * for, up to three seconds. Returns the executions found, as they are then.
 */
export async function recoverExecutions(deps: ServiceDeps): Promise<Execution[]> {
  const orphans = deps.store.openExecutions().filter((name) => !isRunning(deps, name));
  const until = deps.now() + recoveryPatience;
  return Promise.all(orphans.map((name) => waitForExecution(deps, name, isCompleted, { until })));
}
