import { defineConfig } from 'vitest/config';
import { podmanEnvironment } from './test/support/podman.js';

/** The tests of the docker project that hold on podman, but for what they leave out there; all of them take long. */
const onPodman =
  process.env['LOCALRUN_PODMAN'] === 'all'
    ? 'adopt,by-hand,cancel,doctor,environment,execute,failures,keep,kills,logs,logs-exact,logs-read,main-job,metadata,outcomes,prune,recovery,retries,secrets,sidecars,strict-fs,timeout,volumes,without-effect'
    : 'cancel,keep,outcomes,recovery';

const project = (name: string, testTimeout: number, more: object = {}) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout, hookTimeout: testTimeout, ...more },
});

export default defineConfig({
  test: {
    projects: [
      project('unit', 20_000, { include: ['test/unit/**/*.test.ts', 'test/architecture.test.ts'] }),
      project('engine', 20_000),
      project('cli', 30_000),
      // Containers compete for the same cores: one file after the other.
      project('docker', 180_000, { fileParallelism: false, globalSetup: 'test/support/engine.ts' }),
      project('podman', 180_000, {
        include: ['test/podman/**/*.test.ts', `test/docker/{${onPodman}}.test.ts`],
        env: podmanEnvironment,
        fileParallelism: false,
        globalSetup: 'test/support/podman.ts',
      }),
    ],
  },
});
