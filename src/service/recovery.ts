import { otherRuntime } from '../model/runtime-identity.js';
import type { StatusError } from '../model/errors.js';
import type { Execution } from '../model/schema/job.js';
import { orphanMismatch } from './engine-mismatch.js';
import { ensureRunning, isOrphaned } from './leases.js';
import { finishDeletions } from './retention.js';
import type { Service } from './service.js';
import { awaitCompletion } from './wait.js';

/** How long recovery waits for resumed executions to end, in ms. */
const usualPatience = 3000;

/** An orphaned execution after recovery, and the reason if it was not resumed. */
export interface Recovered {
  execution: Execution;
  refusal: StatusError | undefined;
}

/**
 * Resumes the executions whose process has died, and completes deletions. Waits up to three seconds, or
 * `patience` ms, for executions that are about to end. Leaves those alone that began on another container engine. Does nothing if the store is read-only.
 */
export async function recoverExecutions(
  service: Service,
  { patience = usualPatience }: { patience?: number } = {},
): Promise<Recovered[]> {
  if (!service.store.writable) return [];
  const orphans = service.store.openExecutions().filter((name) => isOrphaned(service, name));
  const until = service.now() + patience;
  const found = await Promise.all(
    orphans.map(async (name) => {
      const mismatch = await orphanMismatch(service, name);
      if (mismatch) {
        const { began, asked } = mismatch;
        return { execution: service.store.execution(name), refusal: otherRuntime(name, began, asked) };
      }
      ensureRunning(service, name);
      return { execution: await awaitCompletion(service, name, { until }), refusal: undefined };
    }),
  );
  finishDeletions(service);
  return found.flatMap(({ execution, refusal }) => (execution ? [{ execution, refusal }] : []));
}
