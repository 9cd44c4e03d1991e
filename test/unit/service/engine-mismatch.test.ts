import { beforeEach, describe, expect, test } from 'vitest';
import type { Execution } from '../../../src/model/schema/job.js';
import { cancelExecution, deleteExecution, waitForExecution } from '../../../src/service/executions.js';
import { createJob, deleteJob } from '../../../src/service/jobs.js';
import { engineMismatch, orphanMismatch } from '../../../src/service/engine-mismatch.js';
import { executionChecks } from '../../../src/service/doctor/records.js';
import { recoverExecutions } from '../../../src/service/recovery.js';
import { runJob } from '../../../src/service/run-job.js';
import { jobInput } from '../../support/jobs.js';
import { ServiceWorld, serviceError as error } from '../../support/service.js';

const parent = { project: 'p', location: 'us-central1' };
const job = 'projects/p/locations/us-central1/jobs/nightly';
const there = { id: 'there', client: 'docker', host: 'ssh://there' } as const;
const refused = error('FAILED_PRECONDITION', /\(DOCKER_HOST=ssh:\/\/there\) than .+ \(DOCKER_HOST=tcp:\/\/here\)\.$/);

/** After this time, an execution without a lease is an orphan, in ms. */
const workerTime = 3000;

let world: ServiceWorld;
let execution: Execution;
/** How often the engine was asked who it is. */
let asked = 0;

beforeEach(() => {
  asked = 0;
  world = new ServiceWorld({ work: true });
  world.call.alive = () => false;
  world.call.engine = () => (asked++, world.runtime.engine());
  createJob(world.call, { parent, jobId: 'nightly', job: jobInput() });
  execution = runJob(world.call, { name: job });
  world.store.saveEngine(execution.name, there);
  world.now += workerTime;
});

describe('an orphan on another container engine than the one that answers', () => {
  test('is not resumed by recovery, a wait or a cancellation', async () => {
    expect(await recoverExecutions(world.call)).toEqual([{ execution, refusal: refused }]);
    await expect(waitForExecution(world.call, execution.name, () => false)).rejects.toEqual(refused);
    await expect(cancelExecution(world.call, { name: execution.name })).rejects.toEqual(refused);
    expect(world.store.cancelRequested(execution.name)).toBe(false);
    expect(world.spawned).toEqual([]);
    expect(world.store.execution(execution.name)).toEqual(execution);
  });

  test.each([
    [there, 'set DOCKER_HOST=ssh://there'],
    [
      { id: 'cluster', client: 'kubernetes', context: 'prod', namespace: 'jobs' } as const,
      'set LOCALRUN_RUNTIME=kubernetes, and set runtime.context to prod, and set runtime.namespace to jobs',
    ],
  ])('is reported by the doctor, with the way to %o', (began, way) => {
    world.store.saveEngine(execution.name, began);
    const here = { id: 'here', client: 'docker', host: 'tcp://here' } as const;
    const check = executionChecks(world.call, () => here).find(({ name }) => name === 'other engines');
    expect(check?.fix).toEqual([
      `${way}; if that is gone for good: `,
      expect.objectContaining({ command: 'jobs executions delete' }),
    ]);
  });

  test.each([
    ['by itself', () => deleteExecution(world.call, { name: execution.name })],
    ['with its job', () => deleteJob(world.call, { name: job })],
  ])('can be deleted %s', async (_, remove) => {
    expect(await orphanMismatch(world.call, execution.name)).toMatchObject({ began: there, asked: { id: 'here' } });
    await remove();
    expect(world.store.execution(execution.name)).toBeUndefined();
    expect(world.runtime.log).toEqual([]);
  });

  test('whose deletion another process has requested is not resumed by recovery or a wait', async () => {
    world.store.requestDeletion(execution.name, execution.createTime);
    expect(await recoverExecutions(world.call)).toEqual([{ execution, refusal: refused }]);
    await expect(waitForExecution(world.call, execution.name, () => false)).rejects.toEqual(refused);
    expect(world.spawned).toEqual([]);
  });

  test('is waited for as long as a process runs it', async () => {
    world.call.alive = () => true;
    world.store.acquireLease(execution.name, { token: 't', pid: 1, processStart: '' }, world.now, () => false);
    const until = world.now;
    expect(await waitForExecution(world.call, execution.name, () => false, { until })).toEqual(execution);
    expect(await recoverExecutions(world.call)).toEqual([]);
    expect(await orphanMismatch(world.call, execution.name)).toBeUndefined();
    expect(asked).toBe(0);
    expect(await engineMismatch(world.call, execution.name)).toMatchObject({ began: there });
  });

  test('is no matter once it has ended', async () => {
    await deleteExecution(world.call, { name: execution.name });
    const other = runJob(world.call, { name: job });
    await world.run(other.name);
    world.store.saveEngine(other.name, there);
    asked = 0;
    expect(await orphanMismatch(world.call, other.name)).toBeUndefined();
    expect(asked).toBe(0);
  });
});

test('an orphan on the container engine that answers, or on none yet, is resumed', async () => {
  world.store.saveEngine(execution.name, { ...there, id: 'here' });
  const fresh = runJob(world.call, { name: job });
  world.now += workerTime;
  const found = await recoverExecutions(world.call);
  expect(found.map(({ refusal }) => refusal)).toEqual([undefined, undefined]);
  expect(world.spawned.toSorted()).toEqual([execution.name, fresh.name].toSorted());
  // Whoever ran the second has put down where.
  expect(world.store.engine(fresh.name)).toEqual({ id: 'here', client: 'docker', host: 'tcp://here' });
});

test.each([
  ['does not answer', () => (world.runtime.gone = true)],
  ['keeps everybody waiting', () => (world.call.engine = () => new Promise(() => {}))],
])('while the engine %s, a worker waits for it', async (_, loseEngine) => {
  loseEngine();
  world.work = false;
  await recoverExecutions({ ...world.call, now: Date.now });
  expect(world.spawned).toEqual([execution.name]);
});
