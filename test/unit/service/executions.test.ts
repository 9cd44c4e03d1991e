import { existsSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import type { Remedy, StatusError } from '../../../src/model/errors.js';
import { completed, isCompleted } from '../../../src/model/execution.js';
import { shortName } from '../../../src/model/names.js';
import { defaultSettings } from '../../../src/model/local/settings.js';
import type { Execution, JobInput } from '../../../src/model/schema/job.js';
import {
  cancelExecution,
  deleteExecution,
  getExecution,
  listExecutions,
  startExecutionDeletion,
  waitForExecution,
  watchExecution,
} from '../../../src/service/executions.js';
import { createJob, getJob, updateJob, waitForJob } from '../../../src/service/jobs.js';
import { everyPage } from '../../../src/service/pages.js';
import { placesElsewhere } from '../../../src/service/places.js';
import { recoverExecutions } from '../../../src/service/recovery.js';
import { pruneExecutions } from '../../../src/service/retention.js';
import { runJob, startedByToken } from '../../../src/service/run-job.js';
import { getTask, listTasks } from '../../../src/service/tasks.js';
import { timestamp } from '../../../src/model/time.js';
import { FakeEngine } from '../../support/fake-engine.js';
import { jobInput, parent, someExecution, someJob, someJobName as job } from '../../support/jobs.js';
import { day, serviceError as error, ServiceWorld, someLog } from '../../support/service.js';

function worldWithJob(input: JobInput = jobInput(), options: ConstructorParameters<typeof ServiceWorld>[0] = {}) {
  const world = new ServiceWorld(options);
  createJob(world.call, { parent, jobId: 'nightly', job: input });
  return world;
}

const ids = (executions: readonly Execution[]): string[] => executions.map(({ name }) => shortName(name));

/** Ends an execution as the engine does, without running anything. */
function end(world: ServiceWorld, { name }: Execution): void {
  const execution = world.store.execution(name);
  const time = timestamp(world.now);
  if (execution) world.store.saveExecution(completed(execution, { cancelled: false, time }, time));
}

describe('runJob', () => {
  test('with validateOnly answers with what would be and stores nothing', () => {
    const world = worldWithJob(jobInput({ taskCount: 3 }));
    const execution = runJob(world.call, { name: job, overrides: { taskCount: 2 }, validateOnly: true });
    expect(execution).toMatchObject({ taskCount: 2, job: 'nightly' });
    expect(listExecutions(world.call, { parent: job }).items).toEqual([]);
    expect(getJob(world.call, job)).toMatchObject({ latestCreatedExecution: {}, executionCount: undefined });
  });

  test('runs 1000 executions at once and no more', () => {
    const world = worldWithJob();
    const executions: Execution[] = [];
    world.store.transaction(() => {
      for (let i = 0; i < 1000; i++) executions.push(runJob(world.call, { name: job }));
    });
    expect(() => runJob(world.call, { name: job })).toThrow(error('RESOURCE_EXHAUSTED', /1000 executions are running/));
    const [first] = executions;
    if (first) end(world, first);
    runJob(world.call, { name: job });
  });

  test('of a job that is not there is refused, etag or not', () => {
    const world = worldWithJob();
    expect(() => runJob(world.call, { name: `${job}2` })).toThrow(
      error('NOT_FOUND', "Resource 'nightly2' of kind 'JOB' in region 'us-central1' in project 'p' does not exist."),
    );
    runJob(world.call, { name: job, etag: '"stale"' });
  });
});

describe('an execution token', () => {
  const withToken = (token: object, more: object = {}): JobInput => ({ ...jobInput(more), ...token });

  test('starts the execution that it names, and the job is ready once that has started', async () => {
    const world = worldWithJob(withToken({ startExecutionToken: 'v1' }), {
      work: true,
      runtime: new FakeEngine(() => ({ ms: 300, exitCode: 1 })),
    });
    expect(world.spawned).toEqual([`${job}/executions/nightly-v1`]);
    const pending = getJob(world.call, job);
    expect(pending).toMatchObject({
      generation: '1',
      reconciling: true,
      terminalCondition: { state: 'CONDITION_PENDING' },
      executionCount: 1,
      latestCreatedExecution: { name: 'nightly-v1' },
    });
    expect(pending.observedGeneration).toBeUndefined();
    const ready = await waitForJob(world.call, job);
    expect(ready).toMatchObject({
      observedGeneration: '1',
      terminalCondition: { type: 'Ready', state: 'CONDITION_SUCCEEDED' },
      etag: pending.etag,
    });
    expect(ready).not.toHaveProperty('reconciling');
    expect(getExecution(world.call, parent, 'nightly-v1').completionTime).toBeUndefined();
  });

  test('makes the job wait for its success with runExecutionToken', async () => {
    const world = worldWithJob(withToken({ runExecutionToken: 'v1' }), { work: true });
    expect(await waitForJob(world.call, job)).toMatchObject({ terminalCondition: { state: 'CONDITION_SUCCEEDED' } });
    expect(getExecution(world.call, parent, 'nightly-v1').succeededCount).toBe(1);
  });

  test('leaves a job that is not ready when that execution fails, and that can be run all the same', async () => {
    const world = worldWithJob(jobInput({}, { maxRetries: 0 }), {
      work: true,
      runtime: new FakeEngine(() => ({ exitCode: 3, ms: 5 })),
    });
    const updated = updateJob(world.call, {
      name: job,
      job: { ...jobInput({}, { maxRetries: 0 }), runExecutionToken: 'v1' },
    });
    expect(updated).toMatchObject({ generation: '2', observedGeneration: '1', reconciling: true });
    expect(await waitForJob(world.call, job)).toMatchObject({
      observedGeneration: '2',
      terminalCondition: {
        type: 'Ready',
        state: 'CONDITION_FAILED',
        executionReason: 'NON_ZERO_EXIT_CODE',
        message: 'Task nightly-v1-task0 failed with exit code: 3 and message: The container exited with an error.',
      },
    });
    const { name } = runJob(world.call, { name: job });
    expect(getJob(world.call, job)).toMatchObject({
      terminalCondition: { state: 'CONDITION_FAILED' },
      latestCreatedExecution: { name: name.slice(name.lastIndexOf('/') + 1) },
    });
  });

  test('starts nothing when it is sent again, and something new when it changes', () => {
    const world = worldWithJob(withToken({ startExecutionToken: 'v1' }));
    updateJob(world.call, { name: job, job: withToken({ startExecutionToken: 'v1' }) });
    const changed = updateJob(world.call, {
      name: job,
      job: withToken({ startExecutionToken: 'v1' }, { taskCount: 2 }),
    });
    expect(changed).toMatchObject({ generation: '2', reconciling: true });
    expect(ids(listExecutions(world.call, { parent: job }).items)).toEqual(['nightly-v1']);
    updateJob(world.call, { name: job, job: withToken({ startExecutionToken: 'v2' }) });
    expect(ids(listExecutions(world.call, { parent: job }).items)).toEqual(['nightly-v2', 'nightly-v1']);
    expect(getExecution(world.call, parent, 'nightly-v1').taskCount).toBe(1);
    updateJob(world.call, { name: job, job: jobInput() });
    expect(() => updateJob(world.call, { name: job, job: withToken({ startExecutionToken: 'v1' }) })).toThrow(
      error('ALREADY_EXISTS', "Resource 'nightly-v1' already exists."),
    );
    expect(getJob(world.call, job).startExecutionToken).toBeUndefined();
  });

  test('gives its execution to the caller who wants to run it', () => {
    const world = new ServiceWorld();
    const request = {
      parent,
      jobId: 'nightly',
      job: withToken({ runExecutionToken: 'v1' }),
      run: { owner: world.call.owner },
    };
    createJob(world.call, request);
    expect(world.spawned).toEqual([]);
    expect(startedByToken(world.call, job, world.call.owner)?.name).toBe(`${job}/executions/nightly-v1`);
    expect(startedByToken(world.call, job, { token: 'other', pid: 1, processStart: '' })).toBeUndefined();
  });

  test('whose execution was deleted is not waited for', async () => {
    const world = worldWithJob(withToken({ runExecutionToken: 'v1' }), { work: true });
    await deleteExecution(world.call, { name: `${job}/executions/nightly-v1` });
    expect((await waitForJob(world.call, job)).reconciling).toBeUndefined();
  });
});

describe('cancelExecution', () => {
  test('asks for it, and starts a worker for it', async () => {
    const world = worldWithJob(jobInput(), { work: true });
    const { name } = runJob(world.call, { name: job });
    await cancelExecution(world.call, { name, validateOnly: true });
    expect(world.store.cancelRequested(name)).toBe(false);
    await cancelExecution(world.call, { name, etag: '"stale"' });
    expect(world.spawned).toEqual([name]);
    await expect.poll(() => world.store.execution(name)?.completionTime).toBeDefined();
    expect(world.store.execution(name)).toMatchObject({ generation: '2', cancelledCount: 1 });
    const finished = error(
      'FAILED_PRECONDITION',
      `Execution '${shortName(name)}' cannot be cancelled because it is not running.`,
    );
    await expect(cancelExecution(world.call, { name })).rejects.toEqual(finished);
    await expect(cancelExecution(world.call, { name, validateOnly: true })).rejects.toEqual(finished);
    const missing = cancelExecution(world.call, { name: `${name}x` });
    await expect(missing).rejects.toEqual(error('NOT_FOUND', /kind 'EXECUTION'/));
  });
});

describe('waiting for an execution', () => {
  const ended = (execution: Execution): Execution =>
    completed(execution, { cancelled: false, failed: undefined, time: execution.createTime }, execution.createTime);

  test('ends for all that wait once it has ended, and starts one worker for it', async () => {
    const world = worldWithJob(jobInput(), { work: true });
    const { name } = runJob(world.call, { name: job });
    const waits = Array.from({ length: 20 }, () => waitForExecution(world.call, name, isCompleted));
    for (const { completionTime } of await Promise.all(waits)) expect(completionTime).toBeDefined();
    expect(world.spawned).toEqual([name]);
  });

  test('ends with the reason of an abort, or with NOT_FOUND if it is deleted', async () => {
    const world = worldWithJob();
    const { name } = runJob(world.call, { name: job });
    const end = new AbortController();
    const aborted = waitForExecution(world.call, name, isCompleted, { signal: end.signal });
    const deleted = waitForExecution(world.call, name, isCompleted);
    end.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    world.store.removeExecution(name);
    await expect(deleted).rejects.toEqual(error('NOT_FOUND', /does not exist/));
  });

  test('can be watched: each state once, until it is gone', async () => {
    const world = worldWithJob();
    const execution = runJob(world.call, { name: job });
    const states: boolean[] = [];
    for await (const state of watchExecution(world.call, execution.name)) {
      states.push(isCompleted(state));
      if (states.length === 1) world.store.saveExecution(ended(execution));
      else setTimeout(() => world.store.removeExecution(execution.name), 120);
    }
    expect(states).toEqual([false, true]);
    const gone = watchExecution(world.call, execution.name);
    await expect(gone.next()).rejects.toEqual(error('NOT_FOUND', /does not exist/));
  });
});

describe('deleteExecution', () => {
  test('takes tasks and logs away and keeps the resource for 30 days', async () => {
    const world = worldWithJob(jobInput({ taskCount: 2 }), { work: true });
    const { name, uid } = runJob(world.call, { name: job });
    await world.run(name);
    someLog(world.logs, name);
    expect(await deleteExecution(world.call, { name, validateOnly: true })).toMatchObject({ generation: '2' });
    expect(getExecution(world.call, parent, shortName(name))).toMatchObject({ generation: '1' });
    world.advance(2000);
    const deleted = await deleteExecution(world.call, { name, etag: '"stale"' });
    expect(deleted).toMatchObject({
      uid,
      generation: '2',
      succeededCount: 2,
      deleteTime: '2026-11-23T12:00:02.000000Z',
      expireTime: '2026-12-23T12:00:02.000000Z',
    });
    expect(existsSync(world.logs.directory(name))).toBe(false);
    expect(() => getExecution(world.call, parent, shortName(name))).toThrow(error('NOT_FOUND', /EXECUTION/));
    expect(getExecution(world.call, parent, shortName(name), { showDeleted: true })).toEqual(deleted);
    expect(listExecutions(world.call, { parent: job }).items).toEqual([]);
    expect(listExecutions(world.call, { parent: job, showDeleted: true }).items).toEqual([deleted]);
    expect(getJob(world.call, job)).toMatchObject({
      executionCount: 1,
      latestCreatedExecution: { name: shortName(name), deleteTime: deleted.deleteTime },
    });
    world.advance(30 * day);
    expect(() => getExecution(world.call, parent, shortName(name), { showDeleted: true })).toThrow(
      error('NOT_FOUND', /EXECUTION/),
    );
    await expect(deleteExecution(world.call, { name })).rejects.toEqual(error('NOT_FOUND', /EXECUTION/));
  });

  test('cancels one that runs first', async () => {
    const world = worldWithJob(jobInput(), { work: true, runtime: new FakeEngine(() => ({ ms: 60_000 })) });
    const { name } = runJob(world.call, { name: job });
    void world.run(name);
    await expect.poll(() => world.runtime.running).toBe(1);
    const deleted = await deleteExecution(world.call, { name });
    expect(deleted).toMatchObject({ generation: '3', cancelledCount: 1, deleteTime: expect.any(String) });
    expect(world.runtime.containers.size).toBe(0);
  });

  test('without a wait is finished by the process that ran the execution, or else by the next command', async () => {
    const world = worldWithJob();
    const { name } = runJob(world.call, { name: job });
    startExecutionDeletion(world.call, { name });
    await world.run(name);
    expect(world.store.execution(name)).toBeUndefined();
    const other = runJob(world.call, { name: job });
    startExecutionDeletion(world.call, { name: other.name });
    end(world, other);
    expect(world.store.execution(other.name)).toBeDefined();
    await recoverExecutions(world.call);
    expect(world.store.execution(other.name)).toBeUndefined();
  });
});

test('a new execution is left to the process that is starting to run it, unless that takes too long', async () => {
  const world = worldWithJob();
  const { name } = runJob(world.call, { name: job });
  expect(await recoverExecutions(world.call)).toEqual([]);
  world.advance(2999);
  expect(await recoverExecutions(world.call)).toEqual([]);
  expect(world.spawned).toEqual([]);
  world.advance(1);
  void recoverExecutions(world.call);
  await expect.poll(() => world.spawned).toEqual([name]);
});

test('an execution whose process is gone is not new, however short it lived', async () => {
  const world = worldWithJob();
  const { name } = runJob(world.call, { name: job, owner: world.call.owner });
  expect(await recoverExecutions(world.call)).toEqual([]);
  world.call.alive = () => false;
  void recoverExecutions(world.call);
  await expect.poll(() => world.spawned).toEqual([name]);
});

describe('the thousand ended executions that a job keeps', () => {
  test('are its newest; those that run do not count', async () => {
    const world = worldWithJob();
    const running = runJob(world.call, { name: job });
    const ended: Execution[] = [];
    world.store.transaction(() => {
      for (let i = 0; i < 1002; i++) {
        const execution = runJob(world.call, { name: job });
        end(world, execution);
        ended.push(execution);
      }
    });
    for (const execution of ended.slice(0, 3)) someLog(world.logs, execution.name);
    pruneExecutions(world.call, job);
    const names = (executions: readonly Execution[]): string[] => executions.map(({ name }) => name);
    const kept = everyPage((page) => listExecutions(world.call, { parent: job, showDeleted: true, ...page }));
    expect(names(kept)).toEqual(names([...ended.slice(2).toReversed(), running]));
    const logs = ended.slice(0, 3).map(({ name }) => existsSync(world.logs.directory(name)));
    expect(logs).toEqual([false, false, true]);
    expect(getJob(world.call, job).executionCount).toBe(1003);
    await world.run(running.name);
    expect(world.store.execution(running.name)).toBeUndefined();
    expect(world.store.execution(ended[2]?.name ?? '')).toBeDefined();
  });
});

describe('lists', () => {
  test('of executions are of one job or of all, of one region or of all, newest first', () => {
    const world = worldWithJob();
    createJob(world.call, { parent, jobId: 'other', job: jobInput() });
    createJob(world.call, { parent: { ...parent, location: 'europe-west1' }, jobId: 'nightly', job: jobInput() });
    const run = (name: string): string => shortName(runJob(world.call, { name }).name);
    const a = run(job);
    const b = run('projects/p/locations/us-central1/jobs/other');
    const c = run('projects/p/locations/europe-west1/jobs/nightly');
    const list = (of: string): string[] => ids(listExecutions(world.call, { parent: of }).items);
    expect(list(job)).toEqual([a]);
    expect(list('projects/p/locations/us-central1/jobs/-')).toEqual([b, a]);
    expect(list('projects/p/locations/-/jobs/-')).toEqual([c, b, a]);
    const first = listExecutions(world.call, { parent: 'projects/p/locations/-/jobs/-', pageSize: 2 });
    expect(ids(first.items)).toEqual([c, b]);
    const { nextPageToken: pageToken } = first;
    const rest = listExecutions(world.call, { parent: 'projects/p/locations/-/jobs/-', pageSize: 2, pageToken });
    expect([ids(rest.items), rest.nextPageToken]).toEqual([[a], undefined]);
  });

  test('of one job in all regions are found among many others by few readings', () => {
    const world = worldWithJob();
    const own = runJob(world.call, { name: job });
    const other = { ...someJob(), name: job.replace('nightly', 'other') };
    world.store.saveJob(other);
    for (let i = 0; i < 100; i++) world.store.createExecution(someExecution(other, `b${1000 + i}`), defaultSettings);
    const reading = vi.spyOn(world.store, 'executions');
    const page = listExecutions(world.call, { parent: 'projects/p/locations/-/jobs/nightly', pageSize: 1 });
    expect(page).toEqual({ items: [own] });
    expect(reading.mock.calls.length).toBeLessThan(3);
  });

  test('of tasks are by index, in pages, of one execution or of several', () => {
    const world = worldWithJob(jobInput({ taskCount: 5 }));
    const first = runJob(world.call, { name: job });
    const second = runJob(world.call, { name: job, overrides: { taskCount: 2 } });
    const tasks = (of: string, pageSize: number): string[][] => {
      const pages: string[][] = [];
      let pageToken: string | undefined;
      do {
        const page = listTasks(world.call, { parent: of, pageSize, pageToken });
        pages.push(page.items.map(({ task }) => shortName(task.name).slice(-11)));
        ({ nextPageToken: pageToken } = page);
      } while (pageToken);
      return pages;
    };
    const task = (of: Execution, index: number): string => `${of.name}-task${index}`.slice(-11);
    expect(tasks(first.name, 2)).toEqual([
      [task(first, 0), task(first, 1)],
      [task(first, 2), task(first, 3)],
      [task(first, 4)],
    ]);
    expect(tasks(`${job}/executions/-`, 3)).toEqual([
      [task(second, 0), task(second, 1), task(first, 0)],
      [task(first, 1), task(first, 2), task(first, 3)],
      [task(first, 4)],
    ]);
    expect(tasks('projects/p/locations/us-central1/jobs/-/executions/-', 100).flat()).toHaveLength(7);
    expect(listTasks(world.call, { parent: first.name, states: ['Failed'] }).items).toEqual([]);
    expect(() => listTasks(world.call, { parent: `${job}/executions/x` })).toThrow(error('NOT_FOUND', /EXECUTION/));
  });

  test('and a task is found by its id', () => {
    const world = worldWithJob(jobInput({ taskCount: 2 }));
    const id = shortName(runJob(world.call, { name: job }).name);
    expect(getTask(world.call, parent, `${id}-task1`)).toMatchObject({
      task: { index: 1 },
      record: { state: 'Pending' },
    });
    for (const wrong of [`${id}-task2`, `${id}-task01`, 'x-task0', 'x']) {
      expect(() => getTask(world.call, parent, wrong)).toThrow(
        error('NOT_FOUND', `Resource '${wrong}' of kind 'TASK' in region 'us-central1' in project 'p' does not exist.`),
      );
    }
  });
});

test('an execution, or a task of one, that is not here is said to be where one of that name is', () => {
  const world = worldWithJob();
  const id = shortName(runJob(world.call, { name: job }).name);
  const twice = (remedy: Remedy): Remedy[] => [remedy, remedy];
  const where = `An execution named [${id}] is in project p, region us-central1: `;
  const from = (project: string, location: string): unknown[] =>
    [
      () => getExecution(world.call, { project, location }, id),
      () => getTask(world.call, { project, location }, `${id}-task0`),
    ].map((call) => {
      try {
        return call();
      } catch (thrown) {
        return (thrown as StatusError).fix;
      }
    });
  expect(from('p', 'us-east1')).toEqual(twice([where, { elsewhere: { location: 'us-central1' } }]));
  expect(from('q', 'us-central1')).toEqual(twice([where, { elsewhere: { project: 'p' } }]));
  expect(placesElsewhere(world.call, { kind: 'execution', job: 'nightly' }, { project: 'q', location: 'r' })).toEqual([
    { project: 'p', location: 'us-central1', count: 1 },
  ]);
  expect(placesElsewhere(world.call, { kind: 'execution', job: 'other' })).toEqual([]);
});
