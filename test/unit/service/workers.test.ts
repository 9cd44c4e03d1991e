import { writeSync } from 'node:fs';
import { beforeEach, expect, test } from 'vitest';
import { runJob } from '../../../src/service/run-job.js';
import { createJob } from '../../../src/service/jobs.js';
import { Workers } from '../../../src/service/workers.js';
import type { Lease } from '../../../src/model/lease.js';
import { ServiceWorld } from '../../support/service.js';
import { jobInput, parent, someJobName } from '../../support/jobs.js';

let world: ServiceWorld;
let execution: string;
let now: number;
/** The numbers of the processes that are at work. */
let working: Set<number>;
/** What workers were started, as `NUMBER at SECONDS by PARENT`. */
let started: string[];

beforeEach(() => {
  world = new ServiceWorld();
  createJob(world.call, { parent, jobId: 'nightly', job: jobInput() });
  execution = runJob(world.call, { name: someJobName }).name;
  now = 0;
  working = new Set([1, 2]);
  started = [];
});

/** The workers of a process; `starts` says whether the machine starts them. */
function workersOf(pid: number, starts = true): Workers {
  const { store, logs } = world;
  return new Workers({
    ...{ store, logs, owner: { pid, processStart: '' }, now: () => now, uuid: () => `${started.length}` },
    alive: (lease: Lease) => working.has(lease.pid),
    start() {
      const worker = 10 + started.length;
      started.push(`${worker} at ${now / 1000} by ${pid}`);
      if (!starts) return undefined;
      working.add(worker);
      return { pid: worker, processStart: '' };
    },
  });
}

test('an execution has one worker, however many processes wait for it, and however long it does nothing', () => {
  const all = [workersOf(1), workersOf(2)];
  for (now = 0; now < 600_000; now += 100) for (const workers of all) workers.start(execution);
  expect(started).toEqual(['10 at 0 by 1']);
  expect(world.store.lease(execution)).toMatchObject({ token: '0', pid: 10 });
});

test('one that ends early has a successor, later each time, and not without end', () => {
  const workers = workersOf(1);
  const file = world.logs.openWorker(execution);
  writeSync(file, 'ERROR: the engine is upset\n\n');
  const wait = (): void => {
    for (now = 0; now < 60_000; now += 100) {
      workers.start(execution);
      for (const worker of working) if (worker >= 10) working.delete(worker);
    }
  };
  expect(wait).toThrow(/started 4 times and has ended early each time\. It said last: ERROR: the engine is upset$/);
  expect(started).toEqual(['10 at 0 by 1', '11 at 3 by 1', '12 at 9 by 1', '13 at 21 by 1']);
  expect(now).toBe(45_000);
  expect(world.store.lease(execution)).toBeUndefined();
});

test('one that has lived for long has a successor at once', () => {
  const workers = workersOf(1);
  for (now = 0; now < 1_000_000; now += 100_000) {
    workers.start(execution);
    working.delete(9 + started.length);
  }
  expect(started).toHaveLength(10);
});

test('one that the machine does not start holds up no command', () => {
  workersOf(1, false).start(execution);
  expect(world.store.lease(execution)).toBeUndefined();
  workersOf(2).start(execution);
  expect(started).toEqual(['10 at 0 by 1', '11 at 0 by 2']);
});
