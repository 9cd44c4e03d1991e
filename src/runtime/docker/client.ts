import { randomUUID } from 'node:crypto';
import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Duplex } from 'node:stream';
import { execa, type Options, type Result, type ResultPromise } from 'execa';
import { StatusError } from '../../model/errors.js';
import { formatSpan } from '../../model/time.js';
import type { SlowCall } from '../port.js';
import type { Processes } from './strays.js';

/** What a client gets besides its arguments; aborting `signal` ends it. */
export interface ClientInput {
  env?: Record<string, string> | undefined;
  /** What it reads from stdin; `pipe`: what is written to it while it runs. */
  input?: Buffer | 'pipe' | undefined;
  signal?: AbortSignal;
  cwd?: string;
  /** How long the work itself may take without output, in ms, in addition to the time for any call. */
  work?: number;
}

/** Take the output of a client while it runs. */
export type Takers = Record<'stdout' | 'stderr', (chunk: Buffer) => void>;

export interface ClientResult {
  exitCode: number;
  stdout: string;
  /** The beginning of the output. */
  stderr: string;
}

/** How much of a client's output to keep, in characters; more on stdout is an error. */
const most = { stdout: 2 ** 24, stderr: 2 ** 16 };

/** How much of it to show, in characters. */
const shown = 400;

/**
 * Calls that start a container may be silent this many times as long as others. After calls of a kind have been ended,
 * any call of that kind may be silent up to so many times as long.
 */
const startPatience = 5;
const mostPatience = 8;

/** How long a client that works for itself gets to clean up, in ms. */
const workGrace = 5000;

/** How long a call may still be silent once the process is about to end, in ms. */
const lastPatience = 5000;

/** What the clients of docker and podman print if no engine answers, and how an engine's answer begins. */
const unreachable =
  /cannot connect to the docker daemon|is the docker daemon running|error during connect|failed to connect to the docker api|cannot connect to podman|permission denied while trying to connect|^(?:unexpected )?EOF$/i;
const answered = /^error response from daemon/i;
/**
 * What an engine answers if the client asked for its version without success, for example while the engine was
 * restarting.
 */
const tooNew = /client version \S+ is too new/i;

/**
 * Runs the docker client: with argument lists and no shell, in its own process group, which Ctrl-C does not reach. A
 * short call that is silent for too long is ended, and its engine counts as unavailable.
 */
export class DockerClient {
  readonly #command: string;
  #patience: number;
  #environment: Record<string, string | undefined>;
  /** How many times as long calls may be silent, by kind: on a slow machine the next try gets more time. */
  readonly #leniency = new Map<string, number>();
  readonly #calls = new Set<Watch>();
  /** Ends each client that is attached to a container. */
  readonly #attached = new Set<() => void>();
  #closed = false;

  /** @param patience how long a short call may be silent, in ms */
  constructor(command: string, environment: Record<string, string | undefined>, patience = Infinity) {
    // Relative paths start here, wherever a client runs.
    this.#command = command.includes(path.sep) ? path.resolve(command) : command;
    this.#environment = environment;
    this.#patience = patience;
  }

  /** A variable of the client's environment. */
  variable(name: string): string | undefined {
    return this.#environment[name];
  }

  /** Keeps using this docker context, whichever is selected later. */
  keepTo(context: string): void {
    this.#environment = { ...this.#environment, DOCKER_CONTEXT: context };
  }

  /** The command line of a client that the caller runs itself. */
  program(args: readonly string[]): { command: string; args: string[]; env: Record<string, string | undefined> } {
    return { command: this.#command, args: [...args], env: this.#environment };
  }

  /** The short call that has been silent longest. */
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
   * @throws StatusError UNAVAILABLE if there is no client, or no engine answers in time; INVALID_ARGUMENT for what no
   * process can be given; INTERNAL if the output never ends. Any other failure is in the result.
   */
  async run(args: readonly string[], { env, input, signal, work = 0 }: ClientInput = {}): Promise<ClientResult> {
    const client = this.#start(args, { env, input }, signal ? { cancelSignal: signal } : {});
    const watch = this.watch(args, () => end(client), work);
    const output = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const) {
      client[stream].setEncoding('utf8').on('data', (text: string) => {
        watch.heard();
        output[stream] += text.slice(0, most[stream] + 1 - output[stream].length);
        if (output.stdout.length > most.stdout) end(client);
      });
    }
    const result = await client.finally(() => watch.over());
    watch.throwIfHung();
    if (output.stdout.length > most.stdout) throw this.puzzle(args, output.stdout);
    const exitCode = this.#exitCodeOf(result);
    if (exitCode === undefined) throw unavailable(`${this.#command} was killed by ${result.signal}.`);
    // Regardless of the exit code: `docker info` exits with 0 in this case, too.
    throwIfUnreachable(output.stderr);
    return { exitCode, ...output };
  }

  /** Watches a call, and has `stop` end it if it is silent for too long; `work` as for `run`. */
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
   * The client as a stream, once it has printed an empty line to confirm the connection; or its output, if it ends
   * before.
   * @throws StatusError UNAVAILABLE
   */
  async stream(args: readonly string[]): Promise<Duplex | string> {
    const client = this.#start(args, { input: 'pipe' }, {});
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

  /**
   * The names of everything with these labels, as a client prints them. @throws StatusError like `run`, and for any
   * other failure
   */
  async list(args: readonly string[], labels: Record<string, string>): Promise<string[]> {
    const filters = Object.entries(labels).flatMap(([name, value]) => ['--filter', `label=${name}=${value}`]);
    for (let tries = 0; ; tries++) {
      const { stdout, stderr, exitCode } = await this.run([...args, ...filters]);
      const names = stdout.split('\n').filter(Boolean);
      if (exitCode === 0 && names.every((name) => /^[\w.-]+$/.test(name))) return names;
      if (exitCode === 0) throw this.puzzle(args, stdout);
      // Podman fails if a container that it is about to list disappears.
      if (tries === 10 || !/no such (?:volume|container)/.test(stderr)) throw this.failure(args.join(' '), stderr);
    }
  }

  /**
   * Runs a client for a longer time, and passes its output on. Returns its exit code, 255 if something such as `signal`
   * ended it. @throws StatusError like `run`
   */
  async attach(args: readonly string[], { signal, ...input }: ClientInput, take: Takers): Promise<number> {
    if (this.#closed) throw unavailable(`${this.#command} is no longer used.`);
    const client = this.#start(args, input, {});
    const stop = (): void => end(client);
    this.#attached.add(stop);
    signal?.addEventListener('abort', stop);
    client.stdout.on('data', take.stdout);
    client.stderr.on('data', take.stderr);
    const result = await client;
    this.#attached.delete(stop);
    signal?.removeEventListener('abort', stop);
    return this.#exitCodeOf(result) ?? 255;
  }

  /**
   * Runs a client that works for itself, such as a build, and passes on the lines that it prints. Aborting `signal` ends
   * it together with what it has started: with SIGINT as Ctrl-C does, so that it can clean up, and then with SIGKILL.
   * Returns its exit code, undefined if a signal has ended it.
   * @param end sends a signal to a process and its group: podman alone, or with SIGTERM, would always leave the step that
   * it runs
   * @throws StatusError like `run`
   */
  async work(
    args: readonly string[],
    { env, signal, end: send }: { env: Record<string, string>; signal: AbortSignal; end: Processes['end'] },
    onLine: (line: string) => void,
  ): Promise<number | undefined> {
    if (signal.aborted) return undefined;
    const client = this.#start(args, { env }, {});
    let timer: NodeJS.Timeout | undefined;
    const stop = (): void => {
      const { pid } = client;
      if (pid === undefined) return;
      send(pid, 'SIGINT');
      timer = setTimeout(send, workGrace, pid);
    };
    signal.addEventListener('abort', stop);
    const lines = [client.stdout, client.stderr].map((input) => createInterface({ input, crlfDelay: Infinity }));
    const read = lines.map((stream) => new Promise<void>((resolve) => void stream.once('close', resolve)));
    for (const stream of lines) stream.on('line', onLine);
    try {
      const result = await client;
      const exitCode = this.#exitCodeOf(result);
      await Promise.all(read);
      return exitCode;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    }
  }

  /** A client that prints lines until it is ended or exits by itself. */
  lines(args: readonly string[], onLine: (line: string) => void): { ended: Promise<void>; end: () => void } {
    const client = this.#start(args, {}, { stderr: 'ignore' });
    const read = async (): Promise<void> => {
      for await (const line of client) onLine(line);
    };
    return { ended: read().catch(() => {}), end: () => end(client) };
  }

  /** The error for a call that failed for an unexpected reason. */
  failure(what: string, stderr: string): StatusError {
    return new StatusError('INTERNAL', `${this.#command} ${what} failed: ${brief(stderr) || 'no reason given'}`);
  }

  /** The error for a call with unexpected output. */
  puzzle(args: readonly string[], stdout: string): StatusError {
    const call = `${this.#command} ${kindOf(args)}`;
    const [first = ''] = stdout.trim().split('\n', 1);
    const what = first ? `has printed what is no answer to it: ${brief(first)}` : 'has printed nothing';
    return new StatusError('INTERNAL', `${call} ${what}`, {
      fix: `see that ${this.#command} is the client of a container engine, and what \`${call}\` says`,
    });
  }

  /** @throws StatusError INVALID_ARGUMENT for a NUL byte, with which no process can be started */
  #start<How extends Options>(args: readonly string[], { env, input, cwd }: ClientInput, how: How) {
    if ([...args, ...Object.values(env ?? {})].some((text) => text?.includes('\0'))) {
      throw new StatusError('INVALID_ARGUMENT', 'an argument or a variable holds a NUL byte');
    }
    const file = input instanceof Buffer ? inputFile(input) : undefined;
    try {
      return execa(this.#command, args, {
        stdin: file ?? (input === 'pipe' ? input : 'ignore'),
        ...how,
        ...(cwd !== undefined && { cwd }),
        env: { ...this.#environment, ...env },
        ...({ extendEnv: false, detached: true, reject: false, buffer: false } as const),
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

/** Whether a line of a client's output contains this name, and not only as a part of another name. */
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

  /** How long expected output has been missing, in ms. */
  get silence(): number {
    return performance.now() - this.#heard - this.#work;
  }

  /** The client is at work. */
  heard(): void {
    this.#heard = performance.now();
    this.hurry(this.#patience);
  }

  /** From now on it may be silent for this long, in ms. */
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

  /** A message if the call was ended; otherwise undefined. */
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

/** The object that a client printed as JSON; undefined if the output is something else. */
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

/**
 * Ends a client without waiting for its children, such as those of a script. One that could not be started has no pid, and
 * Node.js would send the signal to pid 0: to the process group of this process.
 */
function end(client: Pick<ResultPromise, 'kill' | 'pid' | 'stdout' | 'stderr'>): void {
  if (client.pid !== undefined) client.kill('SIGKILL');
  client.stdout?.destroy();
  client.stderr?.destroy();
}

/** The kind of a call: `rm`, `image inspect`. */
function kindOf([command = '', next = '']: readonly string[]): string {
  return /^(?:container|context|image|network|volume)$/.test(command) ? `${command} ${next}` : command;
}

/** A client's output, shortened to one line. */
export function brief(said: string): string {
  const lines = said.split('\n').map((line) => line.trim());
  // Podman prints long warnings before the error.
  const serious = lines.filter((line) => line && !/\blevel=warning\b/.test(line));
  const text = (serious.length > 0 ? serious : lines.filter(Boolean)).join(' ');
  return text.length > shown ? `${text.slice(0, shown)}…` : text;
}

const unavailable = (message: string, fix?: string): StatusError => new StatusError('UNAVAILABLE', message, { fix });

/** @throws StatusError UNAVAILABLE if the client's output says that no engine answers it */
export function throwIfUnreachable(stderr: string): void {
  const lines = stderr.split('\n').map((line) => line.replace(/^docker: /, ''));
  const refused = lines.find((line) => tooNew.test(line));
  if (refused)
    throw unavailable(`The container engine does not take our calls: ${refused}`, 'unset DOCKER_API_VERSION');
  // The engine may have answered a call about many containers in part.
  const lost = lines.find((line) => unreachable.test(line) && !answered.test(line));
  if (lost === undefined) return;
  const fix = /podman/i.test(lost)
    ? 'start its service, or point CONTAINER_HOST at one that runs; `podman info` shows whether it answers'
    : 'start Docker, or point DOCKER_HOST or a docker context at an engine that runs; `docker version` shows whether it answers';
  throw unavailable(`No container engine answers: ${lost}`, fix);
}

/**
 * An open, unnamed file that holds `content`. A client may reopen it as /dev/stdin, which does not work with the
 * sockets that node creates for input.
 */
function inputFile(content: Buffer): number {
  const name = path.join(os.tmpdir(), `localrun-${randomUUID()}`);
  const file = openSync(name, 'wx+', 0o600);
  unlinkSync(name);
  // At position 0, so that a reader that shares the file's position starts at the beginning.
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
