import { expect } from 'vitest';
import { completionStatus } from '../../src/model/execution.js';
import { type Command, until } from '../support/cli.js';
import { type Home, test } from '../support/home.js';

const adopting = (id: string): string[] => ['jobs', 'executions', 'adopt', id];
const waiting = (id: string): string[] => ['jobs', 'executions', 'wait', id];

/** A job in the background whose worker is killed once all its tasks run. */
async function abandoned(home: Home, script: string, spec: { taskCount?: number; maxRetries?: number } = {}) {
  expect((await home.run(['jobs', 'create', '-f', home.script('left', script, spec)])).exitCode).toBe(0);
  const events = home.events();
  const command = home.start(['jobs', 'execute', 'left', '--async']);
  expect((await command.ended).exitCode).toBe(0);
  await events.started(spec.taskCount ?? 1);
  const worker = await until(() => home.processes().find(({ args }) => args.includes('__worker')));
  process.kill(worker.pid, 'SIGKILL');
  await until(() => !home.processes().some(({ pid }) => pid === worker.pid));
  return command.execution();
}

test.concurrent('`adopt` carries on what a worker has left, and follows it to its end', async ({ home }) => {
  const id = await abandoned(home, 'echo first; sleep 3; echo last', { taskCount: 2 });
  const { exitCode, stdout, stderr } = await home.run(adopting(id));
  expect(exitCode, stderr).toBe(0);
  expect(stderr).toContain('Resuming 2 orphaned attempts of another process.');
  for (const line of ['task 0 │ first', 'task 0 │ last', 'task 1 │ last']) expect(stderr.split(line)).toHaveLength(2);
  expect(stdout).toMatch(/COMPLETION STATUS +EXECUTION_SUCCEEDED/);
  expect(await home.events().starts(id)).toEqual(['task0-attempt0', 'task1-attempt0']);
  expect(home.log(id, 1)).toEqual(['first', 'last']);
});

test.concurrent('`adopt` fails as the execution does', async ({ home }) => {
  const id = await abandoned(home, 'sleep 2; exit 3', { maxRetries: 0 });
  const { exitCode, stdout, stderr } = await home.run(adopting(id));
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/COMPLETION STATUS +EXECUTION_FAILED/);
  expect(stderr).toContain('task 0 failed with exit code 3 (');
});

test.concurrent(
  'of two that adopt an execution at once one carries it on, the other says who does',
  async ({ home }) => {
    const id = await abandoned(home, 'sleep 3; echo ended', { taskCount: 2 });
    const adopters: Command[] = [home.start(adopting(id)), home.start(adopting(id))];
    const results = await Promise.all(adopters.map(({ ended }) => ended));
    const took = results.filter(({ stderr }) => stderr.includes('Resuming 2 orphaned attempts'));
    expect(took).toHaveLength(1);
    expect(took[0]?.exitCode, took[0]?.stderr).toBe(0);
    const [other] = results.filter((result) => result !== took[0]);
    const winner = adopters.find((_, i) => results[i] === took[0])?.pid;
    // It came second to the lease, or found it taken already.
    if (other?.exitCode === 0) expect(other.stderr).toContain(`Another localrun process has taken over ${id}`);
    else expect(other?.stderr).toContain(`Execution [${id}] is run by process ${winner}, which is at work.`);
    expect(await home.events().starts(id)).toEqual(['task0-attempt0', 'task1-attempt0']);
    expect(completionStatus(await home.completed(id))).toBe('EXECUTION_SUCCEEDED');
  },
);

test.concurrent('an interrupted `adopt` cancels the execution', async ({ home }) => {
  const id = await abandoned(home, `trap 'echo stopped; exit 1' TERM; sleep 60 & wait`);
  const command = home.start(adopting(id));
  await command.says('Resuming 1 orphaned attempt');
  command.kill('SIGINT');
  expect((await command.ended).exitCode).toBe(130);
  expect(completionStatus(await home.completed(id))).toBe('EXECUTION_CANCELLED');
});

test.concurrent(
  '`wait` ends when an execution in another terminal does, which no other command can adopt',
  async ({ home }) => {
    const file = home.script('elsewhere', 'echo started; sleep 3; exit 4', { maxRetries: 0 });
    const run = home.start(['jobs', 'run', '-f', file]);
    await run.says('│ started');
    const id = await run.execution();
    const waiter = home.start(waiting(id));
    const refused = await home.run(adopting(id));
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain(`Execution [${id}] is run by process ${run.pid}, which is at work.`);
    expect(refused.stderr).toContain(`Try: localrun jobs executions wait ${id}`);
    const { exitCode, stdout, stderr } = await waiter.ended;
    expect(exitCode).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain('The execution failed. Task 0 failed with exit code 4 (attempt ');
    expect((await run.ended).exitCode).toBe(1);
  },
);

test.concurrent('`wait` resumes an orphan', async ({ home }) => {
  const id = await abandoned(home, 'sleep 2; echo ended');
  const { exitCode, stdout, stderr } = await home.run([...waiting(id), '--format', 'value(succeededCount)']);
  expect(exitCode, stderr).toBe(0);
  expect(stdout).toBe('1\n');
  expect(stderr).toContain(`Execution [${id}] has successfully completed.`);
  expect(home.log(id)).toEqual(['ended']);
});

test.concurrent('an interrupted `wait` leaves the execution running', async ({ home }) => {
  const run = home.start(['jobs', 'run', '-f', home.script('unattended', 'echo started; sleep 3')]);
  await run.says('│ started');
  const waiter = home.start(waiting(await run.execution()));
  await waiter.says('Running execution');
  waiter.kill('SIGINT');
  const { exitCode, stderr } = await waiter.ended;
  expect(exitCode).toBe(130);
  expect(stderr).toContain('continues. To cancel it: localrun jobs executions cancel');
  expect((await run.ended).exitCode).toBe(0);
});
