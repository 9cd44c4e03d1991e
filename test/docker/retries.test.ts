import { writeFileSync } from 'node:fs';
import path from 'node:path';
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

test.concurrent('some tasks of a job run again: those that failed, or those that are named', async ({ home }) => {
  const work = home.scratch('work');
  home.config(`buckets: { work: ${work} }`);
  const script = `echo task $CLOUD_RUN_TASK_INDEX of $CLOUD_RUN_TASK_COUNT
    [ -e /work/mended ] || [ $((CLOUD_RUN_TASK_INDEX % 3)) != 1 ]`;
  const file = home.template('sharded', {
    maxRetries: 0,
    containers: [{ command: ['sh', '-c', script], volumeMounts: [{ name: 'work', mountPath: '/work' }] }],
    volumes: [{ name: 'work', gcs: { bucket: 'work' } }],
  });
  const first = home.inline(['jobs', 'run', '-f', file, '--tasks', '7']);
  const { exitCode, stderr } = await first.ended;
  expect(exitCode).toBe(1);
  const failed = await first.execution();
  expect(stderr).toContain(`  again  localrun jobs run sharded --failed-of ${failed}\n`);

  writeFileSync(path.join(work, 'mended'), '');
  const again = home.inline(['jobs', 'run', 'sharded', '--last-failed']);
  const result = await again.ended;
  expect(result).toMatchObject({
    exitCode: 0,
    stderr: expect.stringContaining(': 2 of 7 (1,4) tasks, parallelism 2.'),
  });
  const id = await again.execution();
  expect(await home.execution(id)).toMatchObject({ taskCount: 2, succeededCount: 2 });
  expect((await home.tasks(id)).map(({ index }) => index)).toEqual([1, 4]);
  expect(home.log(id, 4)).toEqual(['task 4 of 7']);
  const { stdout } = await home.run(['jobs', 'executions', 'describe', id]);
  expect(stdout).toMatch(/^Tasks: +2 of 7 \(1,4\)$/m);

  // As often as one likes, and with the count of then.
  await home.run(['jobs', 'update', 'sharded', '--tasks', '3']);
  const later = await home.run([
    ...['jobs', 'execute', 'sharded', '--wait', '--failed-of', failed],
    '--format=value(name)',
  ]);
  expect(later.exitCode, later.stderr).toBe(0);
  expect(home.log(later.stdout.trim(), 4)).toEqual(['task 4 of 7']);
  const none = await home.run(['jobs', 'run', 'sharded', '--last-failed']);
  expect(none).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(/No task of execution \[sharded-\w+\] failed/),
  });

  const named = await home.run(['jobs', 'run', 'sharded', '--task', '0,2', '--format=value(name)']);
  expect(home.log(named.stdout.trim(), 2)).toEqual(['task 2 of 3']);
  const beyond = await home.run(['jobs', 'run', 'sharded', '--task', '2-5']);
  expect(beyond).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('has no task [3-5]') });
  expect(await home.executions()).toHaveLength(4);
});
