import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { Chalk } from 'chalk';
import type { Io } from '../../src/cli/io.js';
import { main } from '../../src/main.js';
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
  /** The executions that workers were started for. */
  readonly spawned: string[] = [];

  /** Runs one command line; `input` is what stdin says, answers line by line. */
  async run(argv: readonly string[], input?: string): Promise<Result> {
    let out = '';
    let err = '';
    const lines = input?.split('\n') ?? [];
    const output = (write: (text: string) => void): Io['out'] => ({
      write,
      tty: false,
      columns: 80,
      rows: 24,
      onResize: () => () => {},
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
      readInput: async () => input ?? '',
      ask: async (question) => {
        err += question;
        return lines.shift();
      },
      cwd: this.directory,
      onSignal: () => () => {},
      owner: { token: randomUUID(), pid: process.pid, processStart: 'now' },
      alive: () => true,
      spawnSelf: ([, execution = '']) => void this.spawned.push(execution),
      terminal: process.stderr,
    };
    const code = await main(argv, io);
    return { code, out, err };
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
