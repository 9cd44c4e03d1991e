import { describe, expect, test } from 'vitest';
import { completionStatus, conditionOf } from '../../src/model/execution.js';
import { sleep } from '../../src/runtime/sleep.js';
import { FakeEngine } from '../support/fake-engine.js';
import { FakeRuntime } from '../support/fake-runtime.js';
import { useFakeClock, World } from './world.js';

useFakeClock();

describe('a cancellation', () => {
  test('stops what runs, starts nothing, retries nothing', async () => {
    const world = new World(new FakeRuntime(() => ({ ms: 60_000, stubborn: true })), { taskCount: 5, parallelism: 2 });
    const running = world.run();
    await world.advance(1000);
    world.cancel.abort();
    await world.advance(100);
    expect(conditionOf(world.store.execution(world.name) ?? world.execution, 'Completed')).toMatchObject({
      message: 'Waiting for execution to be cancelled.',
    });
    const ended = await world.finish(running);
    expect(completionStatus(ended)).toBe('EXECUTION_CANCELLED');
    expect(ended).toMatchObject({ cancelledCount: 5, generation: '2' });
    expect(world.states).toEqual(Array.from({ length: 5 }, () => 'Cancelled'));
    expect(world.runtime.log.filter((line) => line.startsWith('start'))).toHaveLength(2);
    expect(world.runtime.log.filter((line) => line.startsWith('stop'))).toHaveLength(2);
    expect(world.runtime.attempts.size).toBe(0);
  });

  test('from another process comes through the store, within a second', async () => {
    const world = new World(new FakeRuntime(() => ({ ms: 60_000 })));
    const running = world.run();
    await world.advance(2000);
    expect(world.store.requestCancel(world.name, '2026-11-23T12:00:02.000000Z')).toBe(true);
    await world.advance(1000);
    expect(world.runtime.running).toBe(0);
    expect(completionStatus(await world.finish(running))).toBe('EXECUTION_CANCELLED');
    expect(world.store.requestCancel(world.name, '2026-11-23T12:00:09.000000Z')).toBe(false);
  });

  test('keeps the results of tasks that have ended', async () => {
    const world = new World(new FakeRuntime(() => ({ ms: 1000 })), { taskCount: 6, parallelism: 2 });
    const running = world.run();
    await world.advance(1500);
    world.cancel.abort();
    const ended = await world.finish(running);
    expect(world.states).toEqual(['Succeeded', 'Succeeded', 'Cancelled', 'Cancelled', 'Cancelled', 'Cancelled']);
    expect(ended).toMatchObject({ succeededCount: 2, cancelledCount: 4 });
    expect(completionStatus(ended)).toBe('EXECUTION_CANCELLED');
  });

  test('gives 10 s of grace', async () => {
    const world = new World(new FakeRuntime(() => ({ ms: 60_000, stubborn: true })));
    const running = world.run();
    await world.advance(1000);
    world.cancel.abort();
    await world.advance(9000);
    expect(world.runtime.running).toBe(1);
    await world.advance(2000);
    expect(world.runtime.running).toBe(0);
    await world.finish(running);
  });

  test('asked for twice kills at once', async () => {
    const world = new World(new FakeRuntime(() => ({ ms: 60_000, stubborn: true })), { taskCount: 2 });
    const running = world.run();
    await world.advance(1000);
    world.cancel.abort();
    await world.advance(500);
    world.kill.abort();
    await world.advance(500);
    expect(world.runtime.running).toBe(0);
    expect(world.runtime.log.filter((line) => line.startsWith('kill'))).toHaveLength(2);
    await world.finish(running);
  });

  test('starts none of those that wait for their turn to be started', async () => {
    const runtime = new FakeEngine(() => ({ ms: 60_000 }));
    const start = runtime.start.bind(runtime);
    runtime.start = async (spec, output) => {
      await sleep(200);
      return start(spec, output);
    };
    const world = new World(runtime, { taskCount: 20, parallelism: 20 });
    const running = world.run();
    await world.advance(500);
    world.cancel.abort();
    const ended = await world.finish(running);
    // Two CPUs start four at a time, three times until then.
    expect(runtime.log.filter((line) => line.startsWith('start'))).toHaveLength(12);
    expect(ended).toMatchObject({ cancelledCount: 20 });
    expect(world.store.attempts(world.name).map(({ outcome }) => outcome?.code)).toEqual(
      Array.from({ length: 12 }, () => 1),
    );
  });

  test('before anything has started ends the execution without a start', async () => {
    const world = new World(new FakeRuntime(), { taskCount: 3 });
    world.store.requestCancel(world.name, '2026-11-23T12:00:00.000000Z');
    const ended = await world.finish();
    expect(world.runtime.log).toEqual([]);
    expect(ended).toMatchObject({ cancelledCount: 3 });
    expect(completionStatus(ended)).toBe('EXECUTION_CANCELLED');
  });

  test('does not wait for a pull', async () => {
    const runtime = new FakeEngine();
    let pulling: AbortSignal | undefined;
    runtime.pullImage = (_reference, _platform, signal) => {
      pulling = signal;
      return new Promise(() => {});
    };
    const world = new World(runtime, {}, { containers: [{ image: 'slow:1' }] });
    const running = world.run();
    await world.advance(1000);
    world.cancel.abort();
    expect(completionStatus(await world.finish(running))).toBe('EXECUTION_CANCELLED');
    expect(pulling?.aborted).toBe(true);
  });
});
