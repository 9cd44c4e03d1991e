import { expect } from 'vitest';
import { conditionOf } from '../../src/model/execution.js';
import { epochMs } from '../../src/model/time.js';
import { test } from '../support/home.js';

const timedOut = { status: { code: 4, message: 'The configured timeout was reached.' } };

test.concurrent('SIGTERM ends a task at its timeout; what it then writes is kept', async ({ home }) => {
  const script = `trap 'echo cleaning up; exit 0' TERM; echo started; sleep 60 & wait`;
  const command = home.inline(['jobs', 'run', '-f', home.script('polite', script, { timeout: '2s', maxRetries: 0 })]);
  const { exitCode, stderr } = await command.ended;
  expect(exitCode).toBe(1);
  const id = await command.execution();
  expect(home.log(id)).toEqual(['started', 'cleaning up']);
  const [task] = await home.tasks(id);
  // Exit 0 after the timeout is no success, and there is no exit code to be shown.
  expect(task?.lastAttemptResult).toEqual(timedOut);
  const ran = epochMs(task?.completionTime ?? '') - epochMs(task?.startTime ?? '');
  expect(ran).toBeGreaterThanOrEqual(2000);
  expect(ran).toBeLessThan(11_000);
  const completed = conditionOf(await home.execution(id), 'Completed');
  expect(completed?.message).toBe(
    `Task ${id}-task0 failed with exit code: 0 and message: The configured timeout was reached.`,
  );
  expect(completed).not.toHaveProperty('executionReason');
  expect(stderr).toContain('task 0 has reached its timeout of 2s');
});

test.concurrent('a task that ignores SIGTERM is killed 10 s later', async ({ home }) => {
  const script = `trap 'echo ignored' TERM; while :; do sleep 1; done`;
  const file = home.script('stubborn', script, { timeout: '1s', maxRetries: 0 });
  const command = home.inline(['jobs', 'run', '-f', file]);
  expect((await command.ended).exitCode).toBe(1);
  const id = await command.execution();
  expect(home.log(id)).toEqual(['ignored']);
  const [task] = await home.tasks(id);
  expect(task?.lastAttemptResult).toEqual(timedOut);
  const ran = epochMs(task?.completionTime ?? '') - epochMs(task?.startTime ?? '');
  expect(ran).toBeGreaterThanOrEqual(11_000);
  expect(ran).toBeLessThan(20_000);
});

test.concurrent('terminationGracePeriod is the time from SIGTERM to SIGKILL', async ({ home }) => {
  const script = `trap 'echo ignored' TERM; while :; do sleep 0.2; done`;
  const file = home.template('graced', {
    timeout: '1s',
    terminationGracePeriod: '2s',
    maxRetries: 0,
    containers: [{ command: ['sh', '-c', script] }],
  });
  const command = home.inline(['jobs', 'run', '-f', file]);
  const { exitCode, stderr } = await command.ended;
  expect(exitCode).toBe(1);
  expect(stderr).not.toContain('Ignored locally');
  const id = await command.execution();
  expect(home.log(id)).toEqual(['ignored']);
  const [task] = await home.tasks(id);
  const ran = epochMs(task?.completionTime ?? '') - epochMs(task?.startTime ?? '');
  expect(ran).toBeGreaterThanOrEqual(3000);
  expect(ran).toBeLessThan(10_500);
});

test.concurrent('a task is retried after its timeout, with all the time again', async ({ home }) => {
  const script = `trap 'exit 1' TERM; sleep $([ $CLOUD_RUN_TASK_ATTEMPT = 0 ] && echo 60 || echo 1) & wait $!`;
  const command = home.inline([
    ...['jobs', 'run', '-f', home.script('second-chance', script, { timeout: '2s', maxRetries: 1, taskCount: 2 })],
  ]);
  const { exitCode, stderr } = await command.ended;
  expect(exitCode, stderr).toBe(0);
  const tasks = await home.tasks(await command.execution());
  expect(tasks).toMatchObject([
    { retried: 1, lastAttemptResult: { status: {} } },
    { retried: 1, lastAttemptResult: { status: {} } },
  ]);
  expect(stderr).toContain(' (attempt 1 of 2); retrying');
});
