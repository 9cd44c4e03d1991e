import { test as base } from './home.js';
import { PrivateEngine } from './private-engine.js';

async function started(...flags: string[]): Promise<PrivateEngine> {
  const engine = new PrivateEngine(...flags);
  try {
    await engine.start();
    engine.load('localrun/busybox:latest');
  } catch (error) {
    await engine.remove();
    throw error;
  }
  return engine;
}

/** A test with engines of its own, which go away with it, or with one that the tests of a file share. */
export const test = base.extend<{
  engine: (...flags: string[]) => Promise<PrivateEngine>;
  sharedEngine: PrivateEngine;
}>({
  // oxlint-disable-next-line no-empty-pattern -- vitest wants the pattern
  engine: async ({}, use) => {
    const engines: PrivateEngine[] = [];
    await use(async (...flags) => {
      const engine = await started(...flags);
      engines.push(engine);
      return engine;
    });
    for (const engine of engines) await engine.remove();
  },
  sharedEngine: [
    // oxlint-disable-next-line no-empty-pattern -- vitest wants the pattern
    async ({}, use) => {
      const engine = await started();
      await use(engine);
      await engine.remove();
    },
    { scope: 'file' },
  ],
});
