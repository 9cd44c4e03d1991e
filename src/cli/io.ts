import type * as ChildProcesses from 'node:child_process';
import type * as Crypto from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { isatty } from 'node:tty';
import { Chalk } from 'chalk';
import type { Surroundings } from '../config.js';
import { StatusError } from '../model/errors.js';
import { printable } from '../model/printable.js';
import type { Lease, Owner } from '../model/lease.js';
import type { Look } from './output/symbols.js';

/** An output stream; its destination decides whether it has colour. */
export interface Output extends Look {
  /** Writes text. Colour stays if the stream has colour; all other control characters are escaped. */
  write: (text: string) => void;
  /**
   * Replaces this many lines above the cursor, and all below it, with rows, in one write; a row that is null stays as it
   * is. Only the painter of a terminal uses it: nothing else moves the cursor.
   */
  overwrite: (lines: number, rows: readonly (string | null)[]) => void;
  /** Whether its reader is slow, so that writes now stay in memory. */
  readonly busy: boolean;
  /** Waits until it is no longer busy. */
  drained: () => Promise<void>;
  tty: boolean;
  /** The size of the terminal; 80 by 24 if unknown. */
  readonly columns: number;
  readonly rows: number;
  /** Calls `handler` when the size of the terminal changes; returns a function that stops this. */
  onResize: (handler: () => void) => () => void;
}

export type Signal = 'SIGINT' | 'SIGTERM';

/** A moving row on a terminal that shows what the program waits for. */
export interface Spinner {
  show: (text: string) => void;
  stop: () => void;
}

/** Another program that runs. */
export interface Program {
  ended: Promise<number>;
  kill: (signal: Signal) => void;
}

/** This program once more, at work for this process, which it reads lines from until there are no more. */
export interface ChildProcess {
  tell: (line: string) => void;
  /** There are no more lines. The same if this process dies. */
  end: () => void;
  ended: Promise<void>;
}

/** Everything that the program uses of its process: streams, signals, environment, other processes. */
export interface Io extends Surroundings {
  out: Output;
  err: Output;
  /** stdin and stdout themselves, for a command that speaks with another program. */
  connection: () => { input: Readable; output: Writable };
  /** All of stdin, up to one byte more than `limit`. */
  readInput: (limit: number) => Promise<string>;
  /** Whether the program can prompt: stdin and stderr are terminals. */
  readonly interactive: boolean;
  /** Shows a spinner on stderr, which must be a terminal, until it is stopped. */
  spin: (text: string) => Promise<Spinner>;
  /** Prints `question` on stderr and reads one line of stdin; undefined at its end. */
  ask: (question: string) => Promise<string | undefined>;
  cwd: string;
  /** The variables that files may refer to. */
  variables: Readonly<Record<string, string | undefined>>;
  /** The user ids of root, of this user, and of the user who called sudo; undefined where users have no ids. */
  trusted: readonly number[] | undefined;
  /** Calls `handler` at every SIGINT and SIGTERM instead of ending the process; returns a function that stops this. */
  onSignal: (handler: (signal: Signal) => void) => () => void;
  /** Calls `handler` when the terminal is closed, then ends the process; returns a function that stops this. */
  onHangup: (handler: () => void) => () => void;
  /** Ends the process immediately. */
  exit: (code: number) => void;
  owner: Owner;
  /** Other processes of this user, as far as the system shows them. */
  processes: {
    /** The processes with this environment variable, its value, and their command line. */
    marked: (variable: string) => { pid: number; value: string; command: string }[];
    /** Sends a signal to a process, with its group if it leads one; SIGKILL if none is named. */
    end: (pid: number, signal?: 'SIGINT' | 'SIGKILL') => void;
  };
  /** Whether the process that holds a lease is alive. */
  alive: (lease: Lease) => boolean;
  /**
   * Runs another program with the streams of this one. `ended` is its exit code, or 128 and the number of the signal
   * that has ended it; 127 if there is no such program, which is reported.
   */
  runProgram: (program: string, args: readonly string[], env: NodeJS.ProcessEnv) => Program;
  /**
   * Starts this program again, detached, with other arguments; its output goes to a file descriptor. Undefined if it
   * cannot be started.
   */
  spawnSelf: (args: readonly string[], output: number) => Pick<Owner, 'pid' | 'processStart'> | undefined;
  /**
   * Starts this program again with other arguments and the same stderr, in a session of its own. What it is told after its
   * end is lost.
   */
  spawnChild: (args: readonly string[]) => ChildProcess;
  /** The command line comes from another machine, and a cluster worker runs its executions. */
  forwarded?: true;
}

const require = createRequire(import.meta.url);
/** Loaded on first use, since most commands start no other process, and these take as long as all of ours. */
const childProcess = (): typeof ChildProcesses => require('node:child_process');
const uuid = (): string => (require('node:crypto') as typeof Crypto).randomUUID();

/** How long, in ms, a lease counts after its last heartbeat if its process is not visible from here. */
const foreignLeaseAge = 30_000;

/** What this process has. `script` is the program, which `spawnSelf` starts once more with the `env` of its object. */
export function systemIo(script = process.argv[1] ?? ''): Io {
  const { env } = process;
  let owner: Owner | undefined;
  const err = output(process.stderr, env);
  return {
    env,
    platform: process.platform,
    homeDirectory: os.homedir(),
    userName: os.userInfo().username,
    hostName: os.hostname(),
    out: output(process.stdout, env, ({ message }) => {
      process.exitCode ||= 1;
      err.write(`ERROR: Cannot write to stdout: ${message}\n`);
    }),
    err,
    connection: () => ({ input: process.stdin, output: process.stdout }),
    readInput,
    get interactive() {
      return isatty(0) && isatty(2);
    },
    spin: (text) => spin(text, err),
    ask: (question) => ask(question, err),
    get cwd() {
      return workingDirectory();
    },
    variables: env,
    trusted: trustedUsers(env),
    onSignal(handler) {
      process.on('SIGINT', handler).on('SIGTERM', handler);
      return () => process.off('SIGINT', handler).off('SIGTERM', handler);
    },
    onHangup(handler) {
      const hangUp = (): void => {
        handler();
        process.kill(process.pid, 'SIGHUP');
      };
      process.once('SIGHUP', hangUp);
      return () => process.off('SIGHUP', hangUp);
    },
    exit: (code) => process.exit(code),
    get owner() {
      const { pid } = process;
      return (owner ??= { token: uuid(), pid, processStart: processStart(pid) ?? '' });
    },
    processes: { marked: markedProcesses, end: endGroup },
    alive: ({ pid, processStart: start, heartbeat }) => {
      const [machine] = start.split('/');
      if (machine === processSpace()) return processStart(pid) === start;
      // The clock may have been set back or forward since.
      return Math.abs(Date.now() - heartbeat) < foreignLeaseAge;
    },
    runProgram(program, args, programEnv) {
      const child = childProcess().spawn(program, args, { env: programEnv, stdio: 'inherit' });
      const ended = new Promise<number>((resolve) => {
        child.once('error', ({ message }) => {
          err.write(`ERROR: Cannot run ${program}: ${message}\n`);
          resolve(127);
        });
        child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? os.constants.signals[signal] : 0)));
      });
      return { ended, kill: (signal) => void child.kill(signal) };
    },
    spawnSelf(args, outputFd) {
      const child = childProcess().spawn(process.execPath, [script, ...args], {
        detached: true,
        env: this.env,
        stdio: ['ignore', outputFd, outputFd],
      });
      child.on('error', () => {}).unref();
      const start = child.pid === undefined ? undefined : processStart(child.pid);
      return child.pid === undefined || start === undefined ? undefined : { pid: child.pid, processStart: start };
    },
    spawnChild(args) {
      const child = childProcess().spawn(process.execPath, [script, ...args], {
        detached: true,
        env: this.env,
        stdio: ['pipe', 'ignore', 'inherit'],
      });
      // There is none if this process has too many open files, which is an 'error' of the child.
      const stdin = child.stdin as Writable | undefined;
      stdin?.on('error', () => {});
      const ended = new Promise<void>((resolve) => {
        child.once('error', () => resolve()).once('exit', () => resolve());
      });
      return {
        tell: (line) => void stdin?.write(`${line}\n`),
        end: () => void stdin?.end(),
        ended,
      };
    },
  };
}

function trustedUsers(env: Readonly<Record<string, string | undefined>>): number[] | undefined {
  const user = process.getuid?.();
  if (user === undefined) return undefined;
  const sudo = /^\d+$/.exec(env['SUDO_UID'] ?? '');
  return [0, user, ...(user === 0 && sudo ? [Number(sudo[0])] : [])];
}

/** @throws StatusError if it has been removed */
function workingDirectory(): string {
  try {
    return process.cwd();
  } catch (error) {
    throw new StatusError('UNAVAILABLE', `The working directory cannot be found: ${(error as Error).message}`, {
      fix: 'change to a directory that exists',
      cause: error,
    });
  }
}

// A terminal shows everything between these in one step (DEC private mode 2026), or ignores them.
const begin = '\u{1b}[?2026h';
const end = '\u{1b}[?2026l';

/** The property with a stream's handle; Node.js has no public API for it. */
const handle = '_handle';

/**
 * Colour follows FORCE_COLOR, then NO_COLOR, then whether the stream is a terminal. After its reader has gone
 * (`| head`), writes are dropped and the work goes on. The same after other errors, such as a full disk, which are
 * passed to `onFailure`.
 */
export function output(
  stream: NodeJS.WriteStream,
  env: NodeJS.ProcessEnv,
  onFailure: (error: Error) => void = () => {},
): Output {
  let open = true;
  const gone = new Promise<void>((resolve) => {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (open && error.code !== 'EPIPE') onFailure(error);
      open = false;
      resolve();
    });
  });
  // Otherwise a stopped terminal (Ctrl-S) would block the whole process.
  if (stream.isTTY) (stream as { [handle]?: { setBlocking?: (on: boolean) => void } })[handle]?.setBlocking?.(false);
  const forced = env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '0';
  const plain = env['FORCE_COLOR'] === '0' || Boolean(env['NO_COLOR']) || env['TERM'] === 'dumb';
  const colored = forced || (!plain && stream.isTTY);
  const put = (text: string): void => void (open && stream.write(text));
  return {
    write: (text) => put(printable(text, colored)),
    overwrite(lines, rows) {
      const up = lines === 0 ? '\r' : `\r\u{1b}[${lines}A`;
      // What is below a row is erased after it is written, so that nothing is blank in between.
      const text = rows.map((row) => (row === null ? '\n' : `${printable(row, colored)}\u{1b}[K\n`)).join('');
      put(`${begin}${up}${text}\u{1b}[J${end}`);
    },
    tty: stream.isTTY,
    get busy() {
      return open && stream.writableNeedDrain;
    },
    drained: async () => {
      if (open && stream.writableNeedDrain) {
        await Promise.race([gone, new Promise((resolve) => stream.once('drain', resolve))]);
      }
    },
    get columns() {
      return stream.columns || 80;
    },
    get rows() {
      return stream.rows || 24;
    },
    onResize(handler) {
      stream.on('resize', handler);
      return () => stream.off('resize', handler);
    },
    chalk: new Chalk({ level: colored ? 1 : 0 }),
    unicode: hasUnicode(env),
  };
}

/** Whether the locale has more than ASCII. Without a locale, as in many containers, the answer is yes. */
function hasUnicode({ LC_ALL, LC_CTYPE, LANG }: NodeJS.ProcessEnv): boolean {
  const locale = LC_ALL || LC_CTYPE || LANG || '';
  const charset = /\.([^@]*)/.exec(locale)?.[1] ?? (/^(C|POSIX)$/.test(locale) ? 'ASCII' : 'UTF-8');
  return /^utf-?8$/i.test(charset);
}

async function readInput(limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > limit) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function spin(text: string, err: Output): Promise<Spinner> {
  const { default: ora } = await import('ora');
  // Without a width, ora would loop forever as it counts rows.
  const stream: NodeJS.WriteStream = Object.create(process.stderr, { columns: { get: () => err.columns } });
  const shown = (words: string): string => printable(words, false);
  const spinner = ora({ text: shown(text), stream, discardStdin: false }).start();
  return { show: (words) => void (spinner.text = shown(words)), stop: () => void spinner.stop() };
}

async function ask(question: string, err: Output): Promise<string | undefined> {
  const { createInterface } = await import('node:readline');
  err.write(question);
  const lines = createInterface({ input: process.stdin, terminal: false });
  return new Promise((resolve) => {
    lines.once('line', (line) => {
      resolve(line);
      lines.close();
    });
    lines.once('close', () => resolve(undefined));
  });
}

/**
 * The start of a process, as text that differs for every process with the same id: the space of process ids, and the
 * time since boot. Undefined if there is no such process.
 */
function processStart(pid: number): string | undefined {
  if (process.platform === 'linux') {
    try {
      // The fields after the command, which is in parentheses and may contain anything; the 20th is the start time.
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return state === 'Z' ? undefined : `${processSpace()}/${fields[18]}`;
    } catch {
      return undefined;
    }
  }
  const { stdout } = childProcess().spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout?.trim() ? `${processSpace()}/${stdout.trim()}` : undefined;
}

/** Skips processes of other users, and those that have just ended. */
function markedProcesses(variable: string): { pid: number; value: string; command: string }[] {
  if (process.platform !== 'linux') {
    // Arguments and environment are on one line, so the end of a value with spaces is uncertain.
    const { stdout } = childProcess().spawnSync('ps', ['-axEww', '-o', 'pid=,command='], {
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    });
    return (stdout ?? '').split('\n').flatMap((line) => {
      const [, pid, command = ''] = /^\s*(\d+) (.*)$/.exec(line) ?? [];
      const value = command.split(` ${variable}=`)[1]?.replace(/ \w+=.*$/s, '');
      return value === undefined ? [] : [{ pid: Number(pid), value, command }];
    });
  }
  const mark = `${variable}=`;
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
      if (!environment.includes(mark)) return [];
      const value = environment.split('\0').find((entry) => entry.startsWith(mark));
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return value === undefined ? [] : [{ pid: Number(pid), value: value.slice(mark.length), command }];
    } catch {
      return [];
    }
  });
}

function endGroup(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, signal);
      return;
    } catch {
      // It does not lead a group, or has just ended.
    }
  }
}

/** A space that only this process knows. */
let ownSpace: string | undefined;

/**
 * The space in which process ids are unique: this machine since its last boot, and on Linux the PID namespace, since a
 * container may share files and the container engine with its machine. A process whose /proc shows another namespace is
 * alone in its space.
 */
function processSpace(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    const visible = readlinkSync('/proc/self') === String(process.pid);
    const namespace = visible ? readlinkSync('/proc/self/ns/pid') : (ownSpace ??= uuid());
    return `${boot} ${namespace}`;
  } catch {
    return os.hostname();
  }
}
