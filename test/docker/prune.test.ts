import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { test } from '../support/home.js';

test('`prune` removes what has ended, and leaves alone what runs', async ({ home }) => {
  const succeeded = home.inline(['jobs', 'run', '-f', home.script('noisy', 'seq 100000', { taskCount: 2 })]);
  expect((await succeeded.ended).exitCode).toBe(0);
  const background = await home.run(['jobs', 'execute', 'noisy', '--wait', '--args', 'ignored']);
  expect(background.exitCode, background.stderr).toBe(0);
  const running = home.inline(['jobs', 'run', '-f', home.script('running', 'echo started; sleep 5; echo ended')]);
  await running.says('│ started');

  const shown = await home.run(['prune']);
  expect(shown.exitCode, shown.stderr).toBe(0);
  expect(shown.stderr).toMatch(/^Would remove 2 items, [\d.]+ MiB\. To remove it, use --quiet\.\n$/);
  expect(await home.executions()).toHaveLength(3);

  const { exitCode, stdout, stderr } = await home.run(['prune', '--quiet']);
  expect(exitCode, stderr).toBe(0);
  expect(stdout).toBe(shown.stdout);
  expect(stderr).toMatch(/^Removed 2 items, [\d.]+ MiB; freed [\d.]+ MiB of disk\.\n$/);
  expect((await home.executions()).map(({ job }) => job)).toEqual(['running']);
  const id = await running.execution();
  expect(readdirSync(path.join(home.directory, 'logs', 'local-project', 'us-central1'))).toEqual([id]);
  expect(readdirSync(path.join(home.directory, 'workers'))).toEqual([]);
  expect((await running.ended).exitCode).toBe(0);
  expect(home.log(id)).toEqual(['started', 'ended']);

  expect((await home.run(['prune', '--quiet'])).exitCode).toBe(0);
  expect(existsSync(path.join(home.directory, 'logs', 'local-project', 'us-central1', id))).toBe(false);
  expect((await home.run(['jobs', 'list', '--format', 'value(name)'])).stdout).toBe('noisy\nrunning\n');
});
