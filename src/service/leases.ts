import { epochMs } from '../model/time.js';
import type { Lease } from '../model/lease.js';
import type { Service } from './service.js';

/** How long a worker that was just started gets to acquire its lease, in ms. */
const patience = 3000;

/** The lease of the process that runs an execution; undefined if there is no such process, or if it has died. */
export function leaseHolder({ store, alive }: Pick<Service, 'store' | 'alive'>, execution: string): Lease | undefined {
  const lease = store.lease(execution);
  return lease && alive(lease) ? lease : undefined;
}

/** Whether the process of an open execution has died. A new execution may have a worker that is about to start. */
export function isOrphaned(
  { store, alive, now }: Pick<Service, 'store' | 'alive' | 'now'>,
  execution: string,
): boolean {
  const lease = store.lease(execution);
  if (lease) return !alive(lease);
  const found = store.execution(execution);
  return found !== undefined && Math.abs(now() - epochMs(found.createTime)) >= patience;
}

/** Starts a worker for an execution that no process runs. */
export function ensureRunning(service: Service, execution: string): void {
  if (!leaseHolder(service, execution)) service.spawnWorker(execution);
}
