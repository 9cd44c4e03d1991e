import path from 'node:path';
import { expect } from 'vitest';
import { repository } from '../support/cli.js';
import { test } from '../support/home.js';

const full = 'task 0 ran out of memory (attempt 1 of 1)';
/** A job of 512 MiB that runs a script once. */
const job = { maxRetries: 0, resources: { limits: { memory: '512Mi' } } };
const write = (mebi: number): string => `dd if=/dev/zero of=/file bs=1M count=${mebi} 2>/dev/null`;

test.concurrent('with --strict-fs a task cannot write more than it has memory', async ({ home }) => {
  const file = home.script('large', `${write(600)}; echo written; sleep 20; echo survived`, job);
  const { exitCode, stderr } = await home.run(['jobs', 'run', '-f', file, '--strict-fs']);
  expect(exitCode).toBe(1);
  expect(stderr).toContain(full);
  expect(stderr).not.toContain('survived');
});

test.concurrent('nor does it get away with ending before that is noticed', async ({ home }) => {
  const { stderr } = await home.run(['jobs', 'run', '-f', home.script('quick', write(600), job), '--strict-fs']);
  expect(stderr).toContain(full);
});

test.concurrent('without it a task can, whatever localrun.yaml says', async ({ home }) => {
  home.config('strictFs: true');
  const file = home.script('large', write(600), job);
  expect((await home.run(['jobs', 'run', '-f', file])).stderr).toContain(full);
  expect((await home.run(['jobs', 'run', '-f', file, '--no-strict-fs'])).exitCode).toBe(0);
});

test.concurrent('what was written is missing as memory, until it is removed', async ({ home }) => {
  const use = 'dd if=/dev/zero of=/dev/null bs=300M count=1 2>/dev/null';
  const script = `${use} && ${write(300)}; sleep 4; ${use}; echo "with the file: $?"; rm /file; sleep 4; ${use}; echo "without: $?"`;
  const command = home.inline(['jobs', 'run', '-f', home.script('share', script, job), '--strict-fs']);
  await command.ended;
  expect(home.log(await command.execution())).toEqual(['with the file: 137', 'without: 0']);
});

test.concurrent('the example with a localrun.yaml of its own', async ({ home }) => {
  const cwd = path.join(repository, 'examples', 'local-resources');
  const command = home.inline(['jobs', 'run', '-f', 'job.yaml'], { cwd });
  const { exitCode, stderr } = await command.ended;
  expect(exitCode, stderr).toBe(0);
  expect(home.log(await command.execution())).toEqual([
    'sum of 2 orders: 42',
    'the key in the variable is that in the file: true',
  ]);
});
