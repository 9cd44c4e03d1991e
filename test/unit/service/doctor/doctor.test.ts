import { expect, test } from 'vitest';
import { defaultSettings, type KubernetesSettings } from '../../../../src/model/local/settings.js';
import { examine } from '../../../../src/service/doctor/doctor.js';
import { runJob } from '../../../../src/service/run-job.js';
import { FakeRuntime } from '../../../support/fake-runtime.js';
import { someJob } from '../../../support/jobs.js';
import { ServiceWorld } from '../../../support/service.js';

test('a cluster that an execution names, and the settings only mean, is examined once', async () => {
  const world = new ServiceWorld();
  const job = someJob();
  world.store.saveJob(job);
  const cluster: KubernetesSettings = {
    ...{ kind: 'kubernetes', context: undefined, namespace: undefined, imagesOnNodes: true, imagePullSecrets: [] },
    ...{ serviceAccount: undefined, nodeSelector: {}, tolerations: [], requests: undefined },
  };
  const access = { context: 'lab', namespace: 'jobs' };
  runJob(world.call, { name: job.name, settings: { ...defaultSettings, runtime: { ...cluster, ...access } } });
  const [runtime, state] = [new FakeRuntime(), { skewMs: 0, missing: [], useful: [], exhausted: [] }];
  const checks = await examine(
    {
      ...{ home: world.home, now: Date.now, alive: () => true, cluster },
      diagnose: () => Promise.reject(new Error('no container engine is of interest')),
      diagnoseCluster: async () => ({
        ...{ client: 'v1.30.0', access, failure: undefined },
        cluster: { ...state, version: 'v1.30.1', startupOrder: true, nodes: { ready: 2, others: [] } },
      }),
      runtime: async () => runtime,
      open: async () => world.call,
    },
    { fix: false },
  );
  const names = checks.map(({ name }) => name).filter((name) => name.startsWith('cluster'));
  expect(names).toEqual(['cluster', 'cluster clock', 'cluster orphans']);
});
