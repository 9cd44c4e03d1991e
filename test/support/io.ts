import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { EventEmitter } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { onTestFinished, vi } from 'vitest';
import { type Io, type Output, output, type Signal } from '../../src/cli/io.js';
import { main } from '../../src/main.js';
import { someTime } from './jobs.js';
import { tempDirectory } from './temp.js';

/** What a test says of the process that a command line runs in. */
interface Surroundings {
  /** All of stdin; questions are answered by its lines. */
  stdin?: string | Buffer;
  env?: Record<string, string>;
  /** stdin, stdout and stderr are a terminal that is this wide; plain pipes if unset. */
  terminal?: number;
  cwd?: string;
  /** Whose files count; those of the process if unset. */
  trusted?: readonly number[];
  /** Whether the processes that hold leases are at work; they are if unset. */
  alive?: boolean;
  /** Called with the arguments of a process that is started. */
  onSpawn?: (args: readonly string[]) => ReturnType<Io['spawnSelf']> | void;
}

interface TestIo extends Io {
  stdout(): string;
  stderr(): string;
  /** Sends a signal to the program. */
  signal(signal: Signal): void;
}

/** An output to `write`: of a terminal that is this wide, or of a pipe; without colour, unless `env` says otherwise. */
export function testOutput(
  write: (text: string) => void,
  { terminal, env = {} }: { terminal?: number | undefined; env?: NodeJS.ProcessEnv } = {},
): Output {
  const stream = { isTTY: terminal !== undefined, columns: terminal, writableNeedDrain: false, write };
  const emitter = Object.assign(new EventEmitter(), stream) as unknown as NodeJS.WriteStream;
  return output(emitter, { FORCE_COLOR: '0', ...env });
}

/** The process as a program sees it, with nothing of the real one. */
export function testIo(home: string, surroundings: Surroundings = {}): TestIo {
  const { stdin = '', env = {}, terminal, cwd = home, alive = true, onSpawn = () => undefined } = surroundings;
  const { trusted = [process.getuid?.() ?? 0] } = surroundings;
  const text = { out: '', err: '' };
  const written = (name: keyof typeof text): Output => testOutput((part) => (text[name] += part), { terminal, env });
  const err = written('err');
  const lines = stdin.toString().split('\n');
  const handlers = new Set<(signal: Signal) => void>();
  return {
    env: { LOCALRUN_HOME: home, LOCALRUN_PROJECT: 'p', LOCALRUN_ACCOUNT: 'dev@example.com', ...env },
    platform: 'linux',
    homeDirectory: home,
    userName: 'dev',
    hostName: 'laptop',
    out: written('out'),
    err,
    connection: () => ({ input: Readable.from([]), output: new PassThrough() }),
    readInput: async (limit) => Buffer.from(stdin).toString('utf8', 0, limit + 1),
    interactive: terminal !== undefined,
    spin: async (words) => {
      err.write(`${words}\n`);
      return { show: () => {}, stop: () => {} };
    },
    ask: async (question) => {
      err.write(question);
      return lines.length > 1 || lines[0] !== '' ? lines.shift() : undefined;
    },
    cwd,
    variables: env,
    trusted,
    onSignal: (handler) => {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    onHangup: () => () => {},
    exit: () => {},
    owner: { token: 'test', pid: 1, processStart: 'test' },
    processes: { marked: () => [], end: () => {} },
    alive: () => alive,
    runProgram: (program) => {
      throw new Error(`no test runs ${program} in its own process`);
    },
    spawnChild: (args) => {
      throw new Error(`no test starts ${args.join(' ')} from its own process`);
    },
    spawnSelf: (args) => onSpawn(args) ?? { pid: 2, processStart: 'worker' },
    stdout: () => text.out,
    stderr: () => text.err,
    signal: (signal) => handlers.forEach((handler) => handler(signal)),
  };
}

/** What came of a command line. */
export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

export interface Cli {
  /** The state directory, and the working directory. */
  home: string;
  /** Writes a file into the working directory and returns its name. */
  file: (name: string, content: string | Buffer) => string;
  run: (line: string | readonly string[], surroundings?: Surroundings) => Promise<Outcome>;
}

/** Runs command lines in this process, all of them on the same new state directory, at the same time of the clock. */
export function cli(defaults: Surroundings = {}): Cli {
  const home = tempDirectory();
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse(someTime) });
  onTestFinished(() => void vi.useRealTimers());
  return {
    home,
    file(name, content) {
      writeFileSync(path.join(home, name), content);
      return name;
    },
    async run(line, surroundings) {
      const io = testIo(home, { ...defaults, ...surroundings });
      const code = await main(typeof line === 'string' ? line.split(' ').filter(Boolean) : line, io);
      return { code, stdout: io.stdout(), stderr: io.stderr() };
    },
  };
}
