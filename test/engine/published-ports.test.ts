import { expect, test } from 'vitest';
import type { PublishedPort } from '../../src/model/local/one-run.js';
import { FakeEngine } from '../support/fake-engine.js';
import { useFakeClock, World } from './world.js';

useFakeClock();

const loopback = { address: '127.0.0.1', protocol: 'tcp' } as const;
const free: PublishedPort = { ...loopback, port: 80 };
const fixed: PublishedPort = { ...loopback, port: 9229, hostPort: 9000 };

test('a sandbox has the ports of its slot, and each attempt records and reports the free ones', async () => {
  const world = new World(new FakeEngine(), { taskCount: 2, parallelism: 1 }, {}, 32, { publish: [free, fixed] });
  await world.finish();
  expect(world.runtime.opened).toMatchObject([{ publish: [free, fixed] }]);
  const published = { 80: '127.0.0.1:49232' };
  expect(world.store.attempts(world.name).map((attempt) => attempt.published)).toEqual([published, published]);
  expect(world.events.filter(({ type }) => type === 'attempt.published')).toMatchObject([
    { task: 0, ports: published },
    { task: 1, ports: published },
  ]);
});

test('an attempt whose sandbox is gone gets another one, and records the port of that', async () => {
  const engine = new FakeEngine();
  const ports = engine.ports.bind(engine);
  let asked = 0;
  engine.ports = async (sandbox) => {
    asked++;
    // The sandbox of the first attempt goes away before the second one.
    if (asked === 2) engine.sandboxes.clear();
    return ports(sandbox);
  };
  const world = new World(engine, { taskCount: 2, parallelism: 1 }, {}, 32, { publish: [free] });
  expect(await world.finish()).toMatchObject({ succeededCount: 2 });
  expect(engine.opened).toHaveLength(2);
  expect(world.events.filter(({ type }) => type === 'attempt.published')).toMatchObject([
    { task: 0, ports: { 80: '127.0.0.1:49232' } },
    { task: 1, ports: { 80: '127.0.0.1:49232' } },
  ]);
});

test.each([{ keepFailed: true }, {}])(
  'fresh sandboxes with the same fixed port exist one after the other (%j)',
  async (keeping) => {
    const engine = new FakeEngine(() => ({ exitCode: 1 }));
    /** How many sandboxes held the port when one was opened. */
    const holding: number[] = [];
    const open = engine.openSandbox.bind(engine);
    engine.openSandbox = async (spec) => {
      const killed = (name: string): boolean => engine.log.includes(`kill ${name}`);
      holding.push([...engine.sandboxes.keys()].filter((name) => !killed(name)).length);
      await open(spec);
    };
    const settings = { publish: [fixed], freshSandbox: true, ...keeping };
    const world = new World(engine, { taskCount: 3, parallelism: 1 }, { maxRetries: 1 }, 32, settings);
    expect(await world.finish()).toMatchObject({ failedCount: 3 });
    expect(holding).toEqual([0, 0, 0, 0, 0, 0]);
    expect(world.events.filter(({ type }) => type === 'attempt.published')).toEqual([]);
  },
);
