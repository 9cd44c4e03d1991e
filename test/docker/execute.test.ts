import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { completionStatus, conditionOf, isCompleted } from '../../src/model/execution.js';
import type { Execution } from '../../src/model/schema/job.js';
import { until } from '../support/cli.js';
import { type Home, test } from '../support/home.js';

async function created(home: Home, file: string): Promise<void> {
  const { exitCode, stderr } = await home.run(['jobs', 'create', '-f', file]);
  expect(exitCode, stderr).toBe(0);
}

test.concurrent('`execute` returns once the execution has started, which goes on by itself', async ({ home }) => {
  await created(home, home.script('background', 'echo started; sleep 3; echo ended', { taskCount: 2 }));
  const { exitCode, stdout, stderr } = await home.run(['jobs', 'execute', 'background', '--format', 'json']);
  expect(exitCode, stderr).toBe(0);
  const execution = JSON.parse(stdout) as Execution;
  expect(conditionOf(execution, 'Started')?.state).toBe('CONDITION_SUCCEEDED');
  expect(isCompleted(execution)).toBe(false);
  expect(execution.runningCount).toBeGreaterThan(0);
  const id = execution.name.slice(execution.name.lastIndexOf('/') + 1);
  expect(stderr).toContain(`Execution [${id}] has successfully started running.`);
  expect((await home.job('background')).latestCreatedExecution?.completionStatus).toBe('EXECUTION_RUNNING');
  expect(completionStatus(await home.completed(id))).toBe('EXECUTION_SUCCEEDED');
  expect(home.log(id, 1)).toEqual(['started', 'ended']);
});

test.concurrent('`execute --wait` returns once the execution has ended', async ({ home }) => {
  await created(home, home.script('awaited', 'sleep 1; echo "$1 $MORE"', { args: ['name', 'of the job'] }));
  const { exitCode, stdout, stderr } = await home.run([
    ...['jobs', 'execute', 'awaited', '--wait', '--format', 'json', '--tasks', '2'],
    ...['--args', 'name,of the execution', '--update-env-vars', 'MORE=variable'],
  ]);
  expect(exitCode, stderr).toBe(0);
  const execution = JSON.parse(stdout) as Execution;
  expect(execution).toMatchObject({ taskCount: 2, succeededCount: 2 });
  const id = execution.name.slice(execution.name.lastIndexOf('/') + 1);
  expect(stderr).toContain(`Execution [${id}] has successfully completed.`);
  expect(home.log(id, 1)).toEqual(['of the execution variable']);
  expect((await home.job('awaited')).template.taskCount).toBe(1);
});

test.concurrent('`execute --wait` fails as the execution does', async ({ home }) => {
  await created(home, home.script('failing', 'exit 3', { maxRetries: 0 }));
  const { exitCode, stdout, stderr } = await home.run(['jobs', 'execute', 'failing', '--wait']);
  expect(exitCode).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/The execution failed. Task 0 failed with exit code 3 \(attempt \d of \d\)\./);
});

test.concurrent('`execute --tail` shows what is written until the execution has ended', async ({ home }) => {
  await created(home, home.script('shown', 'echo first; sleep 1; echo last', { taskCount: 2, parallelism: 1 }));
  const command = home.inline(['beta', 'jobs', 'execute', 'shown', '--tail']);
  await until(() => command.stdout.includes(' first\n'));
  expect(command.stdout).not.toContain('last');
  const { exitCode, stdout, stderr } = await command.ended;
  expect(exitCode, stderr).toBe(0);
  expect(stdout.replaceAll(/^\S+ \S+ /gm, '').split('\n')).toEqual([
    ...['first', 'last', 'Container called exit(0).'],
    ...['first', 'last', 'Container called exit(0).', ''],
  ]);
  expect(stderr).toMatch(/Execution \[shown-\w{5}\] has successfully completed./);
});

test.concurrent('`execute --tail` fails as the execution does', async ({ home }) => {
  await created(home, home.script('failing', 'echo shown; exit 3', { maxRetries: 0 }));
  const { exitCode, stdout, stderr } = await home.run(['jobs', 'execute', 'failing', '--tail']);
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/^\S+ \S+ shown\n\S+ \S+ Container called exit\(3\)\.\n$/);
  expect(stderr).toContain('The execution failed. Task 0 ');
});

test.concurrent('`execute --tail` leaves stdout to --format', async ({ home }) => {
  await created(home, home.script('both', 'echo shown'));
  const command = home.inline(['jobs', 'execute', 'both', '--tail', '--format', 'value(succeededCount)']);
  const { exitCode, stdout, stderr } = await command.ended;
  expect(exitCode, stderr).toBe(0);
  expect(stdout).toBe('1\n');
  expect(stderr).toContain(' shown\n');
});

test.concurrent('`execute --async` does not wait at all', async ({ home }) => {
  await created(home, home.script('async', 'echo ran'));
  const command = home.inline(['jobs', 'execute', 'async', '--async', '--format', 'json']);
  const { exitCode, stdout, stderr } = await command.ended;
  expect(exitCode, stderr).toBe(0);
  expect((JSON.parse(stdout) as Execution).conditions).toMatchObject([
    { type: 'Completed', state: 'CONDITION_PENDING' },
  ]);
  const id = await command.execution();
  expect(stderr).toContain(`Execution [${id}] is being started asynchronously.`);
  expect(completionStatus(await home.completed(id))).toBe('EXECUTION_SUCCEEDED');
});

test.concurrent.for(['--wait', '--tail'])(
  'the execution goes on when `execute %s` is interrupted',
  async (flag, { home }) => {
    await created(home, home.script('unattended', 'sleep 2; echo ended'));
    const events = home.events();
    const command = home.start(['jobs', 'execute', 'unattended', flag]);
    await events.started(1);
    command.killGroup('SIGINT');
    const { exitCode, stderr } = await command.ended;
    expect(exitCode).toBe(130);
    const [, id = ''] = /Execution \[(.*)\] continues/.exec(stderr) ?? [];
    expect(completionStatus(await home.completed(id))).toBe('EXECUTION_SUCCEEDED');
    expect(home.log(id)).toEqual(['ended']);
    expect(await events.starts()).toEqual(['task0-attempt0']);
  },
);

test.concurrent('deleting a job ends what runs of it, and leaves nothing', async ({ home }) => {
  await created(home, home.script('unwanted', `trap 'exit 0' TERM; sleep 60 & wait`, { taskCount: 3, parallelism: 2 }));
  const command = home.inline(['jobs', 'execute', 'unwanted']);
  expect((await command.ended).exitCode).toBe(0);
  const id = await command.execution();
  const refused = await home.run(['jobs', 'delete', 'unwanted']);
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toContain('all running executions will be stopped and deleted.');
  expect((await home.execution(id)).runningCount).toBe(2);

  const { exitCode, stderr } = await home.run(['jobs', 'delete', 'unwanted', '--quiet']);
  expect(exitCode, stderr).toBe(0);
  expect(stderr).toContain('Deleted job [unwanted].');
  expect(home.containers()).toEqual([]);
  expect(existsSync(path.join(home.directory, 'logs/local-project/us-central1', id))).toBe(false);
  for (const [words, answer] of [
    [['jobs', 'describe', 'unwanted'], 'Cannot find job [unwanted].'],
    [['jobs', 'executions', 'describe', id], `Cannot find execution [${id}].`],
  ] as const) {
    const gone = await home.run(words);
    expect(gone.exitCode).toBe(1);
    expect(gone.stderr).toContain(answer);
  }
});
