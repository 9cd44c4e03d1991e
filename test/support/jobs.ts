import { withDefaults } from '../../src/model/defaults.js';
import { createdExecution } from '../../src/model/execution.js';
import { createdJob } from '../../src/model/job.js';
import type { Execution, ExecutionTemplate, Job, JobInput, TaskTemplate } from '../../src/model/schema/job.js';
import type { TaskRecord } from '../../src/model/task.js';

export const parent = { project: 'p', location: 'us-central1' };
export const someJobName = 'projects/p/locations/us-central1/jobs/nightly';
export const someTime = '2026-11-23T12:00:00.000000Z';

/** A job spec with one container, and what a test says of it. */
export const jobInput = (execution: Partial<ExecutionTemplate> = {}, task: Partial<TaskTemplate> = {}): JobInput => ({
  template: { ...execution, template: { containers: [{ image: 'localrun/busybox:latest' }], ...task } },
});

export const someJob = (execution: Partial<ExecutionTemplate> = {}, task: Partial<TaskTemplate> = {}): Job =>
  createdJob(withDefaults(jobInput(execution, task), '123'), someJobName, 'uid-1', {
    account: 'dev@example.com',
    now: someTime,
  });

export function someExecution(job: Job, suffix = 'x7k2p'): Execution {
  const { template } = job;
  return createdExecution(
    job,
    { taskCount: template.taskCount ?? 1, task: template.template },
    {
      name: `${job.name}/executions/${job.name.slice(job.name.lastIndexOf('/') + 1)}-${suffix}`,
      uid: `uid-${suffix}`,
      account: 'dev@example.com',
      logUri: 'file:///logs',
    },
    someTime,
  );
}

export const someTask = (index: number, more: Partial<TaskRecord> = {}): TaskRecord => ({
  index,
  uid: `task-${index}`,
  state: 'Pending',
  retried: 0,
  updateTime: someTime,
  ...more,
});
