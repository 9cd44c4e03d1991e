import { expect, test } from 'vitest';
import { memoryNotes } from '../../../../src/cli/output/usage.js';
import type { Container } from '../../../../src/model/schema/container.js';
import type { AttemptUsage } from '../../../../src/model/usage.js';
import { storedExecution, storedJob } from '../../../support/filled.js';
import { jobInput } from '../../../support/jobs.js';
import { ServiceWorld } from '../../../support/service.js';

const mebi = 2 ** 20;
const peak = (mebis: number, more: object = {}): AttemptUsage => ({
  'container-0': { peakMemoryBytes: mebis * mebi, cacheBytes: 0, ...more },
});

/** What the end of a run says whose tasks have used this. */
function notes(usages: readonly AttemptUsage[], ...containers: Container[]): string[] {
  const world = new ServiceWorld();
  const job = storedJob(world, 'nightly', jobInput({ taskCount: usages.length }, { containers }));
  const execution = storedExecution(world, job, 'x7k2p', world.now, (i) => ({
    state: 'Succeeded',
    attempts: [{ at: 0, ran: 1, usage: usages[i] ?? {} }],
  }));
  return memoryNotes(world, execution);
}

const one = (memory: string): Container => ({ image: 'i', resources: { limits: { memory } } });

test.each<[string, AttemptUsage[], string]>([
  ['512Mi', [peak(100), peak(461)], 'task 1 used 461 MiB of 512Mi, 90 %. --memory=1Gi would leave room.'],
  [
    '512Mi',
    [peak(450), peak(20), peak(461), peak(440)],
    'tasks 0,2-3 used more than 80 % of 512Mi, at most 461 MiB. --memory=1Gi would leave room.',
  ],
  ['4Gi', [peak(3900)], 'task 0 used 3.81 GiB of 4Gi, 95 %. --cpu=2 --memory=6Gi would leave room.'],
  [
    '512Mi',
    [peak(512, { oomKills: 1, oomVictim: 'child' }), peak(20)],
    'task 0 reached the limit of 512Mi, and only a child process was killed. --memory=1Gi would leave room.',
  ],
  [
    '512Mi',
    [
      peak(512, { oomKills: 1, oomVictim: 'main' }),
      peak(512, { oomKills: 1, oomVictim: 'child' }),
      peak(500),
      peak(512, { oomKills: 1, oomVictim: 'main' }),
    ],
    'tasks 0,3 reached the limit of 512Mi; task 1 reached the limit of 512Mi, and only a child process was killed; task 2 used 500 MiB of 512Mi, 97 %. --memory=1Gi would leave room.',
  ],
  ['4Gi', [peak(101), peak(90)], 'no task used more than 101 MiB of 4Gi. --memory=512Mi would be enough.'],
])('a container of %s: %j', (memory, usages, note) => {
  expect(notes(usages, one(memory))).toEqual([`Memory: ${note}`]);
});

test('says nothing where the limit fits, or nothing is known', () => {
  expect(notes([peak(300)], one('512Mi'))).toEqual([]);
  expect(notes([{}], one('4Gi'))).toEqual([]);
});

test('names the container, if there are several', () => {
  const limits = { limits: { memory: '512Mi' } };
  const usage = { app: { peakMemoryBytes: 300 * mebi }, 'container-1': { peakMemoryBytes: 500 * mebi } };
  const app = { image: 'i', name: 'app', resources: limits };
  expect(notes([usage], app, { image: 'i', resources: limits })).toEqual([
    'Memory of container-1: task 0 used 500 MiB of 512Mi, 97 %.',
  ]);
  expect(notes([{ app: { peakMemoryBytes: 500 * mebi } }], app, { image: 'i', resources: limits })).toEqual([
    'Memory of app: task 0 used 500 MiB of 512Mi, 97 %. --container=app --memory=1Gi would leave room.',
  ]);
});
