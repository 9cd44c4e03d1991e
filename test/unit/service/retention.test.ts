import { existsSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { completed, started } from '../../../src/model/execution.js';
import type { Execution } from '../../../src/model/schema/job.js';
import { deleteExecution } from '../../../src/service/executions.js';
import { createJob, deleteJob } from '../../../src/service/jobs.js';
import { prunable, prune } from '../../../src/service/prune.js';
import { expireLogs, haveLogsExpired, type LogRetention } from '../../../src/service/retention.js';
import { runJob } from '../../../src/service/run-job.js';
import { timestamp } from '../../../src/model/time.js';
import { jobInput, parent, someJobName as job } from '../../support/jobs.js';
import { day, ServiceWorld, someLog } from '../../support/service.js';

/** Executions of one task with logs of these many bytes, which end a day after each other. */
function worldOf(sizes: readonly number[]): { world: ServiceWorld; executions: Execution[]; left: () => number[] } {
  const world = new ServiceWorld();
  createJob(world.call, { parent, jobId: 'nightly', job: jobInput() });
  const executions = sizes.map((size) => begun(world, size));
  for (const execution of executions) {
    end(world, execution);
    world.advance(day);
  }
  const left = (): number[] => [...executions.keys()].filter((i) => world.logs.exist(executions[i]?.name ?? ''));
  return { world, executions, left };
}

function begun(world: ServiceWorld, size: number): Execution {
  const execution = runJob(world.call, { name: job });
  const startTime = timestamp(world.now);
  const source = { task: 0, attempt: 0 };
  someLog(world.logs, execution.name);
  writeFileSync(world.logs.file(execution.name, source, 'stdout'), 'x'.repeat(size));
  world.store.saveExecution(started(execution, startTime, startTime));
  world.store.saveAttempt(execution.name, { ...source, name: 'c', handle: 'h', createTime: startTime, startTime });
  return execution;
}

function end(world: ServiceWorld, { name }: Execution): void {
  const execution = world.store.execution(name);
  const time = timestamp(world.now);
  if (execution) world.store.saveExecution(completed(execution, { cancelled: false, time }, time));
}

const none: LogRetention = { seconds: undefined, bytes: undefined };
const seconds = (days: number): number => days * 86_400;

describe('the logs of ended executions', () => {
  test.each<[string, Partial<LogRetention>, number[]]>([
    ['stay where nothing says otherwise', {}, [0, 1, 2, 3]],
    ['go by their age', { seconds: seconds(2.5) }, [2, 3]],
    ['stay of the latest one, however old', { seconds: 0 }, [3]],
    ['go once all are too large, the oldest first', { bytes: 60 }, [2, 3]],
    ['stay while they just fit', { bytes: 100 }, [0, 1, 2, 3]],
    ['stay of the latest one, however large', { bytes: 1 }, [3]],
    ['go by whichever says so', { bytes: 90, seconds: seconds(1.5) }, [3]],
  ])('%s', (_, retention, expected) => {
    const { world, executions, left } = worldOf([20, 20, 30, 30]);
    expireLogs(world.call, { ...none, ...retention }, executions[3]?.name ?? '');
    expect(left()).toEqual(expected);
    expect(executions.filter((execution) => haveLogsExpired(world.call, ended(world, execution)))).toHaveLength(
      4 - expected.length,
    );
  });

  test('go one after the other, and are not counted any more', () => {
    const { world, executions, left } = worldOf([50, 50, 50]);
    const expire = (bytes: number): void => expireLogs(world.call, { ...none, bytes }, executions[2]?.name ?? '');
    expire(120);
    expect(left()).toEqual([1, 2]);
    expire(100);
    expect(left()).toEqual([1, 2]);
    expire(99);
    expect(left()).toEqual([2]);
  });

  test('stay while the execution runs, and do not count', () => {
    const { world, executions, left } = worldOf([50, 50]);
    const running = begun(world, 1000);
    expireLogs(world.call, { seconds: seconds(10), bytes: 100 }, executions[1]?.name ?? '');
    expect(left()).toEqual([0, 1]);
    world.advance(20 * day);
    expireLogs(world.call, { seconds: 1, bytes: 1 }, '');
    expect(left()).toEqual([]);
    expect(existsSync(world.logs.file(running.name, { task: 0, attempt: 0 }, 'stdout'))).toBe(true);
    expect(haveLogsExpired(world.call, running)).toBe(false);
  });
});

describe('containers that were kept', () => {
  type Removal = (world: ServiceWorld, execution: Execution) => unknown;
  test.each<[string, Removal]>([
    ['is deleted', (world, { name }) => deleteExecution(world.call, { name })],
    ['is deleted with its job', (world) => deleteJob(world.call, { name: job })],
    ['is pruned', (world) => prune(world.call, prunable(world.call, {}))],
  ])('go with the execution that %s, and nothing is looked for that was not kept', async (_, remove) => {
    for (const keep of [false, true]) {
      const world = new ServiceWorld();
      world.call.settings = { ...world.call.settings, keep };
      createJob(world.call, { parent, jobId: 'nightly', job: jobInput() });
      const execution = begun(world, 1);
      const [attempt] = world.store.attempts(execution.name);
      if (attempt) world.store.saveAttempt(execution.name, { ...attempt, outcome: { code: 0, message: '' } });
      end(world, execution);
      await remove(world, execution);
      expect(world.store.execution(execution.name)).toBeUndefined();
      expect(world.discarded).toEqual(keep ? [execution.name] : []);
    }
  });
});

const ended = (world: ServiceWorld, { name }: Execution): Execution => {
  const execution = world.store.execution(name);
  if (!execution) throw new Error(`there is no ${name}`);
  return execution;
};
