import { randomUUID } from 'node:crypto';
import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Duplex } from 'node:stream';
import { execa, type Options, type Result, type ResultPromise } from 'execa';
import { StatusError } from '../../model/errors.js';
import { formatSpan } from '../../model/time.js';
import type { SlowCall } from '../port.js';

/** What a client gets besides its arguments; aborting `signal` ends it. */
interface ClientInput {
  env?: Record<string, string> | undefined;
  /** What it reads from stdin; `pipe`: what is written to it while it runs. */
  input?: Buffer | 'pipe' | undefined;
  signal?: AbortSignal;
  cwd?: string;
  /** How long it may be silent because of what it is to do, in ms, besides the time that any call may take. */
  work?: number;
}

/** Take the output of a client while it runs. */
export type Takers = Record<'stdout' | 'stderr', (chunk: Buffer) => void>;

export interface ClientResult {
  exitCode: number;
  stdout: string;
  /** Its beginning. */
  stderr: string;
}

/** How much is kept of what a client prints, in characters; on stdout more than that is a fault. */
const most = { stdout: 2 ** 24, stderr: 2 ** 16 };

/** How much is shown of it, in characters. */
const shown = 400;

/**
 * How many times as long as others a call may be silent that starts a container, and how many times at most any call,
 * after some of its kind have been ended.
 */
const startPatience = 5;
const mostPatience = 8;

/** How long a call may still be silent once the process is about to end, in ms. */
const lastPatience = 5000;

/** What the clients of docker and podman say when no engine answers them, and what begins an engine's answer. */
const unreachable =
  /cannot connect to the docker daemon|is the docker daemon running|error during connect|failed to connect to the docker api|cannot connect to podman|permission denied while trying to connect|^(?:unexpected )?EOF$/i;
const answered = /^error response from daemon/i;
/** What an engine answers a client that asked it in vain for its version, as while the engine was being restarted. */
const tooNew = /client version \S+ is too new/i;

/**
 * Runs the docker client: argument lists only, no shell, in a process group of its own, which Ctrl-C does not reach. A
 * short call that is silent for too long is ended: its engine counts as one that does not answer.
 */
export class DockerClient {
  readonly #command: string;
  #patience: number;
  #environment: Record<string, string | undefined>;
  /** How many times as long calls may be silent, by what they do: on a starved machine the next try gets more time. */
  readonly #leniency = new Map<string, number>();
  readonly #calls = new Set<Watch>();
  /** Ends each client that is attached to a container. */
  readonly #attached = new Set<() => void>();
  #closed = false;

  /** @param patience how long a short call may be silent, in ms */
  constructor(command: string, environment: Record<string, string | undefined>, patience = Infinity) {
    // A relative path is one from here, wherever a client is run.
    this.#command = command.includes(path.sep) ? path.resolve(command) : command;
    this.#environment = environment;
    this.#patience = patience;
  }

  /** A variable of the client's environment. */
  variable(name: string): string | undefined {
    return this.#environment[name];
  }

  /** Stays with a context of docker's, whichever is in use later. */
  keepTo(context: string): void {
    this.#environment = { ...this.#environment, DOCKER_CONTEXT: context };
  }

  /** The short call that has been silent for the longest time. */
  get slowest(): SlowCall | undefined {
    let slowest: SlowCall | undefined;
    for (const { call, silence: ms } of this.#calls) if (ms > (slowest?.ms ?? 0)) slowest = { call, ms };
    return slowest;
  }

  /** Ends clients that are attached to containers; other calls under way get little more time. */
  close(): void {
    this.#closed = true;
    for (const stop of this.#attached) stop();
    this.#patience = Math.min(this.#patience, lastPatience);
    for (const watch of this.#calls) watch.hurry(this.#patience, 0);
  }

  /**
   * @throws StatusError UNAVAILABLE if there is no client, or no engine answers it in time; INVALID_ARGUMENT for what no
   * process can be given; INTERNAL if it prints without end. Any other failure is in the result.
   */
  async run(args: readonly string[], { env, input, signal, work = 0 }: ClientInput = {}): Promise<ClientResult> {
    const client = this.#start(
      args,
      { env, input },
      {
        buffer: { stdout: true, stderr: false },
        maxBuffer: { stdout: most.stdout },
        ...(signal && { cancelSignal: signal }),
      },
    );
    const watch = this.watch(args, () => end(client), work);
    let stderr = '';
    client.stdout.on('data', () => watch.heard());
    client.stderr.setEncoding('utf8').on('data', (text: string) => {
      watch.heard();
      stderr += text.slice(0, most.stderr - stderr.length);
    });
    const { stdout = '', isMaxBuffer, ...result } = await client.finally(() => watch.over());
    watch.throwIfHung();
    if (isMaxBuffer) throw this.puzzle(args, stdout);
    const exitCode = this.#exitCodeOf(result);
    if (exitCode === undefined) throw unavailable(`${this.#command} was killed by ${result.signal}.`);
    // Whatever the exit code: `docker info` also ends with 0 then.
    throwIfUnreachable(stderr);
    return { exitCode, stdout, stderr };
  }

  /** Watches a call, which `stop` ends if nothing is heard of it for too long; `work` is as of `run`. */
  watch(args: readonly string[], stop: () => void, work = 0): Watch {
    const kind = kindOf(args);
    const call = `${this.#command} ${kind}`;
    const leniency = this.#leniency.get(kind) ?? (kind === 'run' ? startPatience : 1);
    const watch = new Watch(call, leniency * this.#patience, work, {
      hung: () => {
        this.#leniency.set(kind, Math.min(2 * leniency, mostPatience));
        stop();
      },
      over: () => this.#calls.delete(watch),
    });
    this.#calls.add(watch);
    return watch;
  }

  /**
   * The client as a stream, once it has printed an empty line to say that it is connected; what it says if it ends
   * before.
   * @throws StatusError UNAVAILABLE
   */
  async stream(args: readonly string[]): Promise<Duplex | string> {
    const client = this.#start(args, { input: 'pipe' }, { buffer: false });
    let stderr = '';
    client.stderr
      .setEncoding('utf8')
      .on('data', (text: string) => (stderr += text.slice(0, most.stderr - stderr.length)));
    const watch = this.watch(args, () => end(client));
    const connected = new Promise<true>((resolve) => {
      client.stdout.once('readable', () => client.stdout.read(1) && resolve(true));
    });
    const result = await Promise.race([connected, client]).finally(() => watch.over());
    watch.throwIfHung();
    if (result === true) return conversation(client);
    this.#exitCodeOf(result);
    throwIfUnreachable(stderr);
    return stderr;
  }

  /** The names that a client prints of what has these labels. @throws StatusError as `run`, and of any other failure */
  async list(args: readonly string[], labels: Record<string, string>): Promise<string[]> {
    const filters = Object.entries(labels).flatMap(([name, value]) => ['--filter', `label=${name}=${value}`]);
    for (let tries = 0; ; tries++) {
      const { stdout, stderr, exitCode } = await this.run([...args, ...filters]);
      const names = stdout.split('\n').filter(Boolean);
      if (exitCode === 0 && names.every((name) => /^[\w.-]+$/.test(name))) return names;
      if (exitCode === 0) throw this.puzzle(args, stdout);
      // Podman fails if one that it was about to list goes away.
      if (tries === 10 || !/no such (?:volume|container)/.test(stderr)) throw this.failure(args.join(' '), stderr);
    }
  }

  /**
   * Runs a client that goes on for a while; its output goes to those who take it meanwhile. How it has ended: 255 if
   * something ended it, as `signal` does. @throws StatusError as `run`
   */
  async attach(args: readonly string[], { signal, ...input }: ClientInput, take: Takers): Promise<number> {
    if (this.#closed) throw unavailable(`${this.#command} is no longer used.`);
    const client = this.#start(args, input, { buffer: false });
    const stop = (): void => end(client);
    this.#attached.add(stop);
    signal?.addEventListener('abort', stop);
    client.stdout.on('data', take.stdout);
    client.stderr.on('data', take.stderr);
    return this.#exitCodeOf(await client.finally(() => this.#attached.delete(stop))) ?? 255;
  }

  /** A client that prints lines until it is ended or ends by itself. */
  lines(args: readonly string[], onLine: (line: string) => void): { ended: Promise<void>; end: () => void } {
    const client = this.#start(args, {}, { stderr: 'ignore', buffer: false });
    const read = async (): Promise<void> => {
      for await (const line of client) onLine(line);
    };
    return { ended: read().catch(() => {}), end: () => end(client) };
  }

  /** That a call has failed for no reason that is expected. */
  failure(what: string, stderr: string): StatusError {
    return new StatusError('INTERNAL', `${this.#command} ${what} failed: ${brief(stderr) || 'no reason given'}`);
  }

  /** That a call has printed something else than what it is to print. */
  puzzle(args: readonly string[], stdout: string): StatusError {
    const call = `${this.#command} ${kindOf(args)}`;
    const [first = ''] = stdout.trim().split('\n', 1);
    const what = first ? `has printed what is no answer to it: ${brief(first)}` : 'has printed nothing';
    return new StatusError('INTERNAL', `${call} ${what}`, {
      fix: `see that ${this.#command} is the client of a container engine, and what \`${call}\` says`,
    });
  }

  #start<How extends Options>(args: readonly string[], { env, input, cwd }: ClientInput, how: How) {
    const file = input instanceof Buffer ? inputFile(input) : undefined;
    try {
      return execa(this.#command, args, {
        stdin: file ?? (input === 'pipe' ? input : 'ignore'),
        ...how,
        ...(cwd !== undefined && { cwd }),
        env: { ...this.#environment, ...env },
        ...({ extendEnv: false, detached: true, reject: false, stripFinalNewline: false } as const),
      });
    } finally {
      if (file !== undefined) closeSync(file);
    }
  }

  /**
   * How a client has ended; undefined if a signal ended it.
   * @throws StatusError UNAVAILABLE if it could not be run, INVALID_ARGUMENT for what no process can be given
   */
  #exitCodeOf({
    code,
    originalMessage = '',
    exitCode,
    signal,
  }: Pick<Result, 'code' | 'originalMessage' | 'exitCode' | 'signal'>): number | undefined {
    if (code === 'ERR_INVALID_ARG_VALUE') {
      throw new StatusError('INVALID_ARGUMENT', 'an argument or a variable holds a NUL byte');
    }
    if (code === 'E2BIG') {
      throw new StatusError('INVALID_ARGUMENT', 'an argument or a variable, or all together, are too large');
    }
    if (code === 'ENOENT') {
      const fix = 'install it, or name another client in LOCALRUN_DOCKER';
      throw unavailable(`The command ${this.#command} was not found.`, fix);
    }
    if (exitCode === undefined && signal === undefined) {
      throw unavailable(`${this.#command} cannot be run: ${originalMessage}`);
    }
    return exitCode;
  }
}

/** Whether a line of what a client says has this name in it, and not only as a part of another one. */
export const isAbout = (line: string, name: string): boolean => line.split(/[^\w.-]+|\.(?=\s|$)/).includes(name);
/** A call of a client, which is ended if it is silent for too long. */
class Watch {
  readonly call: string;
  readonly #on: { hung: () => void; over: () => void };
  #work: number;
  #patience: number;
  #heard = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #hung = false;

  constructor(call: string, patience: number, work: number, on: { hung: () => void; over: () => void }) {
    this.call = call;
    this.#patience = patience;
    this.#work = work;
    this.#on = on;
    this.heard();
  }

  /** For how long nothing has come that should have, in ms. */
  get silence(): number {
    return performance.now() - this.#heard - this.#work;
  }

  /** It is at work. */
  heard(): void {
    this.#heard = performance.now();
    this.hurry(this.#patience);
  }

  /** From now on it may be silent for so long, in ms. */
  hurry(patience: number, work = this.#work): void {
    clearTimeout(this.#timer);
    this.#patience = patience;
    this.#work = work;
    const most = patience + work;
    if (most === Infinity) return;
    const stop = (): void => {
      this.#hung = true;
      this.#on.hung();
    };
    this.#timer = setTimeout(stop, most);
  }

  over(): void {
    clearTimeout(this.#timer);
    this.#on.over();
  }

  /** That it was ended, for people; undefined if it was not. */
  get hung(): string | undefined {
    if (!this.#hung) return undefined;
    return `\`${this.call}\` has been silent for ${formatSpan(this.#patience + this.#work)}`;
  }

  throwIfHung(): void {
    if (!this.#hung) return;
    throw unavailable(
      `No container engine answers: ${this.hung}.`,
      'see whether the engine hangs; on a machine that is this slow, LOCALRUN_ENGINE_TIMEOUT gives it more time',
    );
  }
}

/** The object that a client has printed as JSON; undefined if it is none. */
export function jsonObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Ends a client. Children of its own, as those of a script, do not keep us waiting then. */
function end({ kill, stdout, stderr }: Pick<ResultPromise, 'kill' | 'stdout' | 'stderr'>): void {
  kill('SIGKILL');
  stdout?.destroy();
  stderr?.destroy();
}

/** What a call does: `rm`, `image inspect`. */
function kindOf([command = '', next = '']: readonly string[]): string {
  return /^(?:container|context|image|network|volume)$/.test(command) ? `${command} ${next}` : command;
}

/** What a client says, in a line of some length. */
export function brief(said: string): string {
  const lines = said.split('\n').map((line) => line.trim());
  // Podman warns at length before it says what is wrong.
  const serious = lines.filter((line) => line && !/\blevel=warning\b/.test(line));
  const text = (serious.length > 0 ? serious : lines.filter(Boolean)).join(' ');
  return text.length > shown ? `${text.slice(0, shown)}…` : text;
}

const unavailable = (message: string, fix?: string): StatusError => new StatusError('UNAVAILABLE', message, { fix });

/** @throws StatusError UNAVAILABLE if what a client says is that no engine answers it */
export function throwIfUnreachable(stderr: string): void {
  const lines = stderr.split('\n').map((line) => line.replace(/^docker: /, ''));
  const refused = lines.find((line) => tooNew.test(line));
  if (refused)
    throw unavailable(`The container engine does not take our calls: ${refused}`, 'unset DOCKER_API_VERSION');
  // Of a call about many containers, the engine may have answered a part.
  const lost = lines.find((line) => unreachable.test(line) && !answered.test(line));
  if (lost === undefined) return;
  const fix = /podman/i.test(lost)
    ? 'start its service, or point CONTAINER_HOST at one that runs; `podman info` shows whether it answers'
    : 'start Docker, or point DOCKER_HOST or a docker context at an engine that runs; `docker version` shows whether it answers';
  throw unavailable(`No container engine answers: ${lost}`, fix);
}

/**
 * An open file without a name that holds `content`. A client may open it once more, as /dev/stdin, which it cannot with
 * the sockets that node makes for input.
 */
function inputFile(content: Buffer): number {
  const name = path.join(os.tmpdir(), `localrun-${randomUUID()}`);
  const file = openSync(name, 'wx+', 0o600);
  unlinkSync(name);
  // At a position, so that a reader that shares the file's own begins at its start.
  for (let done = 0; done < content.length;) done += writeSync(file, content, done, content.length - done, done);
  return file;
}

/**
 * The stdin and stdout of a client as one stream, with which the client ends. That of execa, `duplex`, is not gone before
 * the client has ended by itself, when it is destroyed.
 */
function conversation({ stdin, stdout, kill }: Pick<ResultPromise, 'stdin' | 'stdout' | 'kill'>): Duplex {
  const stream = new Duplex({
    read: () => void stdout?.resume(),
    write: (chunk, _encoding, done) => void stdin?.write(chunk, done),
    final: (done) => void stdin?.end(done),
    destroy(error, done) {
      kill('SIGKILL');
      done(error);
    },
  });
  stdout?.on('data', (chunk) => void (stream.push(chunk) || stdout.pause()));
  stdout?.on('end', () => stream.push(null));
  stdin?.on('error', () => {});
  return stream;
}
