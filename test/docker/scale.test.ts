import { expect } from 'vitest';
import { completionStatus } from '../../src/model/execution.js';
import { test } from '../support/home.js';

const tasks = Number(process.env['LOCALRUN_SCALE_TASKS'] ?? 16);
const parallelism = Number(process.env['LOCALRUN_SCALE_PARALLELISM'] ?? 8);

test('many tasks, some at a time, all succeed and leave the tables alone on stdout', async ({ home }) => {
  const events = home.events();
  const file = home.script('wide', 'echo task $CLOUD_RUN_TASK_INDEX', { taskCount: tasks, parallelism });
  const { exitCode, stdout, stderr } = await home.run(['jobs', 'run', '-f', file]);
  expect(exitCode, stderr).toBe(0);
  expect(await events.starts()).toEqual(Array.from({ length: tasks }, (_, task) => `task${task}-attempt0`));
  expect(events.most()).toBeLessThanOrEqual(parallelism);
  const lines = stdout.split('\n');
  expect(lines).toHaveLength(1 + tasks + 1 + 8 + 1);
  for (const [index, line] of lines.slice(1, tasks + 1).entries()) {
    expect(line).toMatch(new RegExp(`^✔ {2}${index} +Succeeded {2}0 +[\\d.]+s +exit code 0$`));
  }
  expect(lines.slice(tasks + 1, -2)).toMatchObject([
    '',
    expect.stringMatching(/^EXECUTION +wide-\w{5}$/),
    ...['COMPLETION STATUS  EXECUTION_SUCCEEDED', `TASKS              ${tasks}`, `SUCCEEDED          ${tasks}`],
    ...['FAILED             0', 'CANCELLED          0', 'RETRIED            0'],
  ]);
  const shown = stderr.match(/^task +\d+ │ task \d+$/gm) ?? [];
  expect(new Set(shown.map((line) => line.replace(/^task +(\d+) │ task \1$/, '$1'))).size).toBe(tasks);
});

test('jobs of one home run at the same time, from the first moment on', async ({ home }) => {
  const commands = ['one', 'two', 'three'].map((name) =>
    home.start(['jobs', 'run', '-f', home.script(name, `echo ${name}; sleep 1`, { taskCount: 2 })]),
  );
  for (const command of commands) {
    const { exitCode, stderr } = await command.ended;
    expect(exitCode, stderr).toBe(0);
  }
  const executions = await home.executions();
  expect(executions.map(completionStatus)).toEqual(Array.from({ length: 3 }, () => 'EXECUTION_SUCCEEDED'));
  for (const { name, job } of executions) expect(home.log(name.split('/').at(-1) ?? '', 1)).toEqual([job]);
});

test('one job runs several times at once, though it is not there yet', async ({ home }) => {
  const file = home.script('popular', 'sleep 1');
  const commands = [1, 2, 3].map(() => home.start(['jobs', 'run', '-f', file]));
  for (const command of commands) {
    const { exitCode, stderr } = await command.ended;
    expect(exitCode, stderr).toBe(0);
  }
  const job = await home.job('popular');
  expect(job).toMatchObject({ executionCount: 3, generation: '1' });
  expect((await home.executions()).map(({ succeededCount }) => succeededCount)).toEqual([1, 1, 1]);
});

test('many commands make one job at the same time, and one of them has made it', async ({ home }) => {
  const file = home.script('contended', 'true');
  const commands = Array.from({ length: 6 }, () => home.start(['jobs', 'replace', file]));
  const results = await Promise.all(commands.map(({ ended }) => ended));
  expect(results.map(({ exitCode }) => exitCode)).toEqual(results.map(() => 0));
  const count = (word: string): number => results.filter(({ stderr }) => stderr.includes(word)).length;
  expect([count('has been successfully created.'), count('is unchanged.')]).toEqual([1, 5]);
});
