import { PassThrough } from 'node:stream';
import { describe, expect, test, vi } from 'vitest';
import { completionStatus } from '../../src/model/execution.js';
import type { Container } from '../../src/model/schema/container.js';
import type { ContainerSpec } from '../../src/runtime/docker/engine-api.js';
import { StartRefused } from '../../src/runtime/port.js';
import { sleep } from '../../src/runtime/sleep.js';
import { type Behaviour, FakeEngine } from '../support/fake-engine.js';
import { attemptOf, useFakeClock, World } from './world.js';

useFakeClock();

const image = 'localrun/busybox:latest';
const tcpProbe = { tcpSocket: { port: 8080 }, periodSeconds: 1 };

/** A job of one task without retries, whose containers behave as said of them by name. */
function worldOf(containers: Omit<Container, 'image'>[], behaviours: Record<string, Behaviour> = {}): World {
  const labelled = containers.map((container) => ({ image, ...container }));
  const runtime = new FakeEngine(({ name }) => behaviours[labelOf(name)] ?? {});
  return new World(runtime, {}, { containers: labelled, maxRetries: 0 });
}

/** The label at the end of a container's name; `main` for that without one. */
const labelOf = (name: string): string => /attempt\d+-\d+-(.*)$/.exec(name)?.[1] ?? 'main';

const log = (world: World): string[] => world.runtime.log.map((line) => `${line.split(' ')[0]} ${labelOf(line)}`);

describe('a task of several containers', () => {
  test('ends with its main container; the others are stopped', async () => {
    const world = worldOf([{ name: 'app' }, { name: 'proxy' }], { main: { ms: 1000 }, proxy: { ms: 60_000 } });
    const ended = await world.finish();
    expect(completionStatus(ended)).toBe('EXECUTION_SUCCEEDED');
    expect(log(world)).toEqual(['start main', 'start proxy', 'stop proxy', 'remove main', 'remove proxy']);
    expect(world.runtime.containers.size + world.runtime.sandboxes.size).toBe(0);
  });

  test('shares one sandbox, in which the names of its containers are known', async () => {
    const specs: ContainerSpec[] = [];
    const world = worldOf([{ name: 'app' }, { name: 'proxy' }]);
    world.runtime = new FakeEngine((spec) => ({ ms: specs.push(spec) && 100 }));
    const running = world.run();
    await world.advance(50);
    expect([...world.runtime.sandboxes.values()].map(({ hosts }) => hosts)).toEqual([['app', 'proxy']]);
    expect(new Set(specs.map(({ network }) => 'sandbox' in network && network.sandbox))).toEqual(
      new Set(world.runtime.sandboxes.keys()),
    );
    // Both have asked for it.
    expect(world.runtime.opened).toHaveLength(1);
    await world.finish(running);
  });

  test('starts a container once those that it depends on are up, by their probes', async () => {
    const chain = [
      { name: 'app', dependsOn: ['proxy'] },
      { name: 'proxy', dependsOn: ['db'], startupProbe: { ...tcpProbe, failureThreshold: 10 } },
      { name: 'db' },
    ];
    const world = worldOf(chain, { proxy: { ms: 60_000 }, db: { ms: 60_000 } });
    const running = world.run();
    await world.advance(3000);
    expect(log(world)).toEqual(['start db', 'start proxy']);
    world.runtime.listening.add(8080);
    const ended = await world.finish(running);
    expect(completionStatus(ended)).toBe('EXECUTION_SUCCEEDED');
    expect(log(world).slice(0, 3)).toEqual(['start db', 'start proxy', 'start main']);
  });

  test('fails if a dependency does not get ready, and names it', async () => {
    const world = worldOf(
      [
        { name: 'app', dependsOn: ['proxy'] },
        { name: 'proxy', startupProbe: tcpProbe },
      ],
      {
        proxy: { ms: 60_000 },
      },
    );
    const ended = await world.finish();
    expect(completionStatus(ended)).toBe('EXECUTION_FAILED');
    expect(world.tasks[0]?.lastAttemptResult).toEqual({
      status: {
        code: 10,
        message:
          'STARTUP TCP (port 8080) probe failed 3 times consecutively for container "proxy": connection refused. The instance was not started.',
      },
    });
    expect(log(world)).not.toContain('start main');
  });

  test.each([
    ['exits with an error', { ms: 100, exitCode: 4 }, 'Container "side" exited with code 4 before the task had ended.'],
    ['is killed', { ms: 100, exitCode: 137 }, 'Container "side" was terminated on signal 9 before the task had ended.'],
    [
      'runs out of memory',
      { ms: 100, exitCode: 137, oomKilled: true },
      'Container "side": The configured memory limit was reached.',
    ],
    [
      'cannot start',
      { startError: 'no such command' },
      'Container "side": Application failed to start: no such command',
    ],
  ])('fails if a container beside the main one %s', async (_, side, message) => {
    const world = worldOf([{ name: 'app' }, { name: 'side' }], { main: { ms: 60_000 }, side });
    await world.finish();
    expect(world.tasks[0]).toMatchObject({ state: 'Failed', lastAttemptResult: { status: { message } } });
    expect(log(world)).toContain('stop main');
  });

  test('ignores a container that ends well, unless another one waits for it', async () => {
    const careless = worldOf([{ name: 'app' }, { name: 'side' }], { main: { ms: 5000 }, side: { ms: 100 } });
    expect(completionStatus(await careless.finish())).toBe('EXECUTION_SUCCEEDED');
    const waiting = worldOf(
      [
        { name: 'app', dependsOn: ['side'] },
        { name: 'side', startupProbe: tcpProbe },
      ],
      { side: { ms: 100 } },
    );
    await waiting.finish();
    expect(waiting.tasks[0]?.lastAttemptResult?.status?.message).toBe(
      'Container "side" exited with code 0 before the task had ended.',
    );
  });

  test('does not care how the others end after the main container', async () => {
    const world = worldOf([{ name: 'app' }, { name: 'side' }], {
      main: { ms: 500 },
      side: { ms: 60_000, stubborn: true },
    });
    const ended = await world.finish();
    expect(completionStatus(ended)).toBe('EXECUTION_SUCCEEDED');
    expect(ended.completionTime).toBe(world.tasks[0]?.completionTime);
  });

  test('fails, and does not go on in two sandboxes, if the one of its containers that run is lost', async () => {
    const probed = worldOf(
      [
        { name: 'app', dependsOn: ['proxy'] },
        { name: 'proxy', startupProbe: { ...tcpProbe, failureThreshold: 100 } },
      ],
      { proxy: { ms: 60_000 } },
    );
    const waiting = probed.run();
    await probed.advance(2000);
    probed.runtime.sandboxes.clear();
    await probed.finish(waiting);
    expect(probed.tasks[0]?.lastAttemptResult?.status?.message).toMatch(
      /probe failed \d times consecutively for container "proxy": the sandbox of its attempt is gone\./,
    );

    const started = worldOf(
      [
        { name: 'app', dependsOn: ['proxy'] },
        { name: 'proxy', startupProbe: { ...tcpProbe, failureThreshold: 100 } },
      ],
      { proxy: { ms: 60_000 } },
    );
    const { runtime } = started;
    vi.spyOn(runtime, 'dial').mockImplementation(async () => {
      runtime.sandboxes.clear();
      return new PassThrough();
    });
    await started.finish();
    expect(started.tasks[0]?.lastAttemptResult?.status?.message).toBe(
      'Application failed to start: the sandbox of its attempt is gone',
    );
    expect(log(started)).toEqual(['start proxy', 'stop proxy', 'remove proxy']);
  });

  test('can be cancelled while a dependency is awaited', async () => {
    const world = worldOf(
      [
        { name: 'app', dependsOn: ['proxy'] },
        { name: 'proxy', startupProbe: { ...tcpProbe, failureThreshold: 200 } },
      ],
      { proxy: { ms: 600_000 } },
    );
    const running = world.run();
    await world.advance(2000);
    world.cancel.abort();
    const ended = await world.finish(running);
    expect(completionStatus(ended)).toBe('EXECUTION_CANCELLED');
    expect(log(world)).not.toContain('start main');
  });

  test('runs with unnamed containers, the first of which is the main one', async () => {
    const world = worldOf([{}, {}], { main: { ms: 500 }, 'container-1': { ms: 60_000 } });
    expect(completionStatus(await world.finish())).toBe('EXECUTION_SUCCEEDED');
    expect(log(world)).toContain('stop container-1');
  });
});

describe('sandboxes', () => {
  test('are one a slot, used again by the next attempt, and made anew when they are lost', async () => {
    const used: (string | false)[] = [];
    const runtime = new FakeEngine(({ network }) => ({
      ms: used.push('sandbox' in network && network.sandbox) && 100,
    }));
    const world = new World(runtime, { taskCount: 12, parallelism: 3 });
    const running = world.run();
    await world.advance(150);
    expect(runtime.sandboxes.size).toBe(3);
    runtime.sandboxes.clear();
    const ended = await world.finish(running);
    expect(ended).toMatchObject({ succeededCount: 12 });
    expect(ended.retriedCount).toBeUndefined();
    expect(new Set(used).size).toBe(3);
    expect(world.store.attempts(world.name)).toHaveLength(12);
  });
});

test('a sandbox is never lent to two attempts at once, however late a result comes', async () => {
  let shared = 0;
  const runtime: FakeEngine = new FakeEngine(({ network, labels }) => {
    const inUse = [...runtime.containers.values()].filter(({ state }) => state.status === 'running');
    shared += inUse.filter(({ spec }) => JSON.stringify(spec.network) === JSON.stringify(network)).length;
    return { ms: 300 + 137 * (attemptOf(labels)[0] % 3) };
  });
  const inspect = runtime.inspect.bind(runtime);
  runtime.inspect = async (name) => {
    await sleep(150);
    return inspect(name);
  };
  expect(await new World(runtime, { taskCount: 12, parallelism: 2 }).finish()).toMatchObject({ succeededCount: 12 });
  expect(shared).toBe(0);
});

describe('the first sandboxes', () => {
  const slow = (): FakeEngine => {
    const runtime = new FakeEngine();
    const find = runtime.localImage.bind(runtime);
    runtime.localImage = async (reference) => {
      await new Promise((resolve) => setTimeout(resolve, 500));
      return find(reference);
    };
    return runtime;
  };

  test('are opened while images are looked for, as many as can be used at once', async () => {
    const world = new World(slow(), { taskCount: 12, parallelism: 12 });
    const opened = vi.spyOn(world.runtime, 'openSandbox');
    const running = world.run();
    await world.advance(100);
    // Two CPUs start four at a time.
    expect(world.runtime.sandboxes.size).toBe(4);
    expect(await world.finish(running)).toMatchObject({ succeededCount: 12 });
    const names = opened.mock.calls.map(([{ name }]) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  test('go if there is no image', async () => {
    const runtime = slow();
    runtime.images.clear();
    const world = new World(runtime, { taskCount: 2 });
    const running = world.run();
    await world.advance(100);
    expect(runtime.sandboxes.size).toBe(2);
    expect(completionStatus(await world.finish(running))).toBe('EXECUTION_FAILED');
    expect(runtime.sandboxes.size).toBe(0);
  });

  test('that cannot be opened are tried again when they are needed', async () => {
    const runtime = slow();
    vi.spyOn(runtime, 'openSandbox').mockRejectedValueOnce(new StartRefused('network nonesuch not found'));
    expect(await new World(runtime, {}).finish()).toMatchObject({ succeededCount: 1 });
  });
});

describe('fresh sandboxes', () => {
  const fresh = { freshSandbox: true };

  test('are none where a container meets no other', async () => {
    const runtime = new FakeEngine();
    const opened = vi.spyOn(runtime, 'openSandbox');
    const world = new World(runtime, { taskCount: 4, parallelism: 2 }, {}, 32, fresh);
    expect(await world.finish()).toMatchObject({ succeededCount: 4 });
    expect(opened).not.toHaveBeenCalled();
  });

  test('are one for each attempt, and gone with it', async () => {
    const runtime = new FakeEngine(({ name }) => ({ ms: labelOf(name) === 'main' ? 100 : 60_000 }));
    const opened = vi.spyOn(runtime, 'openSandbox');
    const containers = [
      { name: 'app', image },
      { name: 'proxy', image },
    ];
    const world = new World(runtime, { taskCount: 6, parallelism: 1 }, { containers }, 32, fresh);
    const running = world.run();
    await world.advance(400);
    expect(runtime.sandboxes.size).toBeLessThan(3);
    expect(await world.finish(running)).toMatchObject({ succeededCount: 6 });
    expect(new Set(opened.mock.calls.map(([{ name }]) => name)).size).toBe(6);
    expect(runtime.sandboxes.size).toBe(0);
  });
});

describe('a task of several containers whose process has died', () => {
  test.each([10, 60, 300, 1100, 1500])('is brought to its end by the next one, after %s ms', async (ms) => {
    const world = worldOf(
      [
        { name: 'app', dependsOn: ['proxy'] },
        { name: 'proxy', startupProbe: { ...tcpProbe, failureThreshold: 10 } },
      ],
      { main: { ms: 1000 }, proxy: { ms: 60_000 } },
    );
    const before = world.run('first');
    setTimeout(() => world.runtime.listening.add(8080), 200);
    await world.advance(ms);
    world.dead.add('first');
    world.store.acquireLease(world.name, { token: 'x', pid: 2, processStart: '' }, Date.now(), () => false);
    world.dead.add('x');
    const ended = await world.finish(world.run('second'));
    expect(await before).toBeUndefined();
    expect(completionStatus(ended)).toBe('EXECUTION_SUCCEEDED');
    const starts = world.runtime.log.filter((line) => line.startsWith('start'));
    expect(starts).toHaveLength(2);
    expect(world.runtime.containers.size + world.runtime.sandboxes.size).toBe(0);
  });
});
