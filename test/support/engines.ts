import { test as base } from './home.js';
import { PrivateEngine } from './private-engine.js';

/** A test with engines of its own, which go away with it. */
export const test = base.extend<{ engine: (...flags: string[]) => Promise<PrivateEngine> }>({
  // oxlint-disable-next-line no-empty-pattern -- vitest wants the pattern
  engine: async ({}, use) => {
    const engines: PrivateEngine[] = [];
    await use(async (...flags) => {
      const engine = new PrivateEngine(...flags);
      engines.push(engine);
      await engine.start();
      engine.load('localrun/busybox:latest');
      return engine;
    });
    for (const engine of engines) await engine.remove();
  },
});
