import { keepingExecutions, keptAttempts } from '../model/kept-containers.js';
import type { AttemptRecord } from '../model/attempt.js';
import { isCompleted } from '../model/execution.js';
import { buriedJob, deletedExecution } from '../model/job.js';
import type { Execution } from '../model/schema/job.js';
import { timestamp } from '../model/time.js';
import type { Store } from '../store/store.js';
import { type Service, timeOf } from './service.js';
import { withStatus } from './job-status.js';

/** Ended executions that a job keeps (quotas page). */
const keptExecutions = 1000;

/**
 * Changes the store in one transaction, after finishing deletions that have nothing left to wait for and removing what
 * has expired.
 */
export function writing<T>(service: Service, body: () => T): T {
  let forget = (): void => {};
  const result = service.store.transaction(() => {
    service.store.purge(timeOf(service));
    forget = buryDoomed(service.store, service);
    return body();
  });
  forget();
  return result;
}

/** Called before executions are removed from the store. The result removes their logs and containers afterwards. */
export function forgetting({ store, logs, discard }: Remaining, executions: readonly string[]): () => void {
  const keeping = keepingExecutions(store, executions);
  return () => {
    for (const name of executions) logs.remove(name);
    if (keeping.length > 0) discard(keeping);
  };
}

type Remaining = Pick<Service, 'store' | 'logs' | 'discard'>;

/** The attempts of an execution whose main containers are kept. */
export const keptContainers = ({ store }: Pick<Service, 'store'>, execution: string): AttemptRecord[] =>
  // If another container ended the attempt, the main one may never have been created.
  keptAttempts(store, execution).filter(({ startTime, mainStartTime }) => mainStartTime !== undefined || !startTime);

/** Finishes deletions that have nothing left to wait for. */
export function finishDeletions(service: Service): void {
  const { jobs, executions } = service.store.doomed();
  if (jobs.length + executions.length > 0) writing(service, () => {});
}

function buryDoomed(store: Store, service: Service): () => void {
  const { jobs, executions } = store.doomed();
  const forget = forgetting(
    service,
    executions.map(({ name }) => name),
  );
  for (const execution of executions) store.buryExecution(deletedExecution(execution, timeOf(service)));
  for (const job of jobs) store.buryJob(buriedJob(withStatus(store, job)));
  return forget;
}

/** Removes the oldest ended executions of a job beyond the thousand to keep, with their logs. */
export function pruneExecutions(service: Remaining, job: string): void {
  const surplus = service.store.surplusExecutions(job, keptExecutions);
  if (surplus.length === 0) return;
  const forget = forgetting(service, surplus);
  service.store.transaction(() => {
    for (const execution of surplus) service.store.removeExecution(execution);
  });
  forget();
}

/** How long to keep the logs of ended executions, and their largest total size; undefined: no limit. */
export interface LogRetention {
  seconds: number | undefined;
  bytes: number | undefined;
}

/**
 * Removes the logs of executions that ended too long ago, and the oldest ones if all together are too large. Those of
 * `latest`, which has just ended, stay: its logs are about to be read.
 */
export function expireLogs(
  { store, logs, now }: Pick<Service, 'store' | 'logs' | 'now'>,
  { seconds, bytes }: LogRetention,
  latest: string,
): void {
  const before = seconds === undefined ? undefined : timestamp(now() - seconds * 1000);
  const sizes = store.unmeasuredLogs().map((name) => [name, logs.size(name)] as const);
  const expired = store.transaction(() => {
    for (const [name, size] of sizes) store.saveLogSize(name, size);
    const surplus = store.surplusLogs({ before, bytes }).filter((name) => name !== latest);
    for (const name of surplus) store.saveLogSize(name, 0);
    return surplus;
  });
  for (const name of expired) logs.remove(name);
}

/** Whether an execution has written logs that no longer exist. */
export const haveLogsExpired = ({ store, logs }: Service, execution: Execution): boolean =>
  isCompleted(execution) &&
  !logs.exist(execution.name) &&
  store.attempts(execution.name).some(({ startTime }) => startTime);
