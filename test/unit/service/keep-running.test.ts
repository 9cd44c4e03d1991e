import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { ExecutionEvent } from '../../../src/model/events.js';
import { completionStatus } from '../../../src/model/execution.js';
import type { Execution } from '../../../src/model/schema/job.js';
import type { RunnerCall } from '../../../src/service/execution-runner.js';
import type { Watcher } from '../../../src/service/hosted-executions.js';
import { keepRunning } from '../../../src/service/keep-running.js';
import { runJob } from '../../../src/service/run-job.js';
import { watchRun } from '../../../src/service/watch-run.js';
import { someJob, someTime } from '../../support/jobs.js';
import { ServiceWorld } from '../../support/service.js';

beforeEach(() => void vi.useFakeTimers({ now: Date.parse(someTime) }));
afterEach(() => void vi.useRealTimers());

/** A world with a job, and a keeper of its executions. */
class Kept extends ServiceWorld {
  readonly job = someJob({ taskCount: 2 });
  readonly end = new AbortController();
  readonly events: string[] = [];
  readonly failures: string[] = [];
  readonly kept: Promise<string[]>;

  constructor(more: Partial<RunnerCall> = {}, watcher: Partial<Watcher> = {}) {
    super();
    this.store.saveJob(this.job);
    this.kept = keepRunning({ ...this.call, now: Date.now, alive: () => true, ...more }, this.end.signal, {
      onEvent: (_, { type }) => this.events.push(type),
      onFailure: (_, { message }) => this.failures.push(message),
      onTrouble: ({ message }) => this.failures.push(message),
      ...watcher,
    });
  }

  create = (): Execution => runJob(this.call, { name: this.job.name });

  start = (): string => this.create().name;

  status(execution: string): string | undefined {
    const found = this.store.execution(execution);
    return found && completionStatus(found);
  }
}

describe('a cluster worker', () => {
  test('runs what others have created or left, and nothing that another process runs', async () => {
    const world = new Kept();
    const [created, held] = [world.start(), world.start()];
    const other = { token: 'other', pid: 2, processStart: 'now' };
    world.store.acquireLease(held, other, world.now, () => true);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(world.status(created)).toBe('EXECUTION_SUCCEEDED');
    expect(world.status(held)).toBe('EXECUTION_PENDING');
    world.store.releaseLease(held, other.token);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(world.status(held)).toBe('EXECUTION_SUCCEEDED');
    expect(world.spawned).toEqual([]);
    world.end.abort();
    await vi.advanceTimersByTimeAsync(6000);
    await world.kept;
  });

  test('tries again, less and less often, what fails for want of a runtime', async () => {
    let asked = 0;
    const runtime: RunnerCall['runtime'] = async () => {
      const runtime = world.runtime.runtime;
      if (++asked > 3) return runtime;
      const failure = new Error(`no cluster ${asked}`);
      return { identify: () => Promise.reject(failure), slowest: undefined } as unknown as typeof runtime;
    };
    const world: Kept = new Kept({ runtime });
    const execution = world.start();
    await vi.advanceTimersByTimeAsync(2000);
    expect(world.failures).toEqual(['no cluster 1']);
    await vi.advanceTimersByTimeAsync(15_000);
    expect(world.failures).toEqual(['no cluster 1', 'no cluster 2', 'no cluster 3']);
    await vi.advanceTimersByTimeAsync(40_000);
    expect(world.status(execution)).toBe('EXECUTION_SUCCEEDED');
    world.end.abort();
    await vi.advanceTimersByTimeAsync(6000);
    await world.kept;
  });

  test('keeps no lease when a runtime cannot be opened', async () => {
    let asked = 0;
    const runtime: RunnerCall['runtime'] = () =>
      ++asked > 1 ? Promise.resolve(world.runtime.runtime) : Promise.reject(new Error('no such context'));
    const world: Kept = new Kept({ runtime });
    const execution = world.start();
    await vi.advanceTimersByTimeAsync(2000);
    expect(world.failures).toEqual(['no such context']);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(world.status(execution)).toBe('EXECUTION_SUCCEEDED');
    world.end.abort();
    await vi.advanceTimersByTimeAsync(6000);
    await world.kept;
  });

  test('keeps no lease that could not be given up while the disk was full', async () => {
    const world = new Kept();
    const { store } = world;
    const release = vi.spyOn(store, 'releaseLease').mockImplementationOnce(() => {
      throw new Error('disk full');
    });
    const saving = vi.spyOn(store, 'saveAttempt').mockImplementationOnce(() => {
      throw new Error('disk full');
    });
    const execution = world.start();
    await vi.advanceTimersByTimeAsync(1000);
    expect(saving).toHaveBeenCalledOnce();
    expect(release).toHaveBeenCalledOnce();
    expect(store.lease(execution)).toBeDefined();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(world.status(execution)).toBe('EXECUTION_SUCCEEDED');
    world.end.abort();
    await vi.advanceTimersByTimeAsync(6000);
    await world.kept;
  });

  test('begins later what cannot begin, and says so, but not every time', async () => {
    const world = new Kept();
    const { store } = world;
    const acquiring = vi.spyOn(store, 'acquireLease').mockImplementation(() => {
      throw new Error('disk full');
    });
    const execution = world.start();
    await vi.advanceTimersByTimeAsync(20_000);
    // When it is created, and when it is found.
    expect(world.failures).toEqual(['disk full', 'disk full']);
    expect(acquiring.mock.calls.length).toBeGreaterThan(4);
    acquiring.mockRestore();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(world.status(execution)).toBe('EXECUTION_SUCCEEDED');
    world.end.abort();
    await vi.advanceTimersByTimeAsync(6000);
    await world.kept;
  });

  test('goes on when nothing can be said about a run', async () => {
    const full = (): never => {
      throw new Error('no space left');
    };
    let asked = 0;
    const runtime: RunnerCall['runtime'] = () =>
      ++asked > 1 ? Promise.resolve(world.runtime.runtime) : Promise.reject(new Error('no such context'));
    const world: Kept = new Kept({ runtime }, { onEvent: full, onFailure: full });
    const execution = world.start();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(world.status(execution)).toBe('EXECUTION_SUCCEEDED');
    expect(world.failures).toContain('no space left');
    world.end.abort();
    await vi.advanceTimersByTimeAsync(6000);
    await world.kept;
  });

  test('runs many, which Node.js takes for no leak', async () => {
    const warnings: Error[] = [];
    const warn = (warning: Error): void => void warnings.push(warning);
    process.on('warning', warn);
    onTestFinished(() => void process.off('warning', warn));
    const world = new Kept();
    for (let i = 0; i < 12; i++) world.start();
    await vi.advanceTimersByTimeAsync(100);
    expect(warnings).toEqual([]);
    world.end.abort();
    await vi.advanceTimersByTimeAsync(6000);
    expect(await world.kept).toHaveLength(12);
  });

  test('ends with its store, and gives its leases up', async () => {
    const world = new Kept();
    const execution = world.start();
    await vi.advanceTimersByTimeAsync(100);
    expect(world.store.lease(execution)).toBeDefined();
    vi.spyOn(world.store, 'openExecutions').mockImplementation(() => {
      throw new Error('the disk is gone');
    });
    const end = world.kept.catch(({ message }: Error) => message);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await end).toBe('the disk is gone');
    expect(world.store.lease(execution)).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('gives its leases up at the end', async () => {
    const world = new Kept();
    const execution = world.start();
    await vi.advanceTimersByTimeAsync(100);
    expect(world.store.lease(execution)).toBeDefined();
    world.end.abort();
    await vi.advanceTimersByTimeAsync(6000);
    expect(await world.kept).toEqual([execution]);
    expect(world.store.lease(execution)).toBeUndefined();
    expect(world.status(execution)).toBe('EXECUTION_RUNNING');
  });
});

describe('what another process sees of a run', () => {
  const types = (events: readonly ExecutionEvent[], of: RegExp): string[] =>
    events.flatMap((event) => (of.test(event.type) ? `${event.type} ${'task' in event ? event.task : ''}`.trim() : []));

  test('are the events of its attempts, each once', async () => {
    const world = new Kept();
    const execution = world.create();
    const events: ExecutionEvent[] = [];
    const never = new AbortController().signal;
    const seen = watchRun(world.call, execution, { cancel: never, kill: never }, (event) => events.push(event));
    await vi.advanceTimersByTimeAsync(30_000);
    expect(completionStatus(await seen)).toBe('EXECUTION_SUCCEEDED');
    expect(types(events, /attempt.(starting|started|ended)/).toSorted()).toEqual([
      ...['attempt.ended 0', 'attempt.ended 1', 'attempt.started 0', 'attempt.started 1'],
      ...['attempt.starting 0', 'attempt.starting 1'],
    ]);
    expect(types(events, /execution/)).toEqual(['execution.started', 'execution.completed']);
    expect(events).toContainEqual(expect.objectContaining({ type: 'attempt.ended', task: 1, state: 'Succeeded' }));
    world.end.abort();
    await vi.advanceTimersByTimeAsync(6000);
    await world.kept;
  });

  test('is not what had ended before', async () => {
    const world = new Kept();
    const created = world.create();
    await vi.advanceTimersByTimeAsync(30_000);
    const never = new AbortController().signal;
    const before = world.store.execution(created.name) ?? created;
    const events: ExecutionEvent[] = [];
    await watchRun(world.call, before, { cancel: never, kill: never }, (event) => events.push(event));
    expect(types(events, /attempt/)).toEqual([]);
    world.end.abort();
    await vi.advanceTimersByTimeAsync(6000);
    await world.kept;
  });

  test('is looked at less often the longer a look takes', async () => {
    const world = new ServiceWorld();
    const job = someJob();
    world.store.saveJob(job);
    const execution = runJob(world.call, { name: job.name });
    const now = performance.now.bind(performance);
    let busy = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + busy);
    const looks = vi.spyOn(world.store, 'attempts').mockImplementation(() => {
      busy += 500;
      return [];
    });
    const never = new AbortController().signal;
    const seen = watchRun(world.call, execution, { cancel: never, kill: never }, () => {});
    for (let step = 0; step < 100; step++) {
      world.store.saveJob(job);
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(looks.mock.calls.length).toBeGreaterThan(2);
    expect(looks.mock.calls.length).toBeLessThan(10);
    looks.mockRestore();
    clock.mockRestore();
    void seen;
  });

  test('a cancellation is a request to that process', async () => {
    const world = new Kept();
    const execution = world.create();
    const cancel = new AbortController();
    const events: ExecutionEvent[] = [];
    const control = { cancel: cancel.signal, kill: new AbortController().signal };
    const seen = watchRun(world.call, execution, control, (event) => events.push(event));
    cancel.abort();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(completionStatus(await seen)).toBe('EXECUTION_CANCELLED');
    expect(types(events, /cancelling/)).toEqual(['execution.cancelling']);
    world.end.abort();
    await vi.advanceTimersByTimeAsync(6000);
    await world.kept;
  });
});
