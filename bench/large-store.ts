// A program of its own, which bench/scale.mjs bundles.
//
//   run HOME TASKS       runs an execution of so many tasks that do nothing on an engine in memory, with a real store,
//                        and prints what that took
//   cluster HOME TASKS   the same on a cluster: an API server in another process replays for each pod the watch events
//                        that a real one sent (test/support/fake-cluster.mjs)
//   fill HOME JOBS EACH  fills a store with jobs, and each job with ended executions
import path from 'node:path';
import { runExecution } from '../src/engine/run.js';
import { completed, imported, started } from '../src/model/execution.js';
import { defaultSettings, type KubernetesSettings } from '../src/model/local/settings.js';
import type { Job } from '../src/model/schema/job.js';
import { KubernetesRuntime } from '../src/runtime/kubernetes/runtime.js';
import type { AttemptRuntime } from '../src/runtime/port.js';
import { LogFiles } from '../src/store/logs.js';
import { openStore } from '../src/store/sqlite.js';
import type { Store } from '../src/store/store.js';
import { noCredentials } from '../test/support/credentials.js';
import { FakeEngine } from '../test/support/fake-engine.js';
import { someExecution, someJob, someTask, someTime } from '../test/support/jobs.js';

/** A cluster in another process. */
const cluster = (): AttemptRuntime =>
  new KubernetesRuntime({
    settings: onCluster,
    homeId: () => 'home',
    ...{ kubectl: path.join('test', 'support', 'fake-cluster.mjs'), env: process.env, patienceMs: 60_000 },
  });

const onCluster: KubernetesSettings = {
  ...{ kind: 'kubernetes', context: 'replayed', namespace: 'jobs', imagesOnNodes: true, imagePullSecrets: [] },
  ...{ nodeSelector: {}, tolerations: [] },
};

async function run(store: Store, home: string, taskCount: number, runtime: AttemptRuntime): Promise<void> {
  const job = someJob({ taskCount, parallelism: 100 });
  const execution = someExecution(job, `n${taskCount}`);
  store.transaction(() => {
    store.saveJob(job);
    store.createExecution(execution, defaultSettings);
    for (let index = 0; index < taskCount; index++) store.saveTask(execution.name, someTask(index));
  });
  const never = new AbortController().signal;
  const begin = performance.now();
  const ended = await runExecution(
    execution.name,
    {
      ...{ store, home, logs: new LogFiles(home), credentials: noCredentials, projectNumber: '123', env: {} },
      runtime,
      maxParallelism: 100,
      owner: { token: 'supervisor', pid: process.pid, processStart: '' },
      alive: () => true,
      now: Date.now,
      onEvent: () => {},
    },
    { cancel: never, kill: never },
  );
  const seconds = (performance.now() - begin) / 1000;
  // What is kept, and not what happens to be around: node runs with --expose-gc.
  globalThis.gc?.();
  console.log(JSON.stringify({ succeeded: ended?.succeededCount, seconds, rss: process.memoryUsage.rss() }));
  runtime.close();
}

function fill(store: Store, jobs: number, each: number): void {
  const begin = performance.now();
  let writes = 0;
  for (let number = 0; number < jobs; number++) {
    const name = `job-${number}`;
    const some = someJob();
    const job: Job = { ...some, name: some.name.replace(/[^/]+$/, name) };
    store.saveJob(job);
    writes++;
    for (let index = 0; index < each; index++) {
      const execution = someExecution(job, `e${index}`);
      store.createExecution(execution, defaultSettings);
      store.saveTask(execution.name, someTask(0, { state: 'Succeeded' }));
      const time = new Date(Date.parse(someTime) + 1000 * (number * each + index)).toISOString();
      const running = started(imported(execution, execution.template, false, time), time, time);
      store.saveExecution(completed(running, { cancelled: false, failed: undefined, time }, time));
      writes += 3;
    }
  }
  console.log(JSON.stringify({ writes, seconds: (performance.now() - begin) / 1000 }));
}

const [what, home = '', ...numbers] = process.argv.slice(2);
const store = openStore(home);
const [first = 0, second = 0] = numbers.map(Number);
if (what === 'run') await run(store, home, first, new FakeEngine(() => ({ ms: 0 })).runtime);
else if (what === 'cluster') await run(store, home, first, cluster());
else fill(store, first, second);
store.close();
