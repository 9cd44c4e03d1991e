import { randomBytes, randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { Code } from '../../src/model/errors.js';
import { StoreChanges } from '../../src/service/changes.js';
import { runHere, type RunnerCall } from '../../src/service/execution-runner.js';
import { holds } from '../../src/model/iam/conditions.js';
import { defaultSettings } from '../../src/model/local/settings.js';
import { LogFiles } from '../../src/store/logs.js';
import { openStore } from '../../src/store/sqlite.js';
import type { Store } from '../../src/store/store.js';
import { noCredentials } from './credentials.js';
import { FakeEngine } from './fake-engine.js';
import { someTime } from './jobs.js';
import { tempDirectory } from './temp.js';

export const owner = 'dev@example.com';

/** The service over a store of its own, on a clock that the test sets, with workers that run on a fake engine. */
export class ServiceWorld {
  readonly home = tempDirectory();
  readonly store: Store = openStore(this.home);
  readonly logs = new LogFiles(this.home);
  readonly runtime: FakeEngine;
  readonly call: RunnerCall;
  /** ms since 1970 */
  now = Date.parse(someTime);
  /** The executions that workers were started for. */
  readonly spawned: string[] = [];
  /** The executions whose containers were to be removed. */
  readonly discarded: string[] = [];
  readonly #working = new Set<string>();
  /** Whether those workers do anything. */
  work: boolean;

  constructor(options: { runtime?: FakeEngine; work?: boolean } = {}) {
    this.runtime = options.runtime ?? new FakeEngine();
    this.work = options.work ?? false;
    this.call = {
      store: this.store,
      logs: this.logs,
      changes: new StoreChanges(this.store),
      account: owner,
      projectOwner: owner,
      projectNumber: '123',
      env: {},
      settings: defaultSettings,
      now: () => this.now,
      uuid: randomUUID,
      randomBytes,
      alive: () => true,
      spawnWorker: (name) => this.#spawn(name),
      engine: () => this.runtime.engine(),
      discard: (names) => void this.discarded.push(...names.map(({ name }) => name)),
      runtime: async () => this.runtime.runtime,
      home: this.home,
      credentials: noCredentials,
      maxParallelism: 32,
      logRetention: { seconds: undefined, bytes: undefined },
      owner: { token: 'here', pid: 1, processStart: 'now' },
    };
  }

  #spawn(name: string): void {
    if (this.#working.has(name)) return;
    this.spawned.push(name);
    this.#working.add(name);
    if (this.work) void this.run(name).finally(() => this.#working.delete(name));
  }

  /** Runs an execution to its end on the fake engine. */
  async run(name: string): Promise<void> {
    const never = new AbortController().signal;
    const owner = { token: name, pid: 1, processStart: 'now' };
    await runHere({ ...this.call, owner }, name, { cancel: never, kill: never }, () => {});
  }

  /** A call of another account than the project's owner, where policies are enforced. */
  as(account: string): RunnerCall {
    return { ...this.call, account, enforced: holds };
  }

  advance(ms: number): void {
    this.now += ms;
  }
}

export const day = 86_400_000;

/** An error of the service, by its code and its message, or a part of it. */
export const serviceError = (code: Code, message: string | RegExp): unknown =>
  expect.objectContaining({ code, message: typeof message === 'string' ? message : expect.stringMatching(message) });

/** The log of an attempt that has written nothing. */
export function someLog(logs: LogFiles, execution: string): void {
  const log = logs.create(execution, { task: 0, attempt: 0 }, () => {});
  log.complete();
  log.close();
}
