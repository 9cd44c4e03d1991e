import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';

/** 10000, the most that there can be, for the long form. */
const tasks = Number(process.env['LOCALRUN_SCALE'] ?? 1200);

test('thousands of tasks, and a thousand jobs, cost little more than a few', () => {
  const bench = path.join(import.meta.dirname, '..', '..', 'bench', 'scale.mjs');
  const args = ['--rounds', '3', '--tasks', String(tasks), '--json'];
  const output = execFileSync(process.execPath, [bench, ...args], { encoding: 'utf8' });
  const figures = JSON.parse(output) as Record<string, number> & { succeeded: number[] };
  expect(figures.succeeded).toEqual([10, 1000, tasks]);
  expect(figures['rssRatio']).toBeLessThan(1.3);
  expect(figures['tasksListRatio']).toBeLessThan(3);
  expect(figures['describeRatio']).toBeLessThan(3);
  expect(figures['jobsListRatio']).toBeLessThan(2);
  expect(figures['executionsListRatio']).toBeLessThan(2);
  expect(figures['executionsOfJobRatio']).toBeLessThan(2);
}, 180_000);
