import { describe, expect, test, vi } from 'vitest';
import { sleep } from '../../src/runtime/sleep.js';
import { completionStatus, conditionOf } from '../../src/model/execution.js';
import { epochMs, timestamp } from '../../src/model/time.js';
import { FakeEngine } from '../support/fake-engine.js';
import { FakeRuntime } from '../support/fake-runtime.js';
import { useFakeClock, World } from './world.js';

useFakeClock();

describe('an execution', () => {
  test('runs every task once and leaves nothing in the engine', async () => {
    const world = new World(new FakeRuntime(), { taskCount: 7, parallelism: 2 });
    const ended = await world.finish();
    expect(completionStatus(ended)).toBe('EXECUTION_SUCCEEDED');
    expect(ended).toMatchObject({ succeededCount: 7, taskCount: 7 });
    for (const counter of ['runningCount', 'failedCount', 'cancelledCount', 'retriedCount', 'reconciling']) {
      expect(ended).not.toHaveProperty(counter);
    }
    expect(world.store.attempts(world.name)).toHaveLength(7);
    expect(world.runtime.attempts.size).toBe(0);
    expect(world.store.lease(world.name)).toBeUndefined();
    const third = world.events.filter((event) => 'task' in event && event.task === 2);
    expect(third.map(({ type }) => type)).toEqual([
      ...['attempt.starting', 'attempt.started', 'attempt.settling', 'attempt.ended'],
    ]);
  });

  test('records what the containers of each attempt have used', async () => {
    const usage = { peakMemoryBytes: 52_428_800, cacheBytes: 0, cpuSeconds: 1.25, oomKills: 1 };
    const runtime = new FakeRuntime((_, { attempt }) => (attempt === 0 ? { exitCode: 1, usage } : {}));
    const world = new World(runtime, {}, { maxRetries: 1 });
    await world.finish();
    expect(world.store.attempts(world.name).map(({ usage: used }) => used)).toEqual([
      { 'container-0': usage },
      undefined,
    ]);
  });

  test.each([
    ['its parallelism', { taskCount: 9, parallelism: 3 }, 32, 3],
    ['all tasks without one', { taskCount: 9 }, 32, 9],
    ['all tasks with 0', { taskCount: 9, parallelism: 0 }, 32, 9],
    ['the local cap where the job sets no limit', { taskCount: 9 }, 4, 4],
    ['its parallelism even above the cap', { taskCount: 9, parallelism: 6 }, 4, 6],
  ])('runs as many tasks at once as %s allows', async (_, template, cap, most) => {
    const world = new World(new FakeRuntime(() => ({ ms: 5000 })), template, {}, cap);
    await world.finish();
    expect(world.runtime.most).toBe(most);
  });

  test('gives a freed slot to the next task at once, in no waves', async () => {
    // Task 0 takes as long as all others together.
    const runtime = new FakeRuntime((_, { task }) => ({ ms: task === 0 ? 9000 : 1000 }));
    const world = new World(runtime, { taskCount: 8, parallelism: 2 });
    await world.finish();
    const [slow, ...others] = world.tasks.map(({ completionTime = '' }) => completionTime);
    expect(others.every((time) => time < (slow ?? ''))).toBe(true);
  });

  test('counts no task as running whose slot another one has, though its result is still to come', async () => {
    const runtime = new FakeEngine(() => ({ ms: 300 }));
    const inspect = runtime.inspect.bind(runtime);
    runtime.inspect = async (name) => {
      await sleep(1000);
      return inspect(name);
    };
    const world = new World(runtime, { taskCount: 9, parallelism: 2 });
    const counts: number[] = [];
    const save = world.store.saveExecution.bind(world.store);
    vi.spyOn(world.store, 'saveExecution').mockImplementation((execution) => {
      counts.push(execution.runningCount ?? 0);
      save(execution);
    });
    expect(await world.finish()).toMatchObject({ succeededCount: 9 });
    expect(runtime.most).toBe(2);
    expect([Math.min(...counts), Math.max(...counts), counts.at(-1)]).toEqual([0, 2, 0]);
  });

  test('passes what the container contract says, and the job cannot override it', async () => {
    const env = [
      { name: 'A', value: 'first' },
      { name: 'A', value: 'last' },
    ];
    const runtime = new FakeEngine();
    const specs: unknown[] = [];
    const start = runtime.start.bind(runtime);
    runtime.start = (spec, output) => {
      specs.push(spec);
      return start(spec, output);
    };
    const containers = [
      {
        image: 'localrun/busybox:latest',
        env,
        command: ['c'],
        args: ['a'],
        workingDir: '/w',
        resources: { limits: { cpu: '8', memory: '4Gi' } },
      },
    ];
    await new World(runtime, { taskCount: 2, parallelism: 1 }, { containers }).finish();
    expect(specs[1]).toMatchObject({
      name: 'localrun-nightly-x7k2p-task1-attempt0',
      image: 'sha256:1',
      env: {
        A: 'last',
        CLOUD_RUN_JOB: 'nightly',
        CLOUD_RUN_EXECUTION: 'nightly-x7k2p',
        CLOUD_RUN_TASK_INDEX: '1',
        CLOUD_RUN_TASK_ATTEMPT: '0',
        CLOUD_RUN_TASK_COUNT: '2',
      },
      command: ['c'],
      args: ['a'],
      workingDir: '/w',
      memoryBytes: 4 * 1024 ** 3,
      cpus: 2,
    });
  });
});

describe('a task that fails', () => {
  const failing = (exitCode: (task: number, attempt: number) => number): FakeRuntime =>
    new FakeRuntime((_, { task, attempt }) => ({ exitCode: exitCode(task, attempt) }));

  test('is retried, in a new container, and may succeed', async () => {
    const world = new World(
      failing((task, attempt) => (task === 1 && attempt < 2 ? 1 : 0)),
      { taskCount: 3 },
    );
    const ended = await world.finish();
    expect(ended).toMatchObject({ succeededCount: 3, retriedCount: 1 });
    expect(world.states).toEqual(['Succeeded', 'Succeeded+2', 'Succeeded']);
    expect(world.store.attempts(world.name, 1)).toMatchObject([
      { attempt: 0, outcome: { code: 10, exitCode: 1 } },
      { attempt: 1, outcome: { code: 10, exitCode: 1 } },
      { attempt: 2, outcome: { code: 0 } },
    ]);
  });

  test.each([
    ['three times if the job does not say', undefined, 3],
    ['never with 0', 0, 0],
    ['twice with 2', 2, 2],
  ])('is retried %s', async (_, maxRetries, retried) => {
    const world = new World(
      failing(() => 7),
      {},
      maxRetries === undefined ? {} : { maxRetries },
    );
    const ended = await world.finish();
    expect(world.tasks[0]).toMatchObject({ state: 'Failed', retried, lastAttemptResult: { exitCode: 7 } });
    expect(world.store.attempts(world.name)).toHaveLength(retried + 1);
    expect(conditionOf(ended, 'Completed')).toMatchObject({
      state: 'CONDITION_FAILED',
      executionReason: 'NON_ZERO_EXIT_CODE',
      message: 'Task nightly-x7k2p-task0 failed with exit code: 7 and message: The container exited with an error.',
    });
  });

  test('does not keep the others from running', async () => {
    const world = new World(
      failing((task) => (task === 0 ? 1 : 0)),
      { taskCount: 5, parallelism: 1 },
      { maxRetries: 1 },
    );
    const ended = await world.finish();
    expect(world.states).toEqual(['Failed+1', 'Succeeded', 'Succeeded', 'Succeeded', 'Succeeded']);
    expect(ended).toMatchObject({ succeededCount: 4, failedCount: 1, retriedCount: 1 });
    expect(completionStatus(ended)).toBe('EXECUTION_FAILED');
  });

  test('goes before those that have not begun', async () => {
    const runtime = failing((task, attempt) => (task === 0 && attempt === 0 ? 1 : 0));
    const world = new World(runtime, { taskCount: 4, parallelism: 1 });
    await world.finish();
    const started = runtime.log.filter((line) => line.startsWith('start')).map((line) => line.slice(-14));
    // The result of an attempt comes after its slot has been given away, so that one task may come in between.
    expect(started.indexOf('task0-attempt1')).toBeLessThanOrEqual(2);
  });

  test('to start says why, and counts as failed', async () => {
    const world = new World(new FakeRuntime(() => ({ startError: 'exec: "nope": not found' })), {}, { maxRetries: 1 });
    const ended = await world.finish();
    expect(world.tasks[0]).toMatchObject({
      state: 'Failed',
      retried: 1,
      lastAttemptResult: { status: { message: 'Application failed to start: exec: "nope": not found' }, exitCode: 127 },
    });
    expect(world.tasks[0]?.startTime).toBeUndefined();
    expect(ended.failedCount).toBe(1);
    expect(world.runtime.attempts.size).toBe(0);
  });

  test('because the engine refuses its container says so', async () => {
    const world = new World(new FakeEngine(() => ({ refused: 'invalid mount' })), {}, { maxRetries: 0 });
    await world.finish();
    expect(world.tasks[0]?.lastAttemptResult?.status?.message).toBe('Application failed to start: invalid mount');
  });

  test('of memory is distinguished from one that was killed', async () => {
    const runtime = new FakeRuntime((_, { task }) => ({ exitCode: 137, oomKilled: task === 0 }));
    const world = new World(runtime, { taskCount: 2 }, { maxRetries: 0 });
    await world.finish();
    expect(world.tasks.map(({ lastAttemptResult }) => lastAttemptResult)).toEqual([
      { status: { code: 8, message: 'The configured memory limit was reached.' } },
      { status: { code: 10, message: 'The container was terminated on signal 9.' }, termSignal: 9 },
    ]);
  });
});

describe('the timeout', () => {
  test.each([
    ['forward', 3_600_000, 8000, 'Succeeded'],
    ['back', -3_600_000, 60_000, 'Failed'],
  ])('is the same when the clock is put %s meanwhile', async (_way, by, ms, state) => {
    const world = new World(new FakeRuntime(() => ({ ms })), {}, { timeout: '10s', maxRetries: 0 });
    const running = world.run();
    await world.advance(2000);
    const since = performance.now();
    vi.setSystemTime(Date.now() + by);
    await world.finish(running);
    expect(world.states).toEqual([state]);
    expect(performance.now() - since).toBeLessThan(9000);
  });

  test('counts for each attempt, and the result is the timeout whatever the exit', async () => {
    const world = new World(new FakeRuntime(() => ({ ms: 60_000 })), {}, { timeout: '5s', maxRetries: 1 });
    const ended = await world.finish();
    expect(world.tasks[0]).toMatchObject({
      state: 'Failed',
      retried: 1,
      lastAttemptResult: { status: { code: 4, message: 'The configured timeout was reached.' } },
    });
    expect(world.tasks[0]?.lastAttemptResult).not.toHaveProperty('exitCode');
    expect(conditionOf(ended, 'Completed')?.message).toContain(
      'failed with exit code: 0 and message: The configured timeout',
    );
    expect(world.runtime.log.filter((line) => line.startsWith('stop'))).toHaveLength(2);
  });

  test('is not said of what has ended, whose client is let go if it has missed the end', async () => {
    const world = new World(new FakeEngine(() => ({ ms: 1000, deaf: true })), { taskCount: 2 }, { timeout: '3s' });
    const since = performance.now();
    await world.finish();
    expect(world.states).toEqual(['Succeeded', 'Succeeded']);
    expect(world.store.attempts(world.name).map(({ stop }) => stop)).toEqual([undefined, undefined]);
    expect(world.events.some(({ type }) => type === 'attempt.stopping')).toBe(false);
    expect(performance.now() - since).toBeLessThan(15_000);
  });

  test.each([-300_000, 300_000])('counts by our clock, whatever that of the engine (%s ms ahead)', async (skew) => {
    const runtime = new FakeRuntime((_, { task }) => ({ ms: task === 0 ? 4000 : 60_000, exitCode: 0 }));
    runtime.skew = skew;
    const world = new World(runtime, { taskCount: 2 }, { timeout: '5s', maxRetries: 0 });
    const created = timestamp(Date.now());
    const ended = await world.finish();
    expect(world.states).toEqual(['Succeeded', 'Failed']);
    expect(world.tasks[1]?.lastAttemptResult?.status?.code).toBe(4);
    for (const { createTime, startTime = '', endTime = '', task } of world.store.attempts(world.name)) {
      const times = [created, createTime, startTime, endTime, ended.completionTime ?? ''].map(epochMs);
      expect(times).toEqual(times.toSorted((x, y) => x - y));
      expect((epochMs(endTime) - epochMs(startTime)) / 1000).toBeCloseTo(task === 0 ? 4 : 5, 1);
    }
    expect(ended.completionTime && ended.completionTime <= timestamp(Date.now())).toBe(true);
  });

  test('does not touch a task that ends in time', async () => {
    const world = new World(new FakeRuntime(() => ({ ms: 4900 })), { taskCount: 2, parallelism: 1 }, { timeout: '5s' });
    await world.finish();
    expect(world.states).toEqual(['Succeeded', 'Succeeded']);
    expect(world.runtime.log.some((line) => line.startsWith('stop'))).toBe(false);
  });
});

test('what the runtime turns out to lack fails the execution before anything runs', async () => {
  const runtime = new FakeRuntime();
  runtime.lacks = { strictFs: 'no such thing' };
  const world = new World(runtime, { taskCount: 2 }, {}, 32, { strictFs: true });
  const ended = await world.finish();
  expect(conditionOf(ended, 'ResourcesAvailable')).toMatchObject({
    state: 'CONDITION_FAILED',
    message: 'strictFs: no such thing',
  });
  expect(world.states).toEqual(['Abandoned', 'Abandoned']);
  expect(runtime.log).toEqual([]);
});

describe('a missing image', () => {
  test('fails the execution before anything runs; the job stays', async () => {
    const world = new World(new FakeRuntime(), { taskCount: 2 }, { containers: [{ image: 'nope:1' }] });
    const ended = await world.finish();
    expect(completionStatus(ended)).toBe('EXECUTION_FAILED');
    expect(conditionOf(ended, 'ContainerReady')).toMatchObject({
      state: 'CONDITION_FAILED',
      reason: 'CONTAINER_MISSING',
      message: "Image 'nope:1' not found.",
    });
    expect(world.states).toEqual(['Abandoned', 'Abandoned']);
    expect(ended).not.toHaveProperty('startTime');
    expect(world.store.job(world.execution.name.split('/executions/')[0] ?? '')).toBeDefined();
    expect(world.events.find(({ type }) => type === 'image.unavailable')).toMatchObject({
      detail: 'nope:1: manifest unknown',
    });
  });

  test('an image with a digest is named with it', async () => {
    const runtime = new FakeEngine();
    runtime.images.set('gcr.io/p/i:1', {
      id: 'sha256:2',
      digest: `gcr.io/p/i@sha256:${'b'.repeat(64)}`,
      platform: 'linux/amd64',
    });
    const world = new World(runtime, {}, { containers: [{ image: 'gcr.io/p/i:1' }] });
    const ended = await world.finish();
    expect(ended.template.containers[0]?.image).toBe(`gcr.io/p/i@sha256:${'b'.repeat(64)}`);
    expect(world.store.images(world.name)).toEqual({ [`gcr.io/p/i@sha256:${'b'.repeat(64)}`]: 'sha256:2' });
  });
});

describe('an engine that goes away', () => {
  test('is waited for: no attempt is lost or spent', async () => {
    const world = new World(new FakeRuntime(() => ({ ms: 3000 })), { taskCount: 4, parallelism: 2 });
    const running = world.run();
    await world.advance(1000);
    world.runtime.gone = true;
    await world.advance(30_000);
    expect(world.events.filter(({ type }) => type === 'runtime.unavailable')).toHaveLength(1);
    world.runtime.gone = false;
    await world.finish(running);
    expect(world.states).toEqual(['Succeeded', 'Succeeded', 'Succeeded', 'Succeeded']);
    expect(world.store.attempts(world.name)).toHaveLength(4);
    expect(world.events.filter(({ type }) => type === 'runtime.available')).toHaveLength(1);
  });

  test('does not hold a run that another process has taken over', async () => {
    const world = new World(new FakeEngine(), { taskCount: 4, parallelism: 2 });
    const { runtime } = world;
    const found = runtime.localImage.bind(runtime);
    runtime.localImage = (reference) => {
      // Sandboxes are being opened now.
      runtime.gone = true;
      return found(reference);
    };
    const running = world.run();
    await world.advance(2000);
    world.store.acquireLease(world.name, { token: 'other', pid: 2, processStart: 's' }, Date.now(), () => false);
    await world.advance(5000);
    expect(await Promise.race([running, Promise.resolve('still runs')])).toBeUndefined();
  });
});

test('a runtime that is slow is reported, with what it is slow at, when that changes', async () => {
  const world = new World(new FakeRuntime(() => ({ ms: 3000 })), { taskCount: 1 });
  const running = world.run();
  for (const [call, ms] of [
    ['docker run', 9000],
    ['docker run', 11_000],
    ['docker run', 12_000],
    ['docker rm', 10_000],
  ] as const) {
    world.runtime.slowest = { call, ms };
    await world.advance(300);
  }
  world.runtime.slowest = undefined;
  await world.finish(running);
  expect(world.events.filter(({ type }) => type === 'runtime.slow')).toMatchObject([
    { call: 'docker run', ms: 11_000, first: true },
    { call: 'docker rm', ms: 10_000, first: false },
    { call: undefined, ms: 0, first: false },
  ]);
});
