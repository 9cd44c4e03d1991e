import { statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { completed } from '../../../src/model/execution.js';
import { shortName } from '../../../src/model/names.js';
import { getExecution, startExecutionDeletion } from '../../../src/service/executions.js';
import { createJob, deleteJob } from '../../../src/service/jobs.js';
import { bytesOf, prunable, prune, type PruneRequest } from '../../../src/service/prune.js';
import { finishDeletions } from '../../../src/service/retention.js';
import { runJob } from '../../../src/service/run-job.js';
import { timestamp } from '../../../src/model/time.js';
import { jobInput } from '../../support/jobs.js';
import { day, serviceError, ServiceWorld, someLog } from '../../support/service.js';

const kib = 1024;

/**
 * In the order of their ends, a day apart: an execution of job a, two of b, two of a, each with logs of 100 KiB; one of a
 * runs on. Job c is in another region, and has one that ended first.
 */
async function history(): Promise<{ world: ServiceWorld; going: (request: PruneRequest) => string[] }> {
  const world = new ServiceWorld();
  const names = new Map<string, string>();
  const began = (job: string, location = 'us-central1'): string => {
    const parent = { project: 'p', location };
    if (![...names.values()].some((label) => label.startsWith(job))) {
      createJob(world.call, { parent, jobId: job, job: jobInput() });
    }
    const { name } = runJob(world.call, { name: `projects/p/locations/${location}/jobs/${job}` });
    names.set(name, job + [...names.values()].filter((label) => label.startsWith(job)).length);
    const source = { task: 0, attempt: 0 };
    someLog(world.logs, name);
    writeFileSync(world.logs.file(name, source, 'stdout'), 'x'.repeat(100 * kib));
    return name;
  };
  const ended = (name: string): void => {
    const execution = world.store.execution(name);
    const time = timestamp(world.now);
    if (execution) world.store.saveExecution(completed(execution, { cancelled: false, time }, time));
    world.advance(day);
  };
  ended(began('c', 'europe-west1'));
  for (const job of ['a', 'b', 'b', 'a', 'a']) ended(began(job));
  began('a');
  const going = (request: PruneRequest): string[] =>
    prunable(world.call, request).map(({ name }) => names.get(name) ?? name);
  return { world, going };
}

describe('what may go', () => {
  test.each<[string, PruneRequest, string[]]>([
    ['is all that has ended, oldest first', {}, ['c0', 'a0', 'b0', 'b1', 'a1', 'a2']],
    ['is old enough', { olderThan: 3.5 * 86_400 }, ['c0', 'a0', 'b0']],
    ['is not among the last of its job', { keepLast: 1 }, ['a0', 'b0', 'a1']],
    ['is not among the last three of its job', { keepLast: 3 }, []],
    ['is what is too much, oldest first', { maxBytes: 350 * kib }, ['c0', 'a0', 'b0']],
    ['is nothing where all fits', { maxBytes: 10 ** 6 }, []],
    ['is what no limit spares', { keepLast: 1, maxBytes: 500 * kib }, ['a0', 'b0']],
    ['is what no limit spares, be it too much', { olderThan: 4.5 * 86_400, maxBytes: 1 }, ['c0', 'a0']],
    ['is in a region', { location: 'europe-west1' }, ['c0']],
    ['is in a project', { project: 'other' }, []],
  ])('%s', async (_, request, expected) => {
    expect((await history()).going(request)).toEqual(expected);
  });

  test('has to be allowed', async () => {
    const { world } = await history();
    expect(() => prunable(world.as('eve@example.com'), {})).toThrow(
      serviceError('PERMISSION_DENIED', /run.executions.delete/),
    );
  });
});

describe('pruning', () => {
  test('removes records and logs, and nothing else', async () => {
    const { world, going } = await history();
    const all = prunable(world.call, {});
    const some = prunable(world.call, { keepLast: 1 });
    expect(prune(world.call, some)).toBeGreaterThanOrEqual(300 * kib);
    expect(going({})).toEqual(['c0', 'b1', 'a2']);
    for (const { name, kind } of all) {
      const gone = some.some((remains) => remains.name === name);
      expect([kind, world.store.execution(name) !== undefined, world.logs.exist(name)]).toEqual([
        ...['execution', !gone, !gone],
      ]);
    }
    const running = world.store.openExecutions();
    expect(running.map((name) => world.logs.exist(name))).toEqual([true]);
    // Somebody else was quicker.
    expect(prune(world.call, some)).toBe(0);
  });

  test('removes what is left of deleted ones', async () => {
    const { world } = await history();
    const name = prunable(world.call, {})[0]?.name ?? '';
    startExecutionDeletion(world.call, { name });
    finishDeletions(world.call);
    await deleteJob(world.call, { name: 'projects/p/locations/us-central1/jobs/b' });
    world.advance(1);
    const kinds = (): string[] => prunable(world.call, {}).map((item) => `${item.kind} ${shortName(item.name)[0]}`);
    const executions = ['execution a', 'execution a', 'execution a'];
    const deleted = ['deleted execution b', 'deleted execution b', 'deleted execution c', 'deleted job b'];
    expect(kinds().toSorted()).toEqual([...deleted, ...executions]);
    expect(prunable(world.call, { olderThan: 1 }).map(({ kind }) => kind)).toEqual([
      ...['execution', 'execution', 'execution'],
    ]);
    const parent = { project: 'p', location: 'europe-west1' };
    expect(getExecution(world.call, parent, shortName(name), { showDeleted: true }).name).toBe(name);
    prune(world.call, prunable(world.call, {}));
    expect(kinds()).toEqual([]);
    expect(() => getExecution(world.call, parent, shortName(name), { showDeleted: true })).toThrow(
      serviceError('NOT_FOUND', /does not exist/),
    );
  });

  test('gives the space of records back', () => {
    const world = new ServiceWorld();
    const parent = { project: 'p', location: 'us-central1' };
    createJob(world.call, { parent, jobId: 'large', job: jobInput({ taskCount: 10_000 }) });
    const { name } = runJob(world.call, { name: 'projects/p/locations/us-central1/jobs/large' });
    const execution = world.store.execution(name);
    const time = timestamp(world.now);
    if (execution) world.store.saveExecution(completed(execution, { cancelled: false, time }, time));
    const size = (): number =>
      ['', '-wal']
        .map((suffix) => statSync(path.join(world.home, `localrun.db${suffix}`)).size)
        .reduce((a, b) => a + b);
    const before = size();
    const [remains] = prunable(world.call, {});
    const counted = remains ? bytesOf(remains) : 0;
    expect(counted / before).toBeGreaterThan(0.8);
    expect(counted / before).toBeLessThan(1.1);
    expect(prune(world.call, remains ? [remains] : [])).toBeGreaterThan(500 * kib);
    expect(size()).toBeLessThan(200 * kib);
    world.store.close();
  });
});
