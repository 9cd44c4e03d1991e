import { expect } from 'vitest';
import { conditionOf } from '../../src/model/execution.js';
import { test } from '../support/home.js';

const attempt = 'echo attempt $CLOUD_RUN_TASK_ATTEMPT';

test.concurrent.for([
  ['never with maxRetries 0', 0, 0],
  ['three times if the job does not say', undefined, 3],
  ['twice with maxRetries 2', 2, 2],
] as const)('a task that fails is retried %s', async ([, maxRetries, retries], { home }) => {
  const events = home.events();
  const file = home.script('failing', `${attempt}; exit 3`, { maxRetries });
  const command = home.inline(['jobs', 'run', '-f', file]);
  const { exitCode, stderr } = await command.ended;
  expect(exitCode).toBe(1);

  const id = await command.execution();
  const attempts = Array.from({ length: retries + 1 }, (_, k) => k);
  expect(await events.starts()).toEqual(attempts.map((k) => `task0-attempt${k}`));
  for (const k of attempts) expect(home.log(id, 0, k)).toEqual([`attempt ${k}`]);

  const execution = await home.execution(id);
  expect(conditionOf(execution, 'Completed')).toMatchObject({
    state: 'CONDITION_FAILED',
    executionReason: 'NON_ZERO_EXIT_CODE',
    message: `Task ${id}-task0 failed with exit code: 3 and message: The container exited with an error.`,
  });
  expect(execution).toMatchObject({ failedCount: 1 });
  expect(execution).not.toHaveProperty('succeededCount');
  expect(execution.retriedCount).toBe(retries > 0 ? 1 : undefined);
  const [task] = await home.tasks(id);
  expect(task?.retried).toBe(retries || undefined);
  expect(task?.lastAttemptResult).toEqual({
    status: { code: 10, message: 'The container exited with an error.' },
    exitCode: 3,
  });
  expect(stderr).toContain('task 0 failed with exit code 3 (attempt ');
});

test.concurrent('a task that fails does not stop the others', async ({ home }) => {
  const script = `${attempt}; [ $CLOUD_RUN_TASK_INDEX != 1 ] || exit 3`;
  const command = home.inline([
    ...['jobs', 'run', '-f', home.script('one-fails', script, { taskCount: 5, parallelism: 1, maxRetries: 1 })],
  ]);
  expect((await command.ended).exitCode).toBe(1);
  const id = await command.execution();
  expect(await home.execution(id)).toMatchObject({ succeededCount: 4, failedCount: 1, retriedCount: 1 });
  expect(conditionOf(await home.execution(id), 'Completed')?.message).toBe(
    `Task ${id}-task1 failed with exit code: 3 and message: The container exited with an error.`,
  );
  const job = await home.job('one-fails');
  expect(job.latestCreatedExecution?.completionStatus).toBe('EXECUTION_FAILED');
});

test.concurrent('a task that succeeds at its last attempt makes the execution succeed', async ({ home }) => {
  const script = `${attempt}; [ $CLOUD_RUN_TASK_ATTEMPT = 2 ]`;
  const command = home.inline(['jobs', 'run', '-f', home.script('third', script, { taskCount: 2, maxRetries: 2 })]);
  expect((await command.ended).exitCode).toBe(0);
  const id = await command.execution();
  expect(await home.execution(id)).toMatchObject({ succeededCount: 2, retriedCount: 2 });
  expect((await home.tasks(id)).map(({ retried }) => retried)).toEqual([2, 2]);
  expect(home.log(id, 1, 2)).toEqual(['attempt 2']);
});
