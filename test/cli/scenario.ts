import { randomBytes, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { Chalk } from 'chalk';
import type { Io } from '../../src/cli/io.js';
import { main } from '../../src/main.js';
import { type HostDeps, hostExecution } from '../../src/service/host.js';
import { LogFiles } from '../../src/store/logs.js';
import { openStore } from '../../src/store/sqlite.js';
import { FakeRuntime } from '../support/fake-runtime.js';
import { tempDirectory } from '../support/temp.js';

export interface Result {
  code: number;
  out: string;
  err: string;
}

/** Command lines, one after the other, in this process and in a state directory of their own. */
export class Scenario {
  readonly home = tempDirectory();
  readonly directory = tempDirectory();
  env: Record<string, string | undefined> = { LOCALRUN_HOME: this.home, LOCALRUN_PROJECT: 'p' };
  /** The executions that workers were started for; they run on an engine in memory. */
  readonly spawned: string[] = [];
  readonly runtime = new FakeRuntime();

  /** Runs one command line; `input` is what stdin says, answers line by line. */
  async run(argv: readonly string[], input?: string): Promise<Result> {
    let out = '';
    let err = '';
    const lines = input?.split('\n') ?? [];
    const output = (write: (text: string) => void): Io['out'] => ({
      write,
      tty: false,
      columns: 80,
      chalk: new Chalk({ level: 0 }),
    });
    const io: Io = {
      env: this.env,
      platform: 'linux',
      homeDirectory: this.home,
      userName: 'dev',
      hostName: 'host',
      out: output((text) => void (out += text)),
      err: output((text) => void (err += text)),
      interactive: input !== undefined,
      readInput: async () => input ?? '',
      ask: async (question) => {
        err += question;
        return lines.shift();
      },
      cwd: this.directory,
      onSignal: () => () => {},
      owner: { token: randomUUID(), pid: process.pid, processStart: 'now' },
      alive: () => true,
      spawnSelf: ([, execution = '']) => void this.#work(execution),
      terminal: process.stderr,
    };
    const code = await main(argv, io);
    return { code, out, err };
  }

  async #work(execution: string): Promise<void> {
    this.spawned.push(execution);
    const store = openStore(this.home);
    const owner = { token: randomUUID(), pid: process.pid, processStart: 'now' };
    const never = new AbortController().signal;
    const deps: HostDeps = {
      store,
      logs: new LogFiles(this.home),
      account: 'worker',
      projectOwner: 'worker',
      projectNumber: '1',
      now: Date.now,
      uuid: randomUUID,
      randomBytes,
      alive: () => true,
      spawnWorker: () => {},
      runtime: this.runtime,
      home: this.home,
      maxParallelism: 32,
      owner,
    };
    await hostExecution(deps, execution, { cancel: never, kill: never }, () => {}).finally(() => store.close());
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
