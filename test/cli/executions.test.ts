import { defaultSettings } from '../../src/model/local/settings.js';
import { describe, expect, test } from 'vitest';
import { cancelling, completed, counted, imported, started } from '../../src/model/execution.js';
import { jobName } from '../../src/model/names.js';
import type { Execution } from '../../src/model/schema/job.js';
import { cancelledTask, type TaskRecord } from '../../src/model/task.js';
import { openStore } from '../../src/store/sqlite.js';
import { type Cli, cli } from '../support/io.js';
import { parent, someExecution, someJob, someTask } from '../support/jobs.js';

const at = (minutes: number): string => `2026-11-23T10:${String(minutes).padStart(2, '0')}:00.000000Z`;
const error = { code: 10, message: 'The container exited with an error.' };

/** The tasks of an execution, by what became of them. */
const task = {
  succeeded: { state: 'Succeeded', startTime: at(2), completionTime: at(3), lastAttemptResult: { status: {} } },
  failed: {
    state: 'Failed',
    retried: 1,
    startTime: at(2),
    completionTime: at(4),
    lastAttemptResult: { status: error, exitCode: 3 },
  },
  running: { state: 'Running', startTime: at(2) },
  scheduled: { state: 'Scheduled', scheduledTime: at(2) },
  pending: {},
  abandoned: { state: 'Abandoned', completionTime: at(4) },
} satisfies Record<string, Partial<TaskRecord>>;

/** A state directory that holds the job nightly and executions of it. */
function world(): Cli & { put: (suffix: string, stage: Stage, tasks: (keyof typeof task | 'cancelled')[]) => string } {
  const program = cli();
  const job = someJob({ taskCount: 1, labels: { team: 'a', 'client.knative.dev/nonce': 'x' } });
  const store = openStore(program.home);
  store.saveJob(job);
  store.close();
  return {
    ...program,
    put(suffix, stage, kinds) {
      const tasks = kinds.map((kind, index) =>
        kind === 'cancelled' ? cancelledTask(someTask(index, task.running), at(5)) : someTask(index, task[kind]),
      );
      const created = { ...someExecution(job, suffix), taskCount: tasks.length, parallelism: tasks.length };
      const execution = tasks.reduce(
        (counts, record, index) => counted(counts, someTask(index), record, at(5)),
        stage(created, tasks),
      );
      const store = openStore(program.home);
      store.createExecution(execution, defaultSettings);
      store.saveExecution(execution);
      for (const record of tasks) store.saveTask(execution.name, record);
      store.acquireLease(execution.name, { token: suffix, pid: 1, processStart: '' }, Date.now(), () => true);
      store.close();
      return `nightly-${suffix}`;
    },
  };
}

type Stage = (execution: Execution, tasks: readonly TaskRecord[]) => Execution;
const waits: Stage = (execution) => ({ ...execution, createTime: at(0) });
const runs =
  (start: number): Stage =>
  (execution, tasks) =>
    started(imported(waits(execution, tasks), execution.template, false, at(start)), at(start), at(start));
const ends =
  (start: number, end: number, cancelled = false): Stage =>
  (execution, tasks) => {
    const failed = tasks.find(({ state }) => state === 'Failed');
    const last = cancelled ? cancelling(runs(start)(execution, tasks), at(end)) : runs(start)(execution, tasks);
    return completed(last, { cancelled, failed, time: at(end) }, at(end));
  };

describe('executions list', () => {
  test('shows those that have not started first, then the newest start first', async () => {
    const { run, put } = world();
    put('aaaaa', ends(1, 4), ['succeeded', 'succeeded']);
    put('bbbbb', ends(3, 5), ['succeeded', 'failed']);
    put('ccccc', ends(2, 5, true), ['cancelled', 'abandoned']);
    put('ddddd', runs(4), ['running', 'pending', 'succeeded']);
    put('fffff', waits, ['pending']);
    expect(await run('jobs executions list')).toEqual({
      code: 0,
      stderr: '',
      stdout: `   JOB      EXECUTION      REGION       RUNNING  COMPLETE  CREATED                  RUN BY
…  nightly  nightly-fffff  us-central1  0        0 / 1     2026-11-23 10:00:00 UTC  dev@example.com
…  nightly  nightly-ddddd  us-central1  1        1 / 3     2026-11-23 10:00:00 UTC  dev@example.com
X  nightly  nightly-bbbbb  us-central1  0        1 / 2     2026-11-23 10:00:00 UTC  dev@example.com
X  nightly  nightly-ccccc  us-central1  0        0 / 2     2026-11-23 10:00:00 UTC  dev@example.com
✔  nightly  nightly-aaaaa  us-central1  0        2 / 2     2026-11-23 10:00:00 UTC  dev@example.com
`,
    });
  });

  test('says on a terminal, and only there, how long each took', async () => {
    const { run, put } = world();
    put('aaaaa', ends(1, 4), ['succeeded']);
    put('bbbbb', runs(2), ['running']);
    put('ccccc', waits, ['pending']);
    const { stdout } = await run('jobs executions list', { terminal: 80 });
    expect(stdout.replaceAll(/ {2,}/g, '  ')).toBe(
      `  JOB  EXECUTION  REGION  RUNNING  COMPLETE  DURATION  CREATED  RUN BY
…  nightly  nightly-ccccc  us-central1  0  0 / 1  2026-11-23 10:00:00 UTC  dev@example.com
…  nightly  nightly-bbbbb  us-central1  1  0 / 1  1h58m0s  2026-11-23 10:00:00 UTC  dev@example.com
✔  nightly  nightly-aaaaa  us-central1  0  1 / 1  3m0s  2026-11-23 10:00:00 UTC  dev@example.com
`,
    );
    const formatted = await run('jobs executions list --format=table(name,duration)', { terminal: 80 });
    expect(formatted.stdout).not.toContain('3m0s');
  });

  test('has the first of them where only so many are wanted, deleted ones in their place', async () => {
    const { run, put } = world();
    const old = put('aaaaa', ends(1, 4), ['succeeded']);
    const deleted = put('bbbbb', ends(3, 5), ['succeeded']);
    put('ccccc', waits, ['pending']);
    put('ddddd', ends(2, 5), ['succeeded']);
    await run(`jobs executions delete ${deleted} --quiet`);
    const names = async (flags: string): Promise<string[]> =>
      (await run(`jobs executions list --format value(name) ${flags}`)).stdout.trim().split('\n');
    expect(await names('--limit 2')).toEqual(['nightly-ccccc', 'nightly-ddddd']);
    expect(await names('--limit 2 --show-deleted')).toEqual(['nightly-ccccc', deleted]);
    expect(await names('--show-deleted')).toEqual(['nightly-ccccc', deleted, 'nightly-ddddd', old]);
  });

  test('shows those of a job, and says so where there is none', async () => {
    const { run, put } = world();
    put('aaaaa', ends(1, 4), ['succeeded']);
    expect((await run('jobs executions list --job nightly --format value(name)')).stdout).toBe('nightly-aaaaa\n');
    expect(await run('jobs executions list --job other')).toEqual({
      code: 0,
      stdout: '',
      stderr: 'Listed 0 items. To make one: localrun jobs execute JOB\n',
    });
  });
});

describe('executions describe', () => {
  test('shows one that has failed', async () => {
    const { run, put } = world();
    const id = put('bbbbb', ends(3, 5), ['succeeded', 'failed', 'failed', 'cancelled']);
    expect(await run(`jobs executions describe ${id}`)).toEqual({
      code: 0,
      stderr: '',
      stdout: `X Execution nightly-bbbbb in region us-central1
1 task completed successfully
2 tasks failed to complete
1 task cancelled
Elapsed time: 5 minutes and 0 seconds
 
Log URI: file:///logs
 
team:a
 
Tasks:           4
Parallelism:     No limit
Container
  Image:         localrun/busybox:latest
  Memory:        512Mi
  CPU:           1000m
Task Timeout:    10m
Max Retries:     3
Service account: 123-compute@developer.gserviceaccount.com
X Task nightly-bbbbb-task1 failed with exit code: 3 and message: The container exited with an error.
`,
    });
  });

  test('shows one that runs', async () => {
    const { run, put } = world();
    const id = put('ddddd', runs(4), ['running', 'running', 'succeeded']);
    const { stdout } = await run(`jobs executions describe ${id}`);
    expect(stdout).toMatch(
      /^… Execution nightly-ddddd in region us-central1\n2 tasks currently running\n1 task completed successfully\n \n/,
    );
    expect(stdout).toMatch(/\nService account: .*\n$/);
  });

  test('prints the resource', async () => {
    const { run, put } = world();
    const id = put('aaaaa', ends(1, 4), ['succeeded', 'succeeded']);
    expect(JSON.parse((await run(`jobs executions describe ${id} --format json`)).stdout)).toMatchObject({
      job: 'nightly',
      taskCount: 2,
      succeededCount: 2,
      completionTime: at(4),
    });
    const { stdout } = await run(`jobs executions describe ${id} --format value(job,succeededCount,failedCount)`);
    expect(stdout).toBe('nightly\t2\t\n');
  });

  test('says which execution is missing, and which name is near', async () => {
    const { run, put } = world();
    put('bcdfg', waits, ['pending']);
    expect(await run('jobs executions describe nightly-bcdfh')).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'ERROR: (localrun.jobs.executions.describe) Cannot find execution [nightly-bcdfh].\nDid you mean nightly-bcdfg?\n',
    });
  });
});

describe('tasks list', () => {
  const all = ['succeeded', 'failed', 'running', 'scheduled', 'pending', 'cancelled', 'abandoned'] as const;

  test('shows the tasks by index', async () => {
    const { run, put } = world();
    const id = put('ddddd', runs(2), [...all]);
    expect(await run(`jobs executions tasks list --execution ${id}`)).toEqual({
      code: 0,
      stderr: '',
      stdout: `   INDEX  STATE      TASK                 STARTED                  COMPLETED                RETRIES
✔  0      Succeeded  nightly-ddddd-task0  2026-11-23 10:02:00 UTC  2026-11-23 10:03:00 UTC  0
X  1      Failed     nightly-ddddd-task1  2026-11-23 10:02:00 UTC  2026-11-23 10:04:00 UTC  1
…  2      Running    nightly-ddddd-task2  2026-11-23 10:02:00 UTC                           0
.  3      Pending    nightly-ddddd-task3
.  4      Pending    nightly-ddddd-task4
!  5      Cancelled  nightly-ddddd-task5  2026-11-23 10:02:00 UTC  2026-11-23 10:05:00 UTC  0
-  6      Abandoned  nightly-ddddd-task6                           2026-11-23 10:04:00 UTC
`,
    });
  });

  test.each([
    ['--succeeded', '0'],
    ['--failed --running', '1 2'],
    ['--pending', '3 4'],
    ['--cancelled --abandoned', '5 6'],
    ['--completed', '0 1 5'],
    ['--no-completed', '2 3 4'],
    ['--started', '0 1 2 5'],
    ['--no-started', '3 4 6'],
    ['--failed --no-started', '1 3 4 6'],
    ['--limit 2 --sort-by ~index', '6 5'],
  ])('with %s', async (flags, indices) => {
    const { run, put } = world();
    const id = put('ddddd', runs(2), [...all]);
    const { stdout } = await run(`jobs executions tasks list --execution ${id} --format value(name) ${flags}`);
    expect(stdout.replaceAll(/.*-task(\d)\n/g, '$1 ').trim()).toBe(indices);
  });

  test('says that no task is as asked for', async () => {
    const { run, put } = world();
    const id = put('aaaaa', ends(1, 4), ['succeeded']);
    expect(await run(`jobs executions tasks list --execution ${id} --failed`)).toEqual({
      code: 0,
      stdout: '',
      stderr: 'Listed 0 items.\n',
    });
  });

  test('says which execution is missing', async () => {
    const { code, stderr } = await world().run('jobs executions tasks list --execution nope');
    expect(code).toBe(1);
    expect(stderr).toContain('Cannot find execution [nope].');
  });
});

describe('executions cancel', () => {
  test('is refused for one that has ended, without a question', async () => {
    const { run, put } = world();
    expect(await run(`jobs executions cancel ${put('aaaaa', ends(1, 4), ['succeeded'])}`)).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'ERROR: (localrun.jobs.executions.cancel) [nightly-aaaaa] has completed successfully before it could be cancelled.\n',
    });
    const { stderr } = await run(`jobs executions cancel ${put('ccccc', ends(2, 5, true), ['cancelled'])}`);
    expect(stderr).toBe(
      'ERROR: (localrun.jobs.executions.cancel) Failed to cancel [nightly-ccccc]: it has ended already, cancelled.\n',
    );
    expect((await run('jobs executions cancel nope')).stderr).toBe(
      'ERROR: (localrun.jobs.executions.cancel) Execution [nope] could not be found.\n',
    );
  });

  test('asks, and asks the process that runs it', async () => {
    const { run, put, home } = world();
    const id = put('ddddd', runs(4), ['running']);
    expect(await run(`jobs executions cancel ${id} --async`, { stdin: 'n\n' })).toMatchObject({ code: 1 });
    expect(await run(`jobs executions cancel ${id} --async`, { stdin: 'y\n' })).toEqual({
      code: 0,
      stdout: '',
      stderr:
        'Execution [nightly-ddddd] will be cancelled.\n\nDo you want to continue (Y/n)?  Execution [nightly-ddddd] is being cancelled.\n',
    });
    const store = openStore(home);
    expect(store.cancelRequested(`${jobName(parent, 'nightly')}/executions/${id}`)).toBe(true);
    store.close();
  });
});

describe('executions adopt', () => {
  test('is refused for what has ended, and for what a process runs, which it names', async () => {
    const { run, put } = world();
    expect(await run(`jobs executions adopt ${put('aaaaa', ends(1, 4), ['succeeded'])}`)).toEqual({
      code: 1,
      stdout: '',
      stderr: `ERROR: (localrun.jobs.executions.adopt) FAILED_PRECONDITION: Execution [nightly-aaaaa] has ended.
Try: localrun jobs executions describe nightly-aaaaa
`,
    });
    expect((await run(`jobs executions adopt ${put('ddddd', runs(4), ['running'])}`)).stderr).toBe(
      `ERROR: (localrun.jobs.executions.adopt) FAILED_PRECONDITION: Execution [nightly-ddddd] is run by process 1, which is at work.
Try: localrun jobs executions wait nightly-ddddd
`,
    );
    expect((await run('jobs executions adopt nope')).stderr).toContain('Cannot find execution [nope].');
  });
});

describe('executions wait', () => {
  test('returns at once for what has ended, with its result', async () => {
    const { run, put } = world();
    expect(
      await run(`jobs executions wait ${put('aaaaa', ends(1, 4), ['succeeded'])} --format value(succeededCount)`),
    ).toEqual({
      code: 0,
      stdout: '1\n',
      stderr: `Running execution [nightly-aaaaa]...
done.
Execution [nightly-aaaaa] has successfully completed.

View details about this execution by running:
localrun jobs executions describe nightly-aaaaa
`,
    });
    const failed = await run(`jobs executions wait ${put('bbbbb', ends(3, 5), ['failed'])}`);
    expect(failed).toMatchObject({ code: 1, stdout: '' });
    expect(failed.stderr).toContain('The execution failed. Task 0 failed with exit code 3 (attempt ');
    expect((await run('jobs executions wait nope')).stderr).toContain('Cannot find execution [nope].');
  });

  test('goes on until another process has ended the execution', async () => {
    const { run, put, home } = world();
    const id = put('ddddd', runs(4), ['succeeded']);
    const outcome = await run(`jobs executions wait ${id}`, {
      alive: false,
      onSpawn() {
        const store = openStore(home);
        const execution = store.findExecution(parent.project, parent.location, id);
        if (execution) store.saveExecution(completed(execution, { cancelled: false, time: at(9) }, at(9)));
        store.close();
      },
    });
    expect(outcome).toMatchObject({ code: 0, stdout: '' });
    expect(outcome.stderr).toContain(`Execution [${id}] has successfully completed.`);
  });
});

test('the next command resumes an execution whose process is gone', async () => {
  const { run, put, home } = world();
  const id = put('ddddd', runs(4), ['succeeded']);
  const outcome = await run('jobs executions list --format value(succeededCount)', {
    alive: false,
    onSpawn(args) {
      const execution = `${jobName(parent, 'nightly')}/executions/${id}`;
      expect(args).toEqual(['__worker', execution, expect.any(String)]);
      const store = openStore(home);
      const found = store.execution(execution);
      if (found) store.saveExecution(completed(found, { cancelled: false, time: at(9) }, at(9)));
      store.close();
    },
  });
  expect(outcome).toEqual({
    code: 0,
    stdout: '1\n',
    stderr: 'Execution [nightly-ddddd] was orphaned; it has ended now: EXECUTION_SUCCEEDED.\n',
  });
});

test('deleting a job that is running says so', async () => {
  const { run, put } = world();
  put('ddddd', runs(4), ['running']);
  const { stderr } = await run('jobs delete nightly', { stdin: 'n\n' });
  expect(stderr).toContain(
    'Job [nightly] will be deleted. This job is currently executing; all running executions will be stopped and deleted.\n',
  );
});
