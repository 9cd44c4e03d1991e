import path from 'node:path';
import { afterEach, beforeEach, vi } from 'vitest';
import type { Control } from '../../src/engine/engine.js';
import { runDirectory } from '../../src/engine/leftovers.js';
import { runExecution } from '../../src/engine/run.js';
import { defaultSettings, type LocalSettings } from '../../src/model/local/settings.js';
import type { ExecutionEvent } from '../../src/model/events.js';
import type { Execution, ExecutionTemplate, TaskTemplate } from '../../src/model/schema/job.js';
import type { TaskRecord } from '../../src/model/task.js';
import type { AttemptRuntime } from '../../src/runtime/port.js';
import { LogFiles } from '../../src/store/logs.js';
import { openStore } from '../../src/store/sqlite.js';
import type { Store } from '../../src/store/store.js';
import type { Owner } from '../../src/model/lease.js';
import { noCredentials } from '../support/credentials.js';
import type { FakeEngine } from '../support/fake-engine.js';
import { someExecution, someJob, someTask, someTime } from '../support/jobs.js';
import { tempDirectory } from '../support/temp.js';
// Loaded on first use otherwise, which takes time that the clock of the tests knows nothing of.
import '../../src/runtime/docker/attempts/probe.js';

/** The engine tests run on a clock of their own, from a fixed time on. */
export function useFakeClock(): void {
  beforeEach(() => void vi.useFakeTimers({ now: Date.parse(someTime) }));
  afterEach(() => void vi.useRealTimers());
}

/** A store with one execution in it, and the means to run it in memory. */
export class World<Fake extends { runtime: AttemptRuntime } = FakeEngine> {
  readonly home = tempDirectory();
  readonly store: Store = openStore(this.home);
  readonly execution: Execution;
  readonly events: ExecutionEvent[] = [];
  readonly cancel = new AbortController();
  readonly kill = new AbortController();
  runtime: Fake;
  /** The variables of the processes. */
  readonly env: Record<string, string> = {};
  /** Processes that are gone, by their owner's token. */
  readonly dead = new Set<string>();
  readonly maxParallelism: number;

  constructor(
    runtime: Fake,
    execution: Partial<ExecutionTemplate> = {},
    task: Partial<TaskTemplate> = {},
    maxParallelism = 32,
    settings: Partial<LocalSettings> = {},
  ) {
    this.runtime = runtime;
    this.maxParallelism = maxParallelism;
    const job = someJob(execution, task);
    this.execution = someExecution(job);
    this.store.saveJob(job);
    this.store.createExecution(this.execution, { ...defaultSettings, ...settings });
    for (let index = 0; index < this.execution.taskCount; index++) {
      this.store.saveTask(this.execution.name, someTask(index));
    }
  }

  get name(): string {
    return this.execution.name;
  }

  get control(): Control {
    return { cancel: this.cancel.signal, kill: this.kill.signal };
  }

  /** Lets a process run the execution; nothing happens until the clock moves. */
  run(token = 'first', control = this.control): Promise<Execution | undefined> {
    const owner: Owner = { token, pid: 1, processStart: token };
    return runExecution(
      this.name,
      {
        store: this.store,
        runtime: this.runtime.runtime,
        logs: new LogFiles(this.home),
        home: this.home,
        projectNumber: '123',
        credentials: noCredentials,
        env: this.env,
        maxParallelism: this.maxParallelism,
        owner,
        alive: (lease) => !this.dead.has(lease.token),
        now: Date.now,
        onEvent: (event) => this.events.push(event),
      },
      control,
    );
  }

  /** Runs the execution to its end, however long that takes on the clock. */
  async finish(running: Promise<Execution | undefined> = this.run()): Promise<Execution> {
    let ended: Execution | undefined;
    let failure: unknown;
    let done = false;
    const watched = (async () => {
      try {
        ended = await running;
      } catch (error) {
        failure = error;
      }
      done = true;
    })();
    for (let step = 0; !done && step < 100_000; step++) await vi.advanceTimersByTimeAsync(50);
    if (done) await watched;
    if (failure) throw failure as Error;
    if (!ended) throw new Error('the execution did not end');
    return ended;
  }

  async advance(ms: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(ms);
  }

  get tasks(): TaskRecord[] {
    return this.store.tasks(this.name);
  }

  /** `state` of every task, in order, with its retries: `Succeeded`, `Failed+2`. */
  get states(): string[] {
    return this.tasks.map(({ state, retried }) => (retried ? `${state}+${retried}` : state));
  }
}

/** The directory of the files that an attempt needs. */
export const attemptDirectory = ({ home, name }: Pick<World, 'home' | 'name'>, task: number, attempt: number): string =>
  path.join(runDirectory(home, name), `task${task}-attempt${attempt}`);

/** The task index and the attempt of a container, as its labels say. */
export const attemptOf = (labels: Record<string, string>): [task: number, attempt: number] => [
  Number(labels['dev.localrun.task']),
  Number(labels['dev.localrun.attempt']),
];
