import { expect } from 'vitest';
import { isCompleted } from '../../src/model/execution.js';
import type { Check } from '../../src/service/doctor/check.js';
import { test } from '../support/home.js';

/** How long the crowd works, in s; 60 for the whole of it. */
const seconds = Number(process.env['LOCALRUN_CROWD_SECONDS'] ?? 3);
const members = 20;

test('twenty command lines at once on one store', { timeout: seconds * 1000 + 120_000 }, async ({ home }) => {
  const until = Date.now() + seconds * 1000;
  const said: string[] = [];
  let latest = 'none-x';
  const member = async (number: number): Promise<void> => {
    const job = `crowd${number % 5}`;
    const file = home.script(job, 'exit $((CLOUD_RUN_TASK_INDEX % 2))', { taskCount: 2, maxRetries: 1 });
    for (let turn = number; turn === number || Date.now() < until; turn++) {
      const choices = [
        ['jobs', 'replace', file],
        ['jobs', 'execute', job, '--async'],
        ['jobs', 'executions', 'cancel', latest, '--quiet'],
        ['jobs', 'list'],
        ['jobs', 'executions', 'list'],
        ['jobs', 'run', '-f', file],
        ['jobs', 'executions', 'describe-latest', '--job', job],
        ...(number % 10 === 0 ? [['jobs', 'delete', job, '--quiet']] : [['jobs', 'executions', 'list', '--job', job]]),
      ];
      const args = choices[turn % choices.length] ?? [];
      const { stderr } = await home.start(args).ended;
      latest = /Execution \[([^\]]+)\]/.exec(stderr)?.[1] ?? latest;
      said.push(stderr);
    }
  };
  await Promise.all(Array.from({ length: members }, (_, number) => member(number)));
  for (let quiet = false; !quiet;) {
    await home.run(['jobs', 'list']);
    quiet = (await home.executions()).every(isCompleted) && home.processes().length === 0;
    if (!quiet) await new Promise((resolve) => setTimeout(resolve, 500));
  }
  expect(said.filter((text) => /SQLITE|busy|locked|held by another|mistake|\n {4}at |damaged/i.test(text))).toEqual([]);
  expect(said.length).toBeGreaterThanOrEqual(members);
  const executions = await home.executions();
  for (const execution of executions) {
    const { taskCount, succeededCount = 0, failedCount = 0, cancelledCount = 0 } = execution;
    expect(succeededCount + failedCount + cancelledCount).toBe(taskCount);
    expect(execution).not.toHaveProperty('runningCount');
    const attempts = (await home.tasks(execution.name.split('/').at(-1) ?? '')).map(({ retried = 0 }) => retried);
    expect(execution.retriedCount ?? 0).toBe(attempts.reduce((sum, retried) => sum + retried, 0));
  }
  expect(home.containers()).toEqual([]);
  const { exitCode, stdout } = await home.run(['doctor', '--format=json']);
  expect(exitCode).toBe(0);
  const checks = JSON.parse(stdout) as Check[];
  const orphans = checks.filter(({ name }) => name.endsWith('orphans'));
  expect(orphans.map(({ found }) => found)).toEqual(['none', 'none']);
});
