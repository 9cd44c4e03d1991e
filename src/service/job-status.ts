import { referenceTo } from '../model/execution.js';
import { executionToken, reconciled } from '../model/job.js';
import { executionName, shortName } from '../model/names.js';
import type { Execution, Job } from '../model/schema/job.js';
import type { Store } from '../store/store.js';

/** A stored job with the fields that follow from its executions. */
export function withStatus(store: Store, job: Job): Job {
  const [view = job] = withStatuses(store, [job]);
  return view;
}

/** The same for several jobs. */
export function withStatuses(store: Store, jobs: readonly Job[]): Job[] {
  const made = store.executionsMade(jobs.map(({ name }) => name));
  return jobs.map((job, i) => {
    const { count = 0, latest } = made[i] ?? {};
    return {
      ...reconciled(job, job.reconciling ? executionOfToken(store, job) : undefined),
      executionCount: count || undefined,
      latestCreatedExecution: latest ? referenceTo(latest) : {},
    };
  });
}

/** The execution that a job's start or run token names. */
export function executionOfToken(store: Store, job: Job): Execution | undefined {
  const token = executionToken(job);
  return token === undefined ? undefined : store.execution(executionName(job.name, `${shortName(job.name)}-${token}`));
}
