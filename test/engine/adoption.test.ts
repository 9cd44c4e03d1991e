import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { runDirectory } from '../../src/engine/leftovers.js';
import { placeOf } from '../../src/runtime/docker/attempts/names.js';
import { completionStatus } from '../../src/model/execution.js';
import { openStore } from '../../src/store/sqlite.js';
import { FakeEngine } from '../support/fake-engine.js';
import { FakeRuntime } from '../support/fake-runtime.js';
import { attemptDirectory, useFakeClock, World } from './world.js';

useFakeClock();

/** Stops a run as death would: nothing of it happens any more, its containers go on. */
async function killedAfter(world: World | World<FakeRuntime>, ms: number): Promise<void> {
  const store = openStore(world.home);
  const before = world.run('first').catch(() => undefined);
  await world.advance(ms);
  world.dead.add('first');
  // The next owner's lease makes every write of the dead one fail.
  store.acquireLease(world.name, { token: 'between', pid: 2, processStart: 'between' }, Date.now(), () => false);
  world.dead.add('between');
  store.close();
  void before;
}

/** A runtime that holds nothing. */
function otherRuntime(): FakeRuntime {
  const other = new FakeRuntime();
  other.id = 'there';
  return other;
}

describe('an execution whose process has died', () => {
  test.each([0, 5, 20, 40, 80, 101, 103, 105, 150, 205, 310, 999])(
    'is brought to its end by the next one, killed after %s ms',
    async (ms) => {
      const runtime = new FakeRuntime((_, { task, attempt }) => {
        return { ms: 100, exitCode: task % 3 === 1 && attempt === 0 ? 1 : 0 };
      });
      const world = new World(runtime, { taskCount: 9, parallelism: 2 });
      await killedAfter(world, ms);
      const ended = await world.finish(world.run('second'));
      expect(ended).toMatchObject({ succeededCount: 9, retriedCount: 3 });
      expect(world.states).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8].map((i) => (i % 3 === 1 ? 'Succeeded+1' : 'Succeeded')));
      expect(world.store.attempts(world.name)).toHaveLength(12);
      const starts = runtime.log.filter((line) => line.startsWith('start'));
      expect(new Set(starts).size).toBe(starts.length);
      expect(runtime.attempts.size).toBe(0);
    },
  );

  test('has its running attempts waited for, not started anew', async () => {
    const world = new World(new FakeRuntime(() => ({ ms: 10_000, exitCode: 3 })), {}, { maxRetries: 0 });
    await killedAfter(world, 1000);
    expect(world.runtime.running).toBe(1);
    const ended = await world.finish(world.run('second'));
    expect(world.runtime.log.filter((line) => line.startsWith('start'))).toHaveLength(1);
    expect(world.tasks[0]).toMatchObject({ state: 'Failed', lastAttemptResult: { exitCode: 3 } });
    expect(ended.failedCount).toBe(1);
    expect(world.events.some(({ type }) => type === 'execution.adopted')).toBe(true);
  });

  test('keeps what the attempts before have kept, and lends their sandboxes to no attempt', async () => {
    const runtime = new FakeEngine(() => ({ ms: 100 }));
    const volumeMounts = [{ name: 'secret', mountPath: '/secret' }];
    const containers = ['main', 'side'].map((name) => ({ image: 'localrun/busybox:latest', name, volumeMounts }));
    const volumes = [{ name: 'secret', secret: { secret: 's' } }];
    const settings = { keep: true, freshSandbox: true, secrets: { s: { latest: { env: 'S' } } } };
    const world = new World(runtime, { taskCount: 3, parallelism: 1 }, { containers, volumes }, 32, settings);
    world.env['S'] = 'swordfish';
    await killedAfter(world, 160);
    expect(world.states).toContain('Succeeded');
    await world.finish(world.run('second'));
    expect(world.states).toEqual(['Succeeded', 'Succeeded', 'Succeeded']);
    const attempts = world.store.attempts(world.name);
    expect(new Set(attempts.map(({ handle }) => placeOf(handle).sandbox)).size).toBe(3);
    expect(runtime.containers.size).toBe(6);
    for (const { task } of attempts) {
      expect(existsSync(path.join(attemptDirectory(world, task, 0), 'volume0', 's'))).toBe(true);
    }
  });

  test('keeps the timeout from the start of the container', async () => {
    const world = new World(new FakeRuntime(() => ({ ms: 60_000 })), {}, { timeout: '10s', maxRetries: 0 });
    await killedAfter(world, 4000);
    const began = Date.now();
    await world.finish(world.run('second'));
    expect(Date.now() - began).toBeLessThan(7000);
    expect(world.tasks[0]?.lastAttemptResult?.status?.code).toBe(4);
  });

  test('spends an attempt on a container that was removed by hand', async () => {
    const world = new World(new FakeRuntime(() => ({ ms: 10_000 })), {}, { maxRetries: 1 });
    await killedAfter(world, 1000);
    world.runtime.attempts.clear();
    await world.finish(world.run('second'));
    expect(world.states).toEqual(['Succeeded+1']);
    expect(world.store.attempts(world.name)[0]?.outcome?.message).toBe(
      'The container was removed before its result was known.',
    );
  });

  test('is left alone by who asks another engine, and goes on in its own', async () => {
    const world = new World(new FakeRuntime(() => ({ ms: 10_000 })), { taskCount: 2 });
    const own = world.runtime;
    await killedAfter(world, 1000);
    const [execution, attempts] = [world.store.execution(world.name), world.store.attempts(world.name)];
    world.runtime = otherRuntime();
    await expect(world.finish(world.run('second'))).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
      message: expect.stringContaining(
        '(DOCKER_HOST=tcp://here) than the one in use now (DOCKER_HOST=tcp://there)',
      ) as string,
    });
    expect(world.runtime.log).toEqual([]);
    expect(world.store.execution(world.name)).toEqual(execution);
    expect(world.store.attempts(world.name)).toEqual(attempts);
    expect(world.store.lease(world.name)).toBeUndefined();
    world.runtime = own;
    expect(await world.finish(world.run('third'))).toMatchObject({ succeededCount: 2 });
    expect(own.log.filter((line) => line.startsWith('start'))).toHaveLength(2);
  });

  test('ends on record alone, if it is to be deleted and another engine is asked', async () => {
    const spec = { taskCount: 5, parallelism: 2 };
    const world = new World(new FakeRuntime((_, { task }) => ({ ms: task === 0 ? 1 : 10_000 })), spec);
    const own = world.runtime;
    await killedAfter(world, 1000);
    mkdirSync(runDirectory(world.home, world.name), { recursive: true });
    world.store.requestDeletion(world.name, '2026-11-23T12:00:02.000000Z');
    world.runtime = otherRuntime();
    const ended = await world.finish(world.run('second'));
    expect(completionStatus(ended)).toBe('EXECUTION_CANCELLED');
    expect(ended).toMatchObject({ succeededCount: 1, cancelledCount: 4 });
    expect(ended).not.toHaveProperty('runningCount');
    expect(world.states).toEqual(['Succeeded', 'Cancelled', 'Cancelled', 'Cancelled', 'Cancelled']);
    expect(world.store.openAttempts(world.name)).toEqual([]);
    expect(world.runtime.log).toEqual([]);
    expect(own.running).toBe(2);
    expect(existsSync(runDirectory(world.home, world.name))).toBe(false);
  });

  test('is held while its engine is away, but for 10 s only if it is to be deleted', async () => {
    const world = new World(new FakeRuntime(() => ({ ms: 100_000 })));
    await killedAfter(world, 1000);
    world.runtime.gone = true;
    let left = false;
    void world.run('second').then((execution) => (left = execution === undefined));
    const waits = async (ms: number): Promise<boolean> => {
      await world.advance(ms);
      return !left && world.store.lease(world.name)?.token === 'second';
    };
    expect(await waits(60_000)).toBe(true);
    world.store.requestDeletion(world.name, '2026-11-23T12:02:00.000000Z');
    expect(await waits(500)).toBe(false);
    expect(left).toBe(true);
    expect(world.store.lease(world.name)).toBeUndefined();

    left = false;
    void world.run('third').then((execution) => (left = execution === undefined));
    expect(await world.advance(9500).then(() => left)).toBe(false);
    expect(await world.advance(1000).then(() => left)).toBe(true);
    // Nothing is decided: that is for whoever reaches an engine.
    expect(world.store.openAttempts(world.name)).toHaveLength(1);
  });

  test('starts the container that was made and never started', async () => {
    const world = new World(new FakeEngine());
    const start = vi.spyOn(world.runtime, 'start').mockImplementation(() => new Promise(() => {}));
    await killedAfter(world, 500);
    start.mockRestore();
    const [attempt] = world.store.openAttempts(world.name);
    world.runtime.containers.set(attempt?.name ?? '', {
      spec: {
        ...{ name: attempt?.name ?? '', image: '', labels: {}, env: {}, memoryBytes: 1, cpus: 1 },
        network: { hosts: [], hostAccess: false },
      },
      behaviour: {},
      state: { status: 'created', exitCode: 0, error: '' },
      ended: Promise.resolve(),
      end: () => {},
    });
    await world.finish(world.run('second'));
    expect(world.states).toEqual(['Succeeded']);
    expect(world.store.attempts(world.name)).toHaveLength(1);
  });

  test('removes a name of which nothing but the name was made', async () => {
    const world = new World(new FakeEngine());
    const { runtime } = world;
    const start = vi.spyOn(runtime, 'start').mockImplementation(() => new Promise(() => {}));
    await killedAfter(world, 500);
    start.mockRestore();
    const original = runtime.start.bind(runtime);
    const remove = vi.spyOn(runtime, 'remove');
    vi.spyOn(runtime, 'start').mockImplementation(async (spec, output) =>
      remove.mock.calls.some(([name]) => name === spec.name) ? original(spec, output) : 'exists',
    );
    await world.finish(world.run('second'));
    expect(world.states).toEqual(['Succeeded']);
    expect(world.store.attempts(world.name)).toHaveLength(1);
  });

  test('is still cancelled if that was asked for', async () => {
    const world = new World(new FakeRuntime(() => ({ ms: 60_000 })), { taskCount: 3, parallelism: 1 });
    await killedAfter(world, 1000);
    world.store.requestCancel(world.name, '2026-11-23T12:00:02.000000Z');
    const ended = await world.finish(
      world.run('second', { cancel: new AbortController().signal, kill: new AbortController().signal }),
    );
    expect(completionStatus(ended)).toBe('EXECUTION_CANCELLED');
    expect(world.states).toEqual(['Cancelled', 'Cancelled', 'Cancelled']);
    expect(world.runtime.attempts.size).toBe(0);
  });
});

describe('the lease', () => {
  test('keeps a second process out', async () => {
    const world = new World(new FakeRuntime(() => ({ ms: 5000 })));
    const first = world.run('first');
    await world.advance(500);
    await expect(world.run('second')).resolves.toBeUndefined();
    await world.finish(first);
    expect(world.states).toEqual(['Succeeded']);
  });

  test('ends the process that has lost it, which changes nothing any more', async () => {
    const world = new World(new FakeRuntime(() => ({ ms: 5000 })), { taskCount: 2, parallelism: 1 });
    const first = world.run('first');
    await world.advance(1000);
    world.dead.add('first');
    const second = world.run('second');
    await world.finish(second);
    await expect(first).resolves.toBeUndefined();
    expect(world.states).toEqual(['Succeeded', 'Succeeded']);
    expect(world.store.attempts(world.name)).toHaveLength(2);
    expect(world.runtime.attempts.size).toBe(0);
  });

  test.each([-3_600_000, 3_600_000])('is given signs of life also after the clock was put by %s ms', async (jump) => {
    const world = new World(new FakeRuntime(() => ({ ms: 20_000 })), {}, { timeout: '7200s' });
    const running = world.run();
    const age = (): number => Math.abs(Date.now() - (world.store.lease(world.name)?.heartbeat ?? 0));
    for (const by of [jump, -jump, jump]) {
      await world.advance(5000);
      vi.setSystemTime(Date.now() + by);
      await world.advance(300);
      expect(age()).toBeLessThan(3000);
      await expect(world.run('second')).resolves.toBeUndefined();
    }
    await world.finish(running);
    expect(world.states).toEqual(['Succeeded']);
    expect(world.store.attempts(world.name)).toHaveLength(1);
  });

  test('is given signs of life', async () => {
    const world = new World(new FakeRuntime(() => ({ ms: 20_000 })));
    const running = world.run();
    await world.advance(15_000);
    expect(Date.now() - (world.store.lease(world.name)?.heartbeat ?? 0)).toBeLessThan(3000);
    await world.finish(running);
  });
});
