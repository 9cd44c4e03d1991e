import path from 'node:path';
import { expect } from 'vitest';
import type { Execution } from '../../src/model/schema/job.js';
import { epochMs, formatSpan } from '../../src/model/time.js';
import { test } from '../support/home.js';

const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/) as string;
const span = (from: string | undefined, to: string | undefined): string =>
  formatSpan(epochMs(to ?? '') - epochMs(from ?? ''));

test.concurrent('ten tasks run, three at a time at most, and task 4 once more', async ({ home }) => {
  const events = home.events();
  const { exitCode, stdout, stderr } = await home.run(['jobs', 'run', '-f', 'examples/quickstart.yaml']);
  expect(exitCode, stderr).toBe(0);

  const attempts = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].flatMap((task) =>
    (task === 4 ? [0, 1] : [0]).map((attempt) => `task${task}-attempt${attempt}`),
  );
  expect(await events.starts()).toEqual(attempts);
  expect(events.most()).toBe(3);

  const [id = ''] = /quickstart-\w{5}/.exec(stdout) ?? [];
  const tables = stdout
    .replaceAll(/(\d+m)?\d+(\.\d+)?s\b/g, 'SPAN')
    .replaceAll(/ {2,}/g, '  ')
    .replace(id, 'ID');
  const row = (index: number): string => `✔  ${index}  Succeeded  ${index === 4 ? 1 : 0}  SPAN  exit code 0`;
  expect(tables.split('\n')).toEqual([
    '  INDEX  STATE  RETRIES  DURATION  RESULT',
    ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(row),
    '',
    'EXECUTION  ID',
    'COMPLETION STATUS  EXECUTION_SUCCEEDED',
    'TASKS  10',
    'SUCCEEDED  10',
    'FAILED  0',
    'CANCELLED  0',
    'RETRIED  1',
    'DURATION  SPAN',
    '',
  ]);

  expect(stderr).toContain('Job [quickstart] has successfully been created.');
  expect(stderr).toContain('task 4 │ Task 4, attempt 0 failed: 0.09 is below FAIL_RATE 0.1.');
  expect(stderr).toContain('task 4 failed with exit code 1 (attempt 1 of ');
  for (let task = 0; task < 10; task++) expect(stderr).toContain(`task ${task} │ Completed task ${task}.`);
  expect(home.log(id, 4, 1)).toEqual(['Starting task 4 of 10, attempt 1...', 'Completed task 4.']);

  const tasks = await home.tasks(id);
  expect(tasks.map(({ retried = 0 }) => retried)).toEqual([0, 0, 0, 0, 1, 0, 0, 0, 0, 0]);
});

test.concurrent('--format=json is the execution, as the service describes it', async ({ home }) => {
  const { exitCode, stdout, stderr } = await home.run([
    ...['jobs', 'run', '-f', 'examples/quickstart.yaml'],
    ...['--tasks', '5', '--format', 'json'],
  ]);
  expect(exitCode, stderr).toBe(0);
  const execution = JSON.parse(stdout) as Execution;
  const { name, conditions = [], createTime, startTime, completionTime, ...rest } = execution;
  const id = name.slice(name.lastIndexOf('/') + 1);
  expect(name).toMatch(
    /^projects\/local-project\/locations\/us-central1\/jobs\/quickstart\/executions\/quickstart-[bcdfghjklmnpqrstvwxz2456789]{5}$/,
  );
  expect([createTime, startTime, completionTime]).toEqual([time, time, time]);
  expect(rest).toEqual({
    uid: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    creator: expect.stringContaining('@') as string,
    generation: '1',
    observedGeneration: '1',
    updateTime: time,
    launchStage: 'GA',
    job: 'quickstart',
    parallelism: 3,
    taskCount: 5,
    template: {
      maxRetries: 2,
      timeout: '60s',
      serviceAccount: '100000000000-compute@developer.gserviceaccount.com',
      executionEnvironment: 'EXECUTION_ENVIRONMENT_GEN2',
      containers: [
        {
          image: 'localrun/sample:latest',
          env: [
            { name: 'SLEEP_MS', value: '500' },
            { name: 'FAIL_RATE', value: '0.1' },
          ],
          resources: { limits: { cpu: '1', memory: '512Mi' } },
        },
      ],
    },
    logUri: `file://${path.join(home.directory, 'logs/local-project/us-central1', id)}`,
    etag: expect.stringMatching(/^"[\w-]+\/[\w-]+"$/) as string,
    // No runningCount, failedCount, cancelledCount, reconciling: what is zero or false is left out.
    succeededCount: 5,
    retriedCount: 1,
  });
  const since = (type: string): string | undefined =>
    conditions.find((condition) => condition.type === type)?.lastTransitionTime;
  expect(conditions.toSorted((a, b) => ((a.type ?? '') < (b.type ?? '') ? -1 : 1))).toEqual([
    {
      type: 'Completed',
      state: 'CONDITION_SUCCEEDED',
      lastTransitionTime: completionTime,
      message: `Execution completed successfully in ${span(startTime, completionTime)}.`,
    },
    {
      type: 'ContainerReady',
      state: 'CONDITION_SUCCEEDED',
      lastTransitionTime: time,
      message: 'Imported container image.',
    },
    {
      type: 'ResourcesAvailable',
      state: 'CONDITION_SUCCEEDED',
      lastTransitionTime: time,
      message: 'Provisioned imported containers.',
    },
    {
      type: 'Started',
      state: 'CONDITION_SUCCEEDED',
      lastTransitionTime: time,
      message: `Started deployed execution in ${span(since('ResourcesAvailable'), since('Started'))}.`,
    },
  ]);

  const job = await home.job('quickstart');
  expect(job).toMatchObject({ executionCount: 1, template: { taskCount: 5 } });
  expect(job.latestCreatedExecution).toEqual({
    name: id,
    createTime,
    completionTime,
    completionStatus: 'EXECUTION_SUCCEEDED',
  });

  const [first, second] = await home.tasks(id);
  expect(first).not.toHaveProperty('index');
  expect(first).toMatchObject({ name: `${name}/tasks/${id}-task0`, lastAttemptResult: { status: {} } });
  expect(second?.index).toBe(1);
});
