import { keepingExecutions, keptAttempts } from '../model/kept-containers.js';
import { parseName } from '../model/names.js';
import { timestamp } from '../model/time.js';
import type { Remains } from '../store/store.js';
import { authorize } from './authorization.js';
import type { Call, Service } from './service.js';

/** What to remove; each limit spares something. */
export interface PruneRequest {
  project?: string | undefined;
  location?: string | undefined;
  /** Only what ended or was deleted at least this many seconds ago. */
  olderThan?: number | undefined;
  /** Not the last ended executions of a job, up to this number. */
  keepLast?: number | undefined;
  /** Only the oldest, until everything that has ended takes no more than so many bytes. */
  maxBytes?: number | undefined;
}

/** The record of something that has ended, or was deleted. */
export interface Prunable extends Remains {
  logBytes: number;
  /** Attempts with kept containers, which are removed as well. */
  keptAttempts: number;
}

export const bytesOf = ({ recordBytes, logBytes }: Pick<Prunable, 'recordBytes' | 'logBytes'>): number =>
  recordBytes + logBytes;

/** What a request removes, oldest first. @throws StatusError PERMISSION_DENIED */
export function prunable(call: Call, request: PruneRequest): Prunable[] {
  const { store, logs, now } = call;
  const { project, location, olderThan = 0, keepLast = 0, maxBytes = 0 } = request;
  const before = timestamp(now() - olderThan * 1000);
  const all = store
    .remains()
    .map((remains) => ({ ...remains, logBytes: remains.logBytes ?? logs.size(remains.name) }))
    .filter(({ name }) => {
      const parent = parseName(name);
      return parent.project === (project ?? parent.project) && parent.location === (location ?? parent.location);
    });
  let left = all.map(bytesOf).reduce((sum, bytes) => sum + bytes, 0);
  const going = all.filter((remains) => {
    const spared =
      remains.time > before || (remains.place ?? Infinity) <= keepLast || (maxBytes > 0 && left <= maxBytes);
    if (!spared) left -= bytesOf(remains);
    return !spared;
  });
  for (const { kind, name } of going)
    authorize(call, kind === 'deleted job' ? 'run.jobs.delete' : 'run.executions.delete', name);
  return going.map((remains) => ({ ...remains, keptAttempts: keptAttempts(store, remains.name).length }));
}

/** Removes what `prunable` has found, and returns the bytes of disk that this has freed. */
export function prune({ store, logs, discard }: Service, going: readonly Prunable[]): number {
  const keeping = keepingExecutions(
    store,
    going.flatMap(({ kind, name, keptAttempts }) => (kind === 'execution' && keptAttempts > 0 ? [name] : [])),
  );
  const removed = going.filter((remains) => store.removeRemains(remains));
  const executions = removed.filter(({ kind }) => kind === 'execution');
  for (const { name } of executions) logs.remove(name);
  if (keeping.length > 0) discard(keeping);
  return store.shrink() + executions.map(({ logBytes }) => logBytes).reduce((sum, bytes) => sum + bytes, 0);
}
