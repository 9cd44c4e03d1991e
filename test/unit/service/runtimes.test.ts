import { beforeEach, expect, test } from 'vitest';
import { defaultSettings, type KubernetesSettings, type LocalSettings } from '../../../src/model/local/settings.js';
import type { RuntimeIdentity } from '../../../src/model/runtime-identity.js';
import { discardKept, requireSurroundings } from '../../../src/service/execution-runner.js';
import { executeJob } from '../../../src/service/background-run.js';
import { engineMismatch } from '../../../src/service/engine-mismatch.js';
import { createJob } from '../../../src/service/jobs.js';
import { runJob } from '../../../src/service/run-job.js';
import { clusterOf } from '../../../src/service/runtimes.js';
import { FakeRuntime } from '../../support/fake-runtime.js';
import { jobInput } from '../../support/jobs.js';
import { ServiceWorld } from '../../support/service.js';

const parent = { project: 'p', location: 'us-central1' };
const name = 'projects/p/locations/us-central1/jobs/nightly';
const choice: KubernetesSettings = {
  ...{ kind: 'kubernetes', imagesOnNodes: true, imagePullSecrets: [], nodeSelector: {}, tolerations: [] },
};
const onCluster: LocalSettings = { ...defaultSettings, runtime: choice };

let world: ServiceWorld;
let cluster: FakeRuntime;
let current: RuntimeIdentity;
/** The choices with which a cluster was opened. */
let opened: KubernetesSettings[] = [];

beforeEach(() => {
  world = new ServiceWorld();
  cluster = new FakeRuntime(() => ({ ms: 1 }));
  current = { id: 'lab', client: 'kubernetes', context: 'lab', namespace: 'jobs' };
  cluster.identify = async () => current;
  opened = [];
  const { runtime: local } = world.call;
  world.call.runtime = async (chosen) => {
    if (!chosen) return local(chosen);
    opened.push(chosen);
    return cluster;
  };
  world.call.engine = async (execution) => (await world.call.runtime(clusterOf(world.call, execution))).identify();
  createJob(world.call, { parent, jobId: 'nightly', job: jobInput() });
});

test('executions of one store run where each was created for', async () => {
  const local = runJob(world.call, { name });
  const away = runJob(world.call, { name, settings: onCluster });
  await world.run(away.name);
  expect(cluster.log.filter((request) => request.startsWith('start'))).toHaveLength(away.taskCount);
  expect(world.runtime.log).toEqual([]);
  await world.run(local.name);
  expect(world.store.engine(away.name)).toEqual(current);
  expect(world.store.engine(local.name)).toMatchObject({ client: 'docker' });
  for (const { name: execution } of [local, away]) {
    expect(world.store.execution(execution)).toMatchObject({ succeededCount: 1 });
  }
});

test('the context and namespace are those at the creation, whatever they are later', async () => {
  const created = await executeJob(world.call, { name, settings: onCluster }, () => {});
  current = { id: 'prod', client: 'kubernetes', context: 'prod', namespace: 'default' };
  const frozen = { ...choice, context: 'lab', namespace: 'jobs' };
  expect(world.store.settings(created.name).runtime).toEqual(frozen);
  await world.run(created.name);
  expect(opened.at(-1)).toEqual(frozen);
});

test('an execution that was created without asking stays on the cluster where it began', async () => {
  const created = runJob(world.call, { name, settings: onCluster });
  expect(clusterOf(world.call, created.name)).toEqual(choice);
  world.store.saveEngine(created.name, current);
  expect(clusterOf(world.call, created.name)).toEqual({ ...choice, context: 'lab', namespace: 'jobs' });
});

test('an execution on a cluster is compared with that cluster, not with the container engine in use', async () => {
  const created = runJob(world.call, { name, settings: onCluster });
  world.store.saveEngine(created.name, current);
  expect(await engineMismatch(world.call, created.name)).toBeUndefined();
  current = { ...current, id: 'another' };
  expect(await engineMismatch(world.call, created.name)).toMatchObject({ began: { id: 'lab' }, asked: current });
});

test('what a cluster lacks is refused, all at once, and no network of this machine is looked for', async () => {
  cluster.lacks = { hostNetworks: 'no networks', strictFs: 'no files' };
  const settings = { ...onCluster, network: 'shop', strictFs: true };
  await expect(executeJob(world.call, { name, settings }, () => {})).rejects.toMatchObject({
    code: 'FAILED_PRECONDITION',
    problems: [
      { path: 'network', message: 'no networks', fix: expect.stringContaining('address') },
      { path: 'strictFs', message: 'no files', fix: expect.stringContaining('this machine') },
    ],
  });
  await expect(requireSurroundings(world.call, { ...defaultSettings, network: 'none' }, () => {})).rejects.toThrow(
    'has no network [none]',
  );
});

test('kept attempts are removed where they are', async () => {
  await discardKept(world.call, [{ name: 'e', engine: current, runtime: choice }]);
  expect(opened).toEqual([choice]);
});
