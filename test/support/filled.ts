import type { AttemptRecord } from '../../src/model/attempt.js';
import { withDefaults } from '../../src/model/defaults.js';
import { completed, counted, createdExecution, imported, started } from '../../src/model/execution.js';
import { createdJob } from '../../src/model/job.js';
import { defaultSettings } from '../../src/model/local/settings.js';
import type { Execution, Job, JobInput } from '../../src/model/schema/job.js';
import { isTerminal, type TaskRecord } from '../../src/model/task.js';
import { timestamp } from '../../src/model/time.js';
import type { AttemptUsage } from '../../src/model/usage.js';
import { jobInput, parent, someTask } from './jobs.js';
import type { ServiceWorld } from './service.js';

/** How a task of a made-up execution went: its attempts, in s since the execution began. */
export interface Course {
  state: TaskRecord['state'];
  attempts: { at: number; wait?: number; ran?: number; exitCode?: number; usage?: AttemptUsage }[];
}

/** Stores a job without the service. */
export function storedJob({ store, now }: ServiceWorld, id: string, input: JobInput = jobInput()): Job {
  const name = `projects/${parent.project}/locations/${parent.location}/jobs/${id}`;
  const author = { account: 'dev@example.com', now: timestamp(now) };
  const job = createdJob(withDefaults(input, '123'), name, `uid-${id}`, author);
  store.saveJob(job);
  return job;
}

/** Stores an execution that began at a time, in ms, and whose tasks go as `courseOf` says, without containers. */
export function storedExecution(
  { store }: ServiceWorld,
  job: Job,
  suffix: string,
  began: number,
  courseOf: (task: number) => Course,
): Execution {
  const at = (seconds: number): string => timestamp(began + seconds * 1000);
  const { template } = job;
  const { taskCount = 1 } = template;
  const name = `${job.name}/executions/${job.name.slice(job.name.lastIndexOf('/') + 1)}-${suffix}`;
  const identity = { name, uid: `uid-${suffix}`, account: 'dev@example.com', logUri: 'file:///logs' };
  let execution = createdExecution(job, { taskCount, task: template.template }, identity, at(0));
  execution = started(imported(execution, template.template, false, at(0)), at(0.1), at(0.1));
  store.transaction(() => {
    store.createExecution(execution, defaultSettings);
    let failed: TaskRecord | undefined;
    let last = 0;
    let open = false;
    for (let index = 0; index < taskCount; index++) {
      const { state, attempts } = courseOf(index);
      const records = attempts.map((attempt, number) => attemptOf(index, number, attempt, at));
      for (const record of records) store.saveAttempt(name, record);
      const end = Math.max(0, ...attempts.map(({ at: from, wait = 0.1, ran = 0 }) => from + wait + ran));
      const outcome = records.at(-1)?.outcome;
      const task = someTask(index, {
        state,
        retried: Math.max(0, attempts.length - 1),
        updateTime: at(end),
        ...(isTerminal(state) && { completionTime: at(end) }),
        ...(outcome?.exitCode && {
          lastAttemptResult: { status: { code: outcome.code, message: outcome.message }, exitCode: outcome.exitCode },
        }),
      });
      store.saveTask(name, task);
      execution = counted(execution, someTask(index), task, at(end));
      if (state === 'Failed') failed ??= task;
      open ||= !isTerminal(state);
      last = Math.max(last, end);
    }
    if (!open) execution = completed(execution, { cancelled: false, failed, time: at(last) }, at(last));
    store.saveExecution(execution);
  });
  return execution;
}

function attemptOf(
  task: number,
  attempt: number,
  { at: from, wait = 0.1, ran, exitCode = 0, usage }: Course['attempts'][number],
  at: (seconds: number) => string,
): AttemptRecord {
  const record = { task, attempt, name: `${task}-${attempt}`, handle: '', createTime: at(from) };
  const begun = { startTime: at(from + wait), mainStartTime: at(from + wait) };
  if (ran === undefined) return { ...record, ...begun };
  const outcome =
    exitCode === 0 ? { code: 0, message: '' } : { code: 10, message: 'The container exited with an error.', exitCode };
  return { ...record, ...begun, endTime: at(from + wait + ran), outcome, usage };
}

/** Writes lines of the log of an attempt: `[seconds, text]` since a time in ms. */
export function writtenLog(
  { logs }: ServiceWorld,
  execution: string,
  source: { task: number; attempt: number; stream?: 'stdout' | 'stderr' },
  began: number,
  lines: readonly (readonly [seconds: number, text: string])[],
): void {
  const log = logs.create(execution, { ...source, container: undefined }, () => {});
  const text = lines.map(([seconds, line]) => `${timestamp(began + seconds * 1000)} ${line}\n`).join('');
  log.write(source.stream ?? 'stdout', Buffer.from(text));
  log.complete();
  log.close();
}
