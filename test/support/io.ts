import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { Chalk } from 'chalk';
import type { Io, Output, Signal } from '../../src/cli/io.js';
import { main } from '../../src/main.js';
import { tempDirectory } from './temp.js';

/** What a test says of the process that a command line runs in. */
interface Surroundings {
  /** All of stdin; questions are answered by its lines. */
  stdin?: string | Buffer;
  env?: Record<string, string>;
  /** stdout and stderr are a terminal that is this wide; plain pipes if unset. */
  terminal?: number;
  cwd?: string;
}

interface TestIo extends Io {
  stdout(): string;
  stderr(): string;
  /** Command lines of the processes that were started. */
  spawned: (readonly string[])[];
  signal(signal: Signal): void;
}

/** The process as a program sees it, with nothing of the real one. */
export function testIo(home: string, { stdin = '', env = {}, terminal, cwd = home }: Surroundings = {}): TestIo {
  const text = { out: '', err: '' };
  const output = (name: keyof typeof text): Output => ({
    write: (part) => void (text[name] += part),
    tty: terminal !== undefined,
    columns: terminal ?? 80,
    chalk: new Chalk({ level: 0 }),
  });
  const lines = stdin.toString().split('\n');
  const handlers = new Set<(signal: Signal) => void>();
  const spawned: (readonly string[])[] = [];
  return {
    env: { LOCALRUN_HOME: home, LOCALRUN_PROJECT: 'p', LOCALRUN_ACCOUNT: 'dev@example.com', ...env },
    platform: 'linux',
    homeDirectory: home,
    userName: 'dev',
    hostName: 'laptop',
    out: output('out'),
    err: output('err'),
    interactive: terminal !== undefined,
    readInput: async (limit) => Buffer.from(stdin).toString('utf8', 0, limit + 1),
    ask: async (question) => {
      text.err += question;
      return lines.length > 1 || lines[0] !== '' ? lines.shift() : undefined;
    },
    cwd,
    onSignal: (handler) => {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    owner: { token: 'test', pid: 1, processStart: 'test' },
    alive: () => true,
    spawnSelf: (args) => void spawned.push(args),
    terminal: Object.assign(new PassThrough(), { rows: 24 }) as unknown as NodeJS.WriteStream,
    stdout: () => text.out,
    stderr: () => text.err,
    spawned,
    signal: (signal) => handlers.forEach((handler) => handler(signal)),
  };
}

/** What came of a command line. */
export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs command lines in this process, all of them on the same new state directory. */
export function cli(defaults: Surroundings = {}): {
  home: string;
  run: (line: string | readonly string[], surroundings?: Surroundings) => Promise<Outcome>;
} {
  const home = tempDirectory();
  return {
    home,
    async run(line, surroundings = {}) {
      const io = testIo(home, { ...defaults, ...surroundings });
      const code = await main(typeof line === 'string' ? line.split(' ').filter(Boolean) : line, io);
      return { code, stdout: stripVTControlCharacters(io.stdout()), stderr: stripVTControlCharacters(io.stderr()) };
    },
  };
}
