import { epochMs } from '../model/time.js';
import type { Lease } from '../store/store.js';
import type { ServiceDeps } from './service.js';

/** How long a worker that was just started gets to take its execution up, in ms. */
const patience = 3000;

/** The process that runs an execution; undefined if there is none, or if it is gone. */
export function runnerOf({ store, alive }: Pick<ServiceDeps, 'store' | 'alive'>, name: string): Lease | undefined {
  const lease = store.lease(name);
  return lease && alive(lease) ? lease : undefined;
}

/** Whether nobody runs an execution that has not ended, nor is about to: who made it may just be starting its worker. */
export function isLeft({ store, alive, now }: Pick<ServiceDeps, 'store' | 'alive' | 'now'>, name: string): boolean {
  const lease = store.lease(name);
  if (lease) return !alive(lease);
  const execution = store.execution(name);
  return execution !== undefined && Math.abs(now() - epochMs(execution.createTime)) >= patience;
}
