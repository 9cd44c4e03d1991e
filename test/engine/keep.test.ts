import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { discard, runDirectory } from '../../src/engine/leftovers.js';
import { FakeEngine } from '../support/fake-engine.js';
import { tempDirectory } from '../support/temp.js';
import { attemptOf, useFakeClock, World } from './world.js';

useFakeClock();

/** Task 1 fails at first. */
const failsOnce = (): FakeEngine =>
  new FakeEngine(({ labels }) => ({ exitCode: attemptOf(labels).join() === '1,0' ? 1 : 0 }));
const three = { taskCount: 3, parallelism: 2 };
const names = (world: World): string[] =>
  [...world.runtime.containers.keys()].map((name) => name.replace('localrun-nightly-x7k2p-', '')).toSorted();

test.each([
  ['keepFailed', ['task1-attempt0']],
  ['keep', ['task0-attempt0', 'task1-attempt0', 'task1-attempt1', 'task2-attempt0']],
  ['strictFs', []],
] as const)(
  '%s leaves these containers, stopped, with their sandboxes, until they are discarded',
  async (setting, left) => {
    const world = new World(failsOnce(), three, {}, 32, { [setting]: true });
    expect(await world.finish()).toMatchObject({ succeededCount: 3, retriedCount: 1 });
    expect(names(world)).toEqual(left);
    const used = new Set(
      [...world.runtime.containers.values()].map(({ spec: { network } }) => 'sandbox' in network && network.sandbox),
    );
    expect(new Set(world.runtime.sandboxes.keys())).toEqual(used);
    for (const sandbox of used) expect(world.runtime.log).toContain(`kill ${String(sandbox)}`);
    await Promise.all([
      discard(world.runtime.runtime, world.home, { name: world.name, engine: undefined, runtime: undefined }),
      world.advance(100),
    ]);
    expect(names(world)).toEqual([]);
    expect(world.runtime.sandboxes.size).toBe(0);
  },
);

test('what a kept container mounts stays, and goes with it', async () => {
  const directory = tempDirectory();
  const world = new World(
    failsOnce(),
    three,
    {
      containers: [
        {
          image: 'localrun/busybox:latest',
          volumeMounts: [
            { name: 'disk', mountPath: '/disk' },
            { name: 'secret', mountPath: '/secret' },
          ],
        },
      ],
      volumes: [
        { name: 'disk', emptyDir: { medium: 'DISK' } },
        { name: 'secret', secret: { secret: 's' } },
      ],
    },
    32,
    { keepFailed: true, secrets: { s: { latest: { env: 'S' } } } },
  );
  world.env['S'] = directory;
  await world.finish();
  expect([...world.runtime.volumes.keys()]).toEqual(['localrun-nightly-x7k2p-task1-attempt0-volume0']);
  const run = runDirectory(world.home, world.name);
  const secrets = (attempt: string): boolean => existsSync(path.join(run, attempt, 'volume1', 's'));
  expect(['task0-attempt0', 'task1-attempt0', 'task1-attempt1'].map(secrets)).toEqual([false, true, false]);
  await Promise.all([
    discard(world.runtime.runtime, world.home, { name: world.name, engine: undefined, runtime: undefined }),
    world.advance(100),
  ]);
  expect(world.runtime.volumes.size).toBe(0);
  expect(existsSync(run)).toBe(false);
});

test('of an attempt that the engine refused nothing is kept', async () => {
  const runtime = new FakeEngine(() => ({ refused: 'no' }));
  const world = new World(runtime, {}, { maxRetries: 0 }, 32, { keep: true });
  expect((await world.finish()).failedCount).toBe(1);
  expect([names(world), [...runtime.sandboxes.keys()]]).toEqual([[], []]);
});

test.each([
  ['keepFailed', []],
  ['keep', ['task0-attempt0']],
] as const)('an attempt that was cancelled has not failed: %s', async (setting, left) => {
  const world = new World(new FakeEngine(() => ({ ms: 60_000 })), {}, {}, 32, { [setting]: true });
  const running = world.run();
  await world.advance(1000);
  world.cancel.abort();
  await world.finish(running);
  expect(world.states).toEqual(['Cancelled']);
  expect(names(world)).toEqual(left);
});

test('a container that could not be started is kept', async () => {
  const runtime = new FakeEngine(() => ({ startError: 'no such command' }));
  const world = new World(runtime, {}, { maxRetries: 1 }, 32, { keepFailed: true });
  await world.finish();
  expect(names(world)).toEqual(['task0-attempt0', 'task0-attempt1']);
});

test('the end of an execution leaves the shell in what it keeps alone, and removes the one in what it does not', async () => {
  const world = new World(failsOnce(), three, {}, 32, { keepFailed: true });
  const shells = [0, 1].map((task) => `localrun-nightly-x7k2p-task${task}-attempt0-shell-0a1b2c3d`);
  const running = world.run();
  await world.advance(10);
  const [some] = world.runtime.containers.values();
  for (const name of shells) {
    const state = { status: 'running', startedAt: world.execution.createTime ?? '' } as const;
    if (some) world.runtime.containers.set(name, { ...some, spec: { ...some.spec, name }, state });
  }
  await world.finish(running);
  expect(names(world)).toEqual(['task1-attempt0', 'task1-attempt0-shell-0a1b2c3d']);
  expect(world.runtime.log.filter((line) => line === `kill ${shells[1]}`)).toEqual([]);
  const isKept = world.runtime.runtime.belongsTo(world.store.attempts(world.name).map(({ handle }) => handle));
  expect(isKept({ kind: 'container', name: shells[1] ?? '' })).toBe(false);
});
