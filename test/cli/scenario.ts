import { randomBytes, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { main } from '../../src/main.js';
import { runHere } from '../../src/service/execution-runner.js';
import type { ContainerSpec } from '../../src/runtime/docker/engine-api.js';
import { StoreChanges } from '../../src/service/changes.js';
import { LogFiles } from '../../src/store/logs.js';
import { openStore } from '../../src/store/sqlite.js';
import { noCredentials } from '../support/credentials.js';
import { type Behaviour, FakeEngine } from '../support/fake-engine.js';
import { testIo } from '../support/io.js';
import { tempDirectory } from '../support/temp.js';

export interface Result {
  code: number;
  out: string;
  err: string;
}

/** Command lines, one after the other, whose background work is done in this process on an engine in memory. */
export class Scenario {
  readonly home = tempDirectory();
  readonly directory = tempDirectory();
  /** The caller is the owner of the project. */
  env: Record<string, string> = { LOCALRUN_ACCOUNT: '' };
  /** The executions that workers were started for. */
  readonly spawned: string[] = [];
  readonly runtime: FakeEngine;
  /** The streams are a terminal that is this wide. */
  terminal: number | undefined;

  constructor(behave?: (spec: ContainerSpec) => Behaviour) {
    this.runtime = new FakeEngine(behave);
  }

  /** Runs one command line; `input` is what stdin says, answers line by line. */
  async run(argv: readonly string[], input = ''): Promise<Result> {
    const io = testIo(this.home, {
      env: this.env,
      stdin: input,
      ...(this.terminal !== undefined && { terminal: this.terminal }),
      cwd: this.directory,
      onSpawn: ([, execution = '', token = '']) => void this.#work(execution, token),
    });
    const code = await main(argv, io);
    return { code, out: io.stdout(), err: io.stderr() };
  }

  async #work(execution: string, token: string): Promise<void> {
    this.spawned.push(execution);
    const store = openStore(this.home);
    const never = new AbortController().signal;
    const deps = {
      store,
      logs: new LogFiles(this.home),
      changes: new StoreChanges(store),
      projectOwner: 'worker',
      projectNumber: '1',
      now: Date.now,
      uuid: randomUUID,
      randomBytes,
      alive: () => true,
      spawnWorker: () => {},
      engine: () => this.runtime.engine(),
      discard: () => {},
      runtime: async () => this.runtime.runtime,
      home: this.home,
      credentials: noCredentials,
      env: {},
      maxParallelism: 32,
      logRetention: { seconds: undefined, bytes: undefined },
      owner: { token, pid: process.pid, processStart: 'now' },
    };
    await runHere(deps, execution, { cancel: never, kill: never }, () => {}).finally(() => store.close());
  }

  /** A command line that has to succeed: what it prints. */
  async ok(argv: readonly string[], input?: string): Promise<Result> {
    const result = await this.run(argv, input);
    if (result.code !== 0) throw new Error(`localrun ${argv.join(' ')} failed:\n${result.err}`);
    return result;
  }

  /** What a command prints as JSON. */
  async json(argv: readonly string[]): Promise<unknown> {
    return JSON.parse((await this.ok([...argv, '--format=json'])).out) as unknown;
  }

  file(name: string, text: string): string {
    writeFileSync(path.join(this.directory, name), text);
    return name;
  }
}
