import { readFileSync, statfsSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { kubernetesEnvironment } from './test/support/kubernetes.js';
import { podmanEnvironment } from './test/support/podman.js';

/** The tests of the docker project that hold on podman, but for what they leave out there; all of them take long. */
const onPodman =
  process.env['LOCALRUN_PODMAN'] === 'all'
    ? 'adopt,by-hand,cancel,debug,doctor,environment,execute,keep,kills,logs,logs-exact,logs-read,main-job,metadata,outcomes,prune,recovery,retries,secrets,sidecars,strict-fs,timeout,volumes,without-effect'
    : 'recovery';

/** What of the tests on a cluster takes long: `npm run test:kubernetes` runs it, `npm test` does not. */
const longOnKubernetes =
  process.env['LOCALRUN_KUBERNETES'] === 'all'
    ? []
    : ['test/kubernetes/{attempts,lab,worker}.test.ts', 'test/docker/contract.test.ts'];

/** What needs both cores, or measures times: one file after the other, and none beside it. The others wait a lot. */
const busy = 'contract,crowd,load,logs-speed,scale,timeout';

/**
 * The files that a worker runs share its modules: to load them anew for each takes a third of the CPU time of files of
 * pure logic.
 */
const project = (name: string, testTimeout: number, more: object = {}) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout,
    hookTimeout: testTimeout,
    maxWorkers: 2,
    isolate: false,
    ...more,
  },
});

/**
 * Temporary directories in memory, where that is large and holds programs: stores and logs wait for no disk there.
 * What containers mount stays on disk.
 */
const inMemory = (): { TMPDIR?: string } => {
  const directory = '/dev/shm';
  try {
    const mount = readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .findLast((line) => line.includes(` ${directory} `));
    const { bavail, bsize } = statfsSync(directory);
    return mount && !mount.includes('noexec') && bavail * bsize > 2 ** 31 ? { TMPDIR: directory } : {};
  } catch {
    return {};
  }
};
const env = inMemory();

/** The contract of runtimes, for one of test/runtime-contract/runtimes.ts. */
const contract = 'test/runtime-contract/*.test.ts';
const runtime = (name: string) => ({ RUNTIME_UNDER_TEST: name });

/** The clients of container engines are Go programs that do little: with one thread they start in a fifth less CPU time. */
const lean = { GOMAXPROCS: '1' };

/** Groups run one after the other. How many tests of a file run at once is what two cores carry. */
const onContainers = (groupOrder: number, maxWorkers: number, maxConcurrency: number) => ({
  ...{ maxWorkers, maxConcurrency },
  sequence: { groupOrder },
});

export default defineConfig({
  test: {
    projects: [
      project('unit', 60_000, { include: ['test/unit/**/*.test.ts', 'test/architecture.test.ts'], env }),
      project('engine', 60_000, {
        include: ['test/engine/**/*.test.ts', contract],
        env: { ...env, ...runtime('memory') },
      }),
      project('cli', 120_000, { env }),
      project('server', 60_000, { env }),
      project('page', 120_000, { env }),
      project('docker', 300_000, {
        ...onContainers(1, 2, 4),
        include: ['test/docker/**/*.test.ts', contract],
        env: { ...lean, ...runtime('docker') },
        exclude: [`test/docker/{${busy}}.test.ts`],
        globalSetup: 'test/support/engine.ts',
      }),
      project('podman', 300_000, {
        ...onContainers(1, 2, 3),
        include: ['test/podman/**/*.test.ts', `test/docker/{${onPodman}}.test.ts`, contract],
        env: { ...lean, ...podmanEnvironment, ...runtime('podman') },
        globalSetup: 'test/support/podman.ts',
      }),
      project('busy', 300_000, {
        ...onContainers(2, 1, 5),
        include: [`test/docker/{${busy}}.test.ts`],
        env: lean,
        globalSetup: 'test/support/engine.ts',
      }),
      // One file at a time: some cut nodes off, or stop the API server.
      project('kubernetes', 300_000, {
        ...onContainers(3, 1, 5),
        include: ['test/kubernetes/**/*.test.ts', 'test/docker/contract.test.ts', contract],
        exclude: longOnKubernetes,
        env: { ...kubernetesEnvironment, ...runtime('kubernetes') },
        globalSetup: 'test/support/kubernetes.ts',
        setupFiles: 'test/support/lab.ts',
      }),
    ],
  },
});
