import { beforeEach, describe, expect, test } from 'vitest';
import type { Execution } from '../../../src/model/schema/job.js';
import {
  cancelExecution,
  deleteExecution,
  recoverExecutions,
  waitForExecution,
} from '../../../src/service/executions.js';
import { createJob, deleteJob } from '../../../src/service/jobs.js';
import { beganElsewhere, elsewhere } from '../../../src/service/other-engines.js';
import { runJob } from '../../../src/service/run.js';
import { jobInput } from '../../support/jobs.js';
import { ServiceWorld, serviceError as error } from '../../support/service.js';

const parent = { project: 'p', location: 'us-central1' };
const job = 'projects/p/locations/us-central1/jobs/nightly';
const there = { id: 'there', client: 'docker', host: 'ssh://there' } as const;
const refused = error('FAILED_PRECONDITION', /\(DOCKER_HOST=ssh:\/\/there\) than .+ \(DOCKER_HOST=tcp:\/\/here\)\.$/);

/** After this time an execution that nobody runs is not about to be run by a worker that is being started, in ms. */
const workerTime = 3000;

let world: ServiceWorld;
let execution: Execution;
/** How often the engine was asked who it is. */
let asked = 0;

beforeEach(() => {
  asked = 0;
  world = new ServiceWorld({ work: true });
  world.deps.alive = () => false;
  world.deps.engine = () => (asked++, world.runtime.engine());
  createJob(world.deps, { parent, jobId: 'nightly', job: jobInput() });
  execution = runJob(world.deps, { name: job });
  world.store.saveEngine(execution.name, there);
  world.now += workerTime;
});

describe('an execution that nobody runs, in another engine than the one that answers', () => {
  test('is not taken up by who looks, waits or cancels', async () => {
    expect(await recoverExecutions(world.deps)).toEqual([{ execution, refusal: refused }]);
    await expect(waitForExecution(world.deps, execution.name, () => false)).rejects.toEqual(refused);
    await expect(cancelExecution(world.deps, { name: execution.name })).rejects.toEqual(refused);
    expect(world.store.cancelRequested(execution.name)).toBe(false);
    expect(world.spawned).toEqual([]);
    expect(world.store.execution(execution.name)).toEqual(execution);
  });

  test.each([
    ['by itself', () => deleteExecution(world.deps, { name: execution.name })],
    ['with its job', () => deleteJob(world.deps, { name: job })],
  ])('can be deleted %s', async (_, remove) => {
    expect(await elsewhere(world.deps, execution.name)).toMatchObject({ began: there, asked: { id: 'here' } });
    await remove();
    expect(world.store.execution(execution.name)).toBeUndefined();
    expect(world.runtime.log).toEqual([]);
  });

  test('whose deletion somebody else has asked for is still not taken up by who looks or waits', async () => {
    world.store.requestDeletion(execution.name, execution.createTime);
    expect(await recoverExecutions(world.deps)).toEqual([{ execution, refusal: refused }]);
    await expect(waitForExecution(world.deps, execution.name, () => false)).rejects.toEqual(refused);
    expect(world.spawned).toEqual([]);
  });

  test('is waited for as long as somebody runs it', async () => {
    world.deps.alive = () => true;
    world.store.acquireLease(execution.name, { token: 't', pid: 1, processStart: '' }, world.now, () => false);
    const until = world.now;
    expect(await waitForExecution(world.deps, execution.name, () => false, { until })).toEqual(execution);
    expect(await recoverExecutions(world.deps)).toEqual([]);
    expect(await elsewhere(world.deps, execution.name)).toBeUndefined();
    expect(asked).toBe(0);
    expect(await beganElsewhere(world.deps, execution.name)).toMatchObject({ began: there });
  });

  test('is no matter once it has ended', async () => {
    await deleteExecution(world.deps, { name: execution.name });
    const other = runJob(world.deps, { name: job });
    await world.run(other.name);
    world.store.saveEngine(other.name, there);
    asked = 0;
    expect(await elsewhere(world.deps, other.name)).toBeUndefined();
    expect(asked).toBe(0);
  });
});

test('an execution in the engine that answers, or in one that is not known yet, is taken up', async () => {
  world.store.saveEngine(execution.name, { ...there, id: 'here' });
  const fresh = runJob(world.deps, { name: job });
  world.now += workerTime;
  const found = await recoverExecutions(world.deps);
  expect(found.map(({ refusal }) => refusal)).toEqual([undefined, undefined]);
  expect(world.spawned.toSorted()).toEqual([execution.name, fresh.name].toSorted());
  // Whoever ran the second has put down where.
  expect(world.store.engine(fresh.name)).toEqual({ id: 'here', client: 'docker', host: 'tcp://here' });
});

test.each([
  ['does not answer', () => (world.runtime.gone = true)],
  ['keeps everybody waiting', () => (world.deps.engine = () => new Promise(() => {}))],
])('while the engine %s, somebody is sent to wait for it', async (_, loseEngine) => {
  loseEngine();
  world.work = false;
  await recoverExecutions({ ...world.deps, now: Date.now });
  expect(world.spawned).toEqual([execution.name]);
});
