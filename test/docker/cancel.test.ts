import { type AddressInfo, createServer } from 'node:net';
import { expect } from 'vitest';
import { completionStatus, conditionOf } from '../../src/model/execution.js';
import { until } from '../support/cli.js';
import { type Home, test } from '../support/home.js';

const polite = `trap 'echo cleaning up; exit 0' TERM; echo running; sleep 60 & wait`;
const stubborn = `trap 'echo ignored' TERM; echo running; while :; do sleep 1; done`;

/** The end of an execution that was cancelled. */
async function cancelled(home: Home, id: string): Promise<void> {
  const execution = await home.execution(id);
  expect(completionStatus(execution)).toBe('EXECUTION_CANCELLED');
  expect(conditionOf(execution, 'Completed')).toMatchObject({
    state: 'CONDITION_FAILED',
    executionReason: 'CANCELLED',
    message: 'Cancelled by user.',
  });
  expect(execution).not.toHaveProperty('runningCount');
  expect(execution).not.toHaveProperty('reconciling');
  expect(execution).toMatchObject({ generation: '2', observedGeneration: '2' });
}

test.concurrent.for([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s cancels, and tasks get their time to end', async ([signal, code], { home }) => {
  const events = home.events();
  const file = home.script('polite', polite, { taskCount: 4, parallelism: 2 });
  const command = home.start(['jobs', 'run', '-f', file]);
  await command.says('│ running', 2);
  command.killGroup(signal);
  const { exitCode, stderr, stdout } = await command.ended;
  expect(exitCode, stderr).toBe(code);
  const id = await command.execution();
  await cancelled(home, id);
  expect(await home.execution(id)).toMatchObject({ cancelledCount: 4 });
  for (const task of [0, 1]) expect(home.log(id, task)).toEqual(['running', 'cleaning up']);
  expect(stderr).toContain('task 0 │ cleaning up');
  expect(stderr).toContain('Running tasks have 10 s to stop. Press Ctrl-C again to kill them.');
  expect(stdout).toContain('EXECUTION_CANCELLED');
  // What has no slot never starts, and nothing is retried.
  expect(await events.starts()).toEqual(['task0-attempt0', 'task1-attempt0']);
  const [ran, , waited] = await home.tasks(id);
  expect(ran?.lastAttemptResult).toEqual({ status: { code: 1, message: 'Cancelled by user.' } });
  expect(ran?.retried).toBeUndefined();
  expect(waited?.startTime).toBeUndefined();
});

test.concurrent('a second SIGINT kills at once', async ({ home }) => {
  const containers = [{ command: ['sh', '-c', stubborn] }];
  const file = home.template('stubborn', { taskCount: 2, terminationGracePeriod: '60s', containers });
  const command = home.start(['jobs', 'run', '-f', file]);
  await command.says('│ running', 2);
  command.kill('SIGINT');
  await command.says('│ ignored', 2);
  const before = Date.now();
  command.kill('SIGINT');
  const { exitCode, stderr } = await command.ended;
  expect(Date.now() - before).toBeLessThan(30_000);
  expect(exitCode, stderr).toBe(130);
  expect(stderr).toContain('Running tasks have 60 s to stop.');
  expect(stderr).toContain('Killing the running tasks.');
  await cancelled(home, await command.execution());
});

test.concurrent('SIGINT leaves unstarted what waits to be started', async ({ home }) => {
  const events = home.events();
  const command = home.start(['jobs', 'run', '-f', home.script('many', polite, { taskCount: 30, parallelism: 30 })]);
  await command.says('│ running');
  const before = events.count('create');
  command.kill('SIGINT');
  expect((await command.ended).exitCode).toBe(130);
  await cancelled(home, await command.execution());
  // Those that the engine is just about to start go on: twice the cores at most.
  expect((await events.starts()).length).toBeLessThanOrEqual(before + 8);
});

test.concurrent('SIGINT right after the start cancels too', async ({ home }) => {
  const command = home.start(['jobs', 'run', '-f', home.script('early', polite, { taskCount: 3 })]);
  const id = await command.execution();
  command.kill('SIGINT');
  expect((await command.ended).exitCode).toBe(130);
  await cancelled(home, id);
});

test.concurrent('SIGINT does not wait for an image', async ({ home, onTestFinished }) => {
  // A registry that never answers.
  const registry = createServer((socket) => void socket.on('error', () => {})).listen(0, '127.0.0.1');
  onTestFinished(() => void registry.close());
  const image = `127.0.0.1:${await until(() => (registry.address() as AddressInfo | null)?.port)}/slow:1`;
  const command = home.start(['jobs', 'run', '-f', home.spec('pulling', { image })]);
  await command.says(`Pulling ${image}`);
  command.kill('SIGINT');
  const { exitCode } = await command.ended;
  expect(exitCode).toBe(130);
  await cancelled(home, await command.execution());
});

test.concurrent('`executions cancel` works from another process, at once', async ({ home }) => {
  const command = home.inline([
    'jobs',
    'run',
    '-f',
    home.script('elsewhere', polite, { taskCount: 3, parallelism: 1 }),
  ]);
  await command.says('│ running');
  const id = await command.execution();
  const before = Date.now();
  const cancel = home.inline(['jobs', 'executions', 'cancel', id, '--quiet']);
  await command.says('Cancelling the execution.');
  const { exitCode, stderr } = await cancel.ended;
  expect(exitCode, stderr).toBe(0);
  expect(Date.now() - before).toBeLessThan(20_000);
  expect(stderr).toContain(`Cancelled execution [${id}].`);
  expect((await command.ended).exitCode).toBe(1);
  await cancelled(home, id);
  expect(home.log(id)).toEqual(['running', 'cleaning up']);
  expect(await home.execution(id)).toMatchObject({ cancelledCount: 3 });
});

test.concurrent('an execution can be deleted while another process runs it, which says so', async ({ home }) => {
  const command = home.start(['jobs', 'run', '-f', home.script('deleted', polite)]);
  await command.says('│ running');
  const id = await command.execution();
  const { exitCode, stderr } = await home.run(['jobs', 'executions', 'delete', id, '--quiet']);
  expect(exitCode, stderr).toBe(0);
  const ended = await command.ended;
  expect(ended).toMatchObject({ exitCode: 1, stdout: '' });
  expect(ended.stderr).toMatch(new RegExp(`\nExecution \\[${id}\\] was deleted while it ran\\.\n$`));
  expect(home.containers()).toEqual([]);
});

test.concurrent('an execution that has ended cannot be cancelled', async ({ home }) => {
  const command = home.inline(['jobs', 'run', '-f', home.script('done', 'true')]);
  expect((await command.ended).exitCode).toBe(0);
  const id = await command.execution();
  const before = await home.execution(id);
  const { exitCode, stderr } = await home.run(['jobs', 'executions', 'cancel', id, '--quiet']);
  expect(exitCode).toBe(1);
  expect(stderr).toContain(`[${id}] has completed successfully before it could be cancelled.`);
  expect(await home.execution(id)).toEqual(before);
});
