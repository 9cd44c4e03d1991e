import { defineConfig } from 'vitest/config';

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
    ],
  },
});
