import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import os from 'node:os';
import { isatty } from 'node:tty';
import { Chalk } from 'chalk';
import type { Surroundings } from '../config.js';
import { StatusError } from '../model/errors.js';
import { printable } from '../model/printable.js';
import type { Lease, Owner } from '../store/store.js';
import type { Look } from './output/symbols.js';

/** An output stream: where it goes decides how it looks. */
export interface Output extends Look {
  /** Shows text and its colour, if this has colour; what else a terminal would act on is escaped. */
  write: (text: string) => void;
  /**
   * Erases that many lines above the cursor and shows text in their place, in one write. For a painter on a terminal:
   * nothing else moves the cursor.
   */
  overwrite: (lines: number, text: string) => void;
  /** Its reader is behind: what is written now is kept in memory until it has been read. */
  readonly busy: boolean;
  /** Until it is not busy any more. */
  drained: () => Promise<void>;
  tty: boolean;
  /** The size of the terminal; 80 by 24 where nothing is known. */
  readonly columns: number;
  readonly rows: number;
  /** Calls `handler` when the terminal gets another size; returns how to stop that. */
  onResize: (handler: () => void) => () => void;
}

export type Signal = 'SIGINT' | 'SIGTERM';

/** Everything that the program has of its process: streams, signals, surroundings, other processes. */
/** A row on a terminal that is seen to move while something is waited for. */
export interface Spinner {
  show: (text: string) => void;
  stop: () => void;
}

export interface Io extends Surroundings {
  out: Output;
  err: Output;
  /** All of stdin, at most `limit` bytes and one more. */
  readInput: (limit: number) => Promise<string>;
  /** Whether somebody is there to be asked for what is missing: stdin and stderr are terminals. */
  readonly interactive: boolean;
  /** One line of stdin, after `question` on stderr; undefined at its end. */
  /** Shows a spinner on stderr, which has to be a terminal, until it is stopped. */
  spin: (text: string) => Promise<Spinner>;
  ask: (question: string) => Promise<string | undefined>;
  cwd: string;
  /** The numbers of root, of this user, and under sudo of the user who called it; undefined where users have none. */
  trusted: readonly number[] | undefined;
  /** Calls `handler` at every SIGINT and SIGTERM, which then do not end the process; returns how to stop that. */
  onSignal: (handler: (signal: Signal) => void) => () => void;
  /** Calls `handler` when the terminal is gone, which then ends the process; returns how to stop that. */
  onHangup: (handler: () => void) => () => void;
  /** Ends the process at once, whatever is under way. */
  exit: (code: number) => void;
  owner: Owner;
  /** The other processes of this user, as far as the system shows them. */
  processes: {
    /** Those that have a variable in their environment: its value, and their command line. */
    marked: (variable: string) => { pid: number; value: string; command: string }[];
    /** Ends one, with all of its group if it leads one. */
    end: (pid: number) => void;
  };
  /** Whether the process that holds a lease is at work. */
  alive: (lease: Lease) => boolean;
  /**
   * Starts this program once more, on its own, with other arguments; its output goes to a file descriptor. Undefined if
   * the machine does not start it.
   */
  spawnSelf: (args: readonly string[], output: number) => Pick<Owner, 'pid' | 'processStart'> | undefined;
}

/** A lease of a process that cannot be seen from here counts by its last sign of life, in ms. */
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
      err.write(`ERROR: stdout cannot be written: ${message}\n`);
    }),
    err,
    readInput,
    get interactive() {
      return isatty(0) && isatty(2);
    },
    spin: (text) => spin(text, err),
    ask: (question) => ask(question, err),
    get cwd() {
      return workingDirectory();
    },
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
      return (owner ??= { token: crypto.randomUUID(), pid, processStart: processStart(pid) ?? '' });
    },
    processes: { marked: markedProcesses, end: endGroup },
    alive: ({ pid, processStart: start, heartbeat }) => {
      const [machine] = start.split('/');
      if (machine === processSpace()) return processStart(pid) === start;
      // Of a clock that was put back since, the sign of life is as far off as of one that was put forward.
      return Math.abs(Date.now() - heartbeat) < foreignLeaseAge;
    },
    spawnSelf(args, outputFd) {
      const child = spawn(process.execPath, [script, ...args], {
        detached: true,
        env: this.env,
        stdio: ['ignore', outputFd, outputFd],
      });
      child.on('error', () => {}).unref();
      const start = child.pid === undefined ? undefined : processStart(child.pid);
      return child.pid === undefined || start === undefined ? undefined : { pid: child.pid, processStart: start };
    },
  };
}

function trustedUsers(env: Readonly<Record<string, string | undefined>>): number[] | undefined {
  const user = process.getuid?.();
  if (user === undefined) return undefined;
  const sudo = /^\d+$/.exec(env['SUDO_UID'] ?? '');
  return [0, user, ...(user === 0 && sudo ? [Number(sudo[0])] : [])];
}

/** @throws StatusError if somebody has removed it */
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

// A terminal shows what is between these at once (DEC private mode 2026); one that does not know them ignores them.
const begin = '\u{1b}[?2026h';
const end = '\u{1b}[?2026l';

/** Where a stream of Node.js has what it writes to; there is no public way to it. */
const handle = '_handle';

/**
 * Colour follows FORCE_COLOR, then NO_COLOR, then whether the stream is a terminal. A reader that has gone (`| head`)
 * ends the writing, not the work, and so does a full disk, which `onFailure` is told of.
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
  // Node.js would wait for a terminal that shows nothing any more (Ctrl-S), and with it all that the process does.
  if (stream.isTTY) (stream as { [handle]?: { setBlocking?: (on: boolean) => void } })[handle]?.setBlocking?.(false);
  const forced = env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '0';
  const plain = env['FORCE_COLOR'] === '0' || Boolean(env['NO_COLOR']) || env['TERM'] === 'dumb';
  const colored = forced || (!plain && stream.isTTY);
  const put = (text: string): void => void (open && stream.write(text));
  return {
    write: (text) => put(printable(text, colored)),
    overwrite(lines, text) {
      const erase = lines === 0 ? '' : `\r\u{1b}[${lines}A\u{1b}[J`;
      put(begin + erase + printable(text, colored) + end);
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

/** Whether the locale has more characters than ASCII; where none is set, as in many containers, it is taken to. */
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
  // Of a terminal that does not tell its width ora would count the rows for ever.
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
 * When a process started, as text that no other process with the same number has: where its number counts, and the
 * time since the machine was booted. Undefined if there is no such process.
 */
function processStart(pid: number): string | undefined {
  if (process.platform === 'linux') {
    try {
      // The fields after the command, which is in parentheses and may hold anything; the 20th is the start time.
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return state === 'Z' ? undefined : `${processSpace()}/${fields[18]}`;
    } catch {
      return undefined;
    }
  }
  const { stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout?.trim() ? `${processSpace()}/${stdout.trim()}` : undefined;
}

/** What is not ours to look at, or has just ended, is left out. */
function markedProcesses(variable: string): { pid: number; value: string; command: string }[] {
  if (process.platform !== 'linux') {
    // Arguments and environment in one line; only the beginning of a value that holds blanks can be told.
    const { stdout } = spawnSync('ps', ['-axEww', '-o', 'pid=,command='], { encoding: 'utf8', maxBuffer: 2 ** 28 });
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

function endGroup(pid: number): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, 'SIGKILL');
      return;
    } catch {
      // It leads none, or has just ended.
    }
  }
}

/** One that only this process knows. */
const unseen = crypto.randomUUID();

/**
 * Where numbers of processes mean the same as in this one: this machine since its last boot, and on Linux the PID
 * namespace, since a container may share files and the engine with its machine. A process whose /proc shows another
 * namespace shares its own with no process that it knows.
 */
function processSpace(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    const namespace = readlinkSync('/proc/self') === String(process.pid) ? readlinkSync('/proc/self/ns/pid') : unseen;
    return `${boot} ${namespace}`;
  } catch {
    return os.hostname();
  }
}
