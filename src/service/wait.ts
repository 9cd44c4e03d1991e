import { isCompleted } from '../model/execution.js';
import type { Execution } from '../model/schema/job.js';
import { requireSameEngine } from './engine-mismatch.js';
import { ensureRunning } from './leases.js';
import type { Service } from './service.js';

/** How often a wait checks that the process of its execution is alive, in ms. */
const livenessInterval = 250;

export interface WaitOptions {
  /** Called with every state of the execution that is seen. */
  onChange?: ((execution: Execution) => void) | undefined;
  signal?: AbortSignal | undefined;
  /** When to return the execution as it is, in ms since 1970. */
  until?: number | undefined;
  /** Even if it began on another container engine: its deletion then ends it in the store only. */
  anyEngine?: boolean | undefined;
}

/**
 * Waits until `done` holds for an execution, and returns it; undefined if it is gone. If its process dies, another one
 * resumes it.
 * @throws StatusError FAILED_PRECONDITION if it is orphaned and began on another container engine than the one that
 * answers; the signal's reason once that is aborted
 */
export async function awaitExecution(
  service: Service,
  name: string,
  done: (execution: Execution) => boolean,
  { onChange, signal, until = Infinity, anyEngine }: WaitOptions = {},
): Promise<Execution | undefined> {
  let checked = -Infinity;
  for await (const _ of service.changes.watch({ signal, atLeastEvery: livenessInterval })) {
    const execution = service.store.execution(name);
    if (!execution) return undefined;
    onChange?.(execution);
    if (done(execution) || service.now() >= until) return execution;
    if (performance.now() - checked < livenessInterval) continue;
    if (anyEngine) ensureRunning(service, name);
    else await resume(service, name);
    checked = performance.now();
  }
  signal?.throwIfAborted();
  return undefined;
}

/** The same until it has ended. */
export const awaitCompletion = (
  service: Service,
  name: string,
  options?: WaitOptions,
): Promise<Execution | undefined> => awaitExecution(service, name, isCompleted, options);

/**
 * Starts a worker for an execution whose process has died.
 * @throws StatusError FAILED_PRECONDITION if it began on another container engine than the one that answers
 */
export async function resume(service: Service, execution: string): Promise<void> {
  await requireSameEngine(service, execution);
  ensureRunning(service, execution);
}
