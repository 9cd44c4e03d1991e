import { describe, expect, test, vi } from 'vitest';
import { holds } from '../../../src/model/iam/conditions.js';
import { operationOf } from '../../../src/model/operation.js';
import type { Operation } from '../../../src/model/schema/operation.js';
import { cancelExecution, deleteExecution, startExecutionDeletion } from '../../../src/service/executions.js';
import { setIamPolicy } from '../../../src/service/iam.js';
import { applyAndRun, createJob, deleteJob, startDeletion, updateJob } from '../../../src/service/jobs.js';
import { deleteOperation, getOperation, listOperations, waitOperation } from '../../../src/service/operations.js';
import { everyPage } from '../../../src/service/pages.js';
import { runJob } from '../../../src/service/run-job.js';
import { FakeEngine } from '../../support/fake-engine.js';
import { jobInput, parent, someJobName as job } from '../../support/jobs.js';
import { day, serviceError as error, ServiceWorld } from '../../support/service.js';

const named = (id: string): string => `projects/p/locations/us-central1/operations/${id}`;

function worldWithJob(options?: ConstructorParameters<typeof ServiceWorld>[0]): ServiceWorld {
  const world = new ServiceWorld(options);
  createJob(world.call, { parent, jobId: 'nightly', job: jobInput(), operation: 'create' });
  return world;
}

const idsOf = (operations: readonly Operation[]): (string | undefined)[] =>
  operations.map(({ name }) => name?.replace(/.*\//, ''));

describe('an operation', () => {
  test('of a job that is written has the job, and has ended once that is ready', () => {
    const world = worldWithJob();
    expect(getOperation(world.call, named('create'))).toMatchObject({
      name: named('create'),
      metadata: { '@type': 'type.googleapis.com/google.cloud.run.v2.Job', name: job },
      done: true,
      response: { '@type': 'type.googleapis.com/google.cloud.run.v2.Job', name: job, uid: expect.any(String) },
    });
    updateJob(world.call, { name: job, job: { ...jobInput(), startExecutionToken: 'now' }, operation: 'update' });
    const operation = getOperation(world.call, named('update'));
    expect(operation).toMatchObject({ metadata: { reconciling: true } });
    expect(operation).not.toHaveProperty('done');
    expect(operation).not.toHaveProperty('response');
  });

  test('of a run ends with its execution, and fails as it does', async () => {
    const world = worldWithJob({ runtime: new FakeEngine(() => ({ exitCode: 3 })) });
    const { name } = runJob(world.call, { name: job, operation: 'run' });
    expect(getOperation(world.call, named('run'))).toMatchObject({ metadata: { name } });
    expect(getOperation(world.call, named('run'))).not.toHaveProperty('done');
    await world.run(name);
    const ended = getOperation(world.call, named('run'));
    expect(ended).toMatchObject({
      done: true,
      metadata: { '@type': 'type.googleapis.com/google.cloud.run.v2.Execution', failedCount: 1 },
      error: {
        code: 10,
        message: expect.stringMatching(/^Task nightly-\w+-task0 failed with exit code: 3 /) as string,
      },
    });
    expect(ended).not.toHaveProperty('response');
  });

  test('has a UUID unless the request brings one, which is taken once', () => {
    const world = worldWithJob();
    runJob(world.call, { name: job });
    const [operation] = listOperations(world.call, { parent }).items;
    expect(operation?.name).toMatch(/\/operations\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(() => runJob(world.call, { name: job, operation: 'create' })).toThrow(/UNIQUE/);
    expect(world.store.openExecutions()).toHaveLength(1);
  });

  test('is found by its state among many others by few readings', () => {
    const world = worldWithJob();
    const open = runJob(world.call, { name: job, operation: 'run' }).name;
    for (let i = 0; i < 100; i++) world.store.createOperation(named(`other-${i}`), 'update', 'job', job);
    const reading = vi.spyOn(world.store, 'operations');
    const { items, nextPageToken } = listOperations(world.call, { parent, done: false, pageSize: 1 });
    expect([items.map(({ name }) => name), nextPageToken]).toEqual([[named('run')], undefined]);
    expect(items[0]?.metadata).toMatchObject({ name: open });
    expect(reading.mock.calls.length).toBeLessThan(3);
    const ended = everyPage((page) => listOperations(world.call, { parent, done: true, ...page, pageSize: 7 }));
    expect(new Set(ended.map(({ name }) => name)).size).toBe(101);
    expect(ended).toHaveLength(101);
  });

  test('is recorded with what it is about, or neither is', () => {
    const world = worldWithJob();
    const before = listOperations(world.call, { parent }).items;
    expect(() =>
      world.store.transaction(() => {
        applyAndRun(world.call, { name: job, job: jobInput({ taskCount: 2 }), run: { owner: world.call.owner } });
        throw new Error('the process dies');
      }),
    ).toThrow('the process dies');
    expect(listOperations(world.call, { parent }).items).toEqual(before);
    expect(world.store.openExecutions()).toEqual([]);
  });

  test('of a request that only validates, or that is refused, is not recorded', async () => {
    const world = worldWithJob();
    runJob(world.call, { name: job, validateOnly: true });
    updateJob(world.call, { name: job, job: jobInput({ taskCount: 2 }), validateOnly: true });
    startDeletion(world.call, { name: job, validateOnly: true });
    expect(() => createJob(world.call, { parent, jobId: 'nightly', job: jobInput() })).toThrow(/already exists/);
    const { name } = runJob(world.call, { name: job });
    await world.run(name);
    await expect(cancelExecution(world.call, { name })).rejects.toEqual(error('FAILED_PRECONDITION', /cannot be/));
    expect(listOperations(world.call, { parent }).items).toHaveLength(2);
  });

  test('of a cancellation ends with the execution, which has not failed', async () => {
    const world = worldWithJob({ work: true, runtime: new FakeEngine(() => ({ ms: 60_000 })) });
    const { name } = runJob(world.call, { name: job, operation: 'run' });
    await cancelExecution(world.call, { name, operation: 'cancel' });
    expect(getOperation(world.call, named('cancel'))).not.toHaveProperty('done');
    expect(await waitOperation(world.call, named('cancel'))).toMatchObject({
      done: true,
      response: { name, cancelledCount: 1 },
    });
    expect(getOperation(world.call, named('run'))).toMatchObject({ done: true, response: { name } });
  });

  test('of a deletion ends with what can still be seen of the resource, and goes when that expires', async () => {
    const world = worldWithJob();
    const { name } = runJob(world.call, { name: job, operation: 'run' });
    await world.run(name);
    startExecutionDeletion(world.call, { name, operation: 'delete-execution' });
    // Nothing is left to wait for, so that the question itself finishes it.
    expect(getOperation(world.call, named('delete-execution'))).toMatchObject({ done: true, response: { name } });
    startDeletion(world.call, { name: job, operation: 'delete-job' });
    expect(getOperation(world.call, named('delete-job'))).toMatchObject({
      done: true,
      response: { name: job, deleteTime: expect.any(String) as string, expireTime: expect.any(String) as string },
    });
    expect(getOperation(world.call, named('run'))).toMatchObject({ done: true, response: { name } });
    world.advance(31 * day);
    createJob(world.call, { parent, jobId: 'other', job: jobInput(), operation: 'other' });
    expect(idsOf(listOperations(world.call, { parent }).items)).toEqual(['other']);
    expect(() => getOperation(world.call, named('run'))).toThrow(error('NOT_FOUND', /'OPERATION'/));
  });

  test('does not change what it is about when a job of the same name comes', async () => {
    const world = worldWithJob();
    await deleteJob(world.call, { name: job, operation: 'delete' });
    const { uid } = createJob(world.call, { parent, jobId: 'nightly', job: jobInput(), operation: 'again' });
    expect(getOperation(world.call, named('again'))).toMatchObject({ response: { uid } });
    expect(getOperation(world.call, named('create')).response?.['uid']).not.toBe(uid);
    expect(getOperation(world.call, named('delete')).response?.['uid']).not.toBe(uid);
  });

  test('goes with an execution that is removed without a trace', () => {
    const world = worldWithJob();
    const { name } = runJob(world.call, { name: job, operation: 'run' });
    world.store.removeExecution(name);
    expect(idsOf(listOperations(world.call, { parent }).items)).toEqual(['create']);
  });

  test('can be deleted, twice as not at all, while what it is about goes on', () => {
    const world = worldWithJob();
    const { name } = runJob(world.call, { name: job, operation: 'run' });
    deleteOperation(world.call, named('run'));
    expect(() => deleteOperation(world.call, named('run'))).toThrow(error('NOT_FOUND', /does not exist/));
    expect(world.store.openExecutions()).toEqual([name]);
    expect(() => getOperation(world.call, 'nightly')).toThrow(error('INVALID_ARGUMENT', /Invalid resource name/));
  });
});

test.each([
  ['The container exited with an error.', 10],
  ['The configured timeout was reached.', 4],
  ['The configured memory limit was reached.', 8],
])('the code of a run that has failed, %s: %i', (message, code) => {
  const world = worldWithJob();
  const execution = runJob(world.call, { name: job });
  const failed = {
    ...execution,
    completionTime: execution.createTime,
    failedCount: 1,
    conditions: [{ type: 'Completed', state: 'CONDITION_FAILED', message } as const],
  };
  expect(operationOf(named('x'), 'run', { kind: 'execution', execution: failed }, false).error).toEqual({
    code,
    message,
  });
});

describe('a wait for an operation', () => {
  test('gets a worker for the execution, and ends with it', async () => {
    const world = worldWithJob({ work: true });
    const { name } = runJob(world.call, { name: job, operation: 'run' });
    const waits = [1, 2, 3].map(() => waitOperation(world.call, named('run')));
    for (const operation of await Promise.all(waits))
      expect(operation).toMatchObject({ done: true, response: { name } });
    expect(world.spawned).toEqual([name]);
  });

  test('ends at its timeout with the operation as it is, and by an abort with its reason', async () => {
    const world = worldWithJob();
    runJob(world.call, { name: job, operation: 'run' });
    const operation = await waitOperation(world.call, named('run'), { timeout: 10 });
    expect(operation).not.toHaveProperty('done');
    const end = new AbortController();
    const waiting = waitOperation(world.call, named('run'), { signal: end.signal });
    end.abort(new Error('the client has gone'));
    await expect(waiting).rejects.toThrow('the client has gone');
  });

  test('for a deletion ends once the execution that runs has ended', async () => {
    const world = worldWithJob({ work: true, runtime: new FakeEngine(() => ({ ms: 60_000 })) });
    const { name } = runJob(world.call, { name: job });
    const deleting = deleteExecution(world.call, { name, operation: 'delete' });
    expect(await waitOperation(world.call, named('delete'))).toMatchObject({ done: true, response: { name } });
    await deleting;
  });
});

describe('the list of operations', () => {
  test('has the newest first, in pages, and those that are done or not', async () => {
    const world = worldWithJob();
    for (let i = 0; i < 5; i++) {
      const { name } = runJob(world.call, { name: job, operation: `run-${i}` });
      if (i % 2 === 0) await world.run(name);
    }
    const list = (done?: boolean, pageSize = 2): (string | undefined)[] => {
      const first = listOperations(world.call, { parent, done, pageSize });
      expect(first.items.length).toBeLessThanOrEqual(pageSize);
      return idsOf(everyPage((page) => listOperations(world.call, { parent, done, ...page, pageSize })));
    };
    expect(list()).toEqual(['run-4', 'run-3', 'run-2', 'run-1', 'run-0', 'create']);
    expect(list(true)).toEqual(['run-4', 'run-2', 'run-0', 'create']);
    expect(list(false)).toEqual(['run-3', 'run-1']);
    expect(idsOf(listOperations(world.call, { parent: { ...parent, location: '-' } }).items)).toHaveLength(6);
    expect(listOperations(world.call, { parent: { ...parent, location: 'l' } }).items).toEqual([]);
    const { nextPageToken } = listOperations(world.call, { parent, pageSize: 2 });
    expect(() => listOperations(world.call, { parent, done: true, pageToken: nextPageToken })).toThrow(
      error('INVALID_ARGUMENT', /page_token/),
    );
  });

  test('is for the owner, and an operation for who may see those of its job', async () => {
    const world = worldWithJob();
    runJob(world.call, { name: job, operation: 'run' });
    const bindings = [{ role: 'roles/run.jobsExecutor', members: ['user:a@b.c'] }];
    await setIamPolicy(world.call, { resource: job, policy: { bindings } });
    const [executor, stranger] = ['a@b.c', 'z@b.c'].map((account) => ({ ...world.call, account, enforced: holds }));
    if (!executor || !stranger) throw new Error('there are two');
    expect(getOperation(executor, named('run'))).toMatchObject({ name: named('run') });
    const denied = error('PERMISSION_DENIED', /denied/);
    expect(() => deleteOperation(executor, named('run'))).toThrow(denied);
    expect(() => listOperations(executor, { parent })).toThrow(denied);
    expect(() => getOperation(stranger, named('run'))).toThrow(denied);
    expect(() => getOperation(stranger, named('none'))).toThrow(denied);
  });
});

test('of more than ten thousand operations the oldest go, but not those of executions that run', () => {
  const world = worldWithJob();
  const { name } = runJob(world.call, { name: job, operation: 'run' });
  world.store.transaction(() => {
    for (let i = 0; i < 10_010; i++) {
      world.store.createOperation(named(`u${i}`), 'update', 'job', job);
    }
  });
  expect(() => getOperation(world.call, named('create'))).toThrow(error('NOT_FOUND', /does not exist/));
  expect(() => getOperation(world.call, named('u0'))).toThrow(error('NOT_FOUND', /does not exist/));
  expect(getOperation(world.call, named('run'))).toMatchObject({ metadata: { name } });
});
