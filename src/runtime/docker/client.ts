import { type ChildProcess, type ChildProcessByStdio, spawn, type SpawnOptions } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Duplex, type Readable, type Writable } from 'node:stream';
import { RunError } from '../../model/errors.js';

/** What a client gets besides its arguments; aborting `signal` ends it. */
interface ClientInput {
  env?: Record<string, string>;
  input?: Buffer;
  signal?: AbortSignal;
  cwd?: string;
}

/** Who takes the output of a client while it runs. */
export type Takers = Record<'stdout' | 'stderr', (chunk: Buffer) => void>;

export interface ClientResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** What the clients of docker and podman say when no engine answers them, and what begins an engine's answer. */
const unreachable =
  /cannot connect to the docker daemon|is the docker daemon running|error during connect|failed to connect to the docker api|cannot connect to podman|permission denied while trying to connect|^(?:unexpected )?EOF$/i;
const answered = /^error response from daemon/i;
/** What an engine answers a client that asked it in vain for its version, as while the engine was being restarted. */
const tooNew = /client version \S+ is too new/i;

/** Runs the docker client: argument lists only, no shell, in a process group of its own, which Ctrl-C does not reach. */
export class DockerClient {
  readonly #command: string;
  #environment: Record<string, string | undefined>;

  constructor(command: string, environment: Record<string, string | undefined>) {
    // A relative path is one from here, wherever a client is run.
    this.#command = command.includes(path.sep) ? path.resolve(command) : command;
    this.#environment = environment;
  }

  /** A variable of the client's environment. */
  variable(name: string): string | undefined {
    return this.#environment[name];
  }

  /** Stays with a context of docker's, whichever is in use later. */
  keepTo(context: string): void {
    this.#environment = { ...this.#environment, DOCKER_CONTEXT: context };
  }

  /**
   * @throws RunError UNAVAILABLE if there is no client or no engine, INVALID_ARGUMENT for what no process can be given.
   * Any other failure is in the result.
   */
  async run(args: readonly string[], { env, input, signal }: ClientInput = {}): Promise<ClientResult> {
    const child = this.#spawnWith(input, (stdin) => [
      args,
      { stdio: [stdin, 'pipe', 'pipe'], env: { ...this.#environment, ...env }, detached: true, signal },
    ]);
    const output = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream]?.setEncoding('utf8').on('data', (text: string) => (output[stream] += text));
    }
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.on('error', (error: NodeJS.ErrnoException) => reject(this.#notRunnable(error)));
      child.on('close', resolve);
    });
    if (exitCode === null) throw unavailable(`${this.#command} was killed by ${child.signalCode}.`);
    // Whatever the exit code: `docker info` also ends with 0 then.
    throwIfUnreachable(output.stderr);
    return { exitCode, ...output };
  }

  /**
   * The client as a stream, once it has printed an empty line to say that it is connected; what it says if it ends
   * before.
   * @throws RunError UNAVAILABLE
   */
  async stream(args: readonly string[]): Promise<Duplex | string> {
    const child = spawn(this.#command, args, { stdio: 'pipe', env: this.#environment, detached: true });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const connected = await new Promise<boolean>((resolve, reject) => {
      child.on('error', (error: NodeJS.ErrnoException) => reject(this.#notRunnable(error)));
      child.once('close', () => resolve(false));
      child.stdout.once('readable', () => child.stdout.read(1) && resolve(true));
    });
    if (connected) return conversation(child);
    throwIfUnreachable(stderr);
    return stderr;
  }

  /** The lines that a client prints of what has these labels. @throws RunError as `run`, and of any other failure */
  async list(args: readonly string[], labels: Record<string, string>): Promise<string[]> {
    const filters = Object.entries(labels).flatMap(([name, value]) => ['--filter', `label=${name}=${value}`]);
    for (let tries = 0; ; tries++) {
      const { stdout, stderr, exitCode } = await this.run([...args, ...filters]);
      if (exitCode === 0) return stdout.split('\n').filter(Boolean);
      // Podman fails if one that it was about to list goes away.
      if (tries === 10 || !/no such (?:volume|container)/.test(stderr)) throw this.failure(args.join(' '), stderr);
    }
  }

  /**
   * Runs a client that goes on for a while; its output goes to those who take it meanwhile. How it has ended: 255 if
   * something ended it, as `signal` does. @throws RunError as `run`
   */
  async attach(args: readonly string[], { env, input, cwd, signal }: ClientInput, take: Takers): Promise<number> {
    const child = this.#spawnWith(input, (stdin) => [
      args,
      { stdio: [stdin, 'pipe', 'pipe'], env: { ...this.#environment, ...env }, detached: true, cwd },
    ]);
    signal?.addEventListener('abort', () => child.kill('SIGKILL'));
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream]?.on('data', take[stream]);
    }
    return new Promise((resolve, reject) => {
      child.on('error', (error: NodeJS.ErrnoException) => reject(this.#notRunnable(error)));
      child.on('close', (exitCode) => resolve(exitCode ?? 255));
    });
  }

  /** A client that prints lines until it is ended or ends by itself. */
  lines(args: readonly string[], onLine: (line: string) => void): { ended: Promise<void>; end: () => void } {
    const child = this.#spawn(args, {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: this.#environment,
      detached: true,
    });
    let rest = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      lines.forEach(onLine);
    });
    const ended = new Promise<void>((resolve) => child.on('error', () => resolve()).on('close', () => resolve()));
    return { ended, end: () => void child.kill('SIGKILL') };
  }

  /** That a call has failed for no reason that is expected. */
  failure(what: string, stderr: string): RunError {
    return new RunError('INTERNAL', `${this.#command} ${what} failed: ${stderr.trim() || 'no reason given'}`);
  }

  #spawnWith(
    input: Buffer | undefined,
    how: (stdin: number | 'ignore') => [args: readonly string[], options: SpawnOptions],
  ): ChildProcess {
    const stdin = input && inputFile(input);
    try {
      return this.#spawn(...how(stdin ?? 'ignore'));
    } finally {
      if (stdin !== undefined) closeSync(stdin);
    }
  }

  #spawn(args: readonly string[], options: SpawnOptions): ChildProcess {
    try {
      return spawn(this.#command, args, options);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ERR_INVALID_ARG_VALUE') {
        throw new RunError('INVALID_ARGUMENT', 'an argument or a variable holds a NUL byte');
      }
      if (code === 'E2BIG') {
        throw new RunError('INVALID_ARGUMENT', 'an argument or a variable, or all together, are too large');
      }
      throw error;
    }
  }

  #notRunnable(error: NodeJS.ErrnoException): RunError {
    return error.code === 'ENOENT'
      ? unavailable(
          `The command ${this.#command} was not found.`,
          'install it, or name another client in LOCALRUN_DOCKER',
        )
      : unavailable(`${this.#command} cannot be run: ${error.message}`);
  }
}

/** Whether a line of what a client says has this name in it, and not only as a part of another one. */
export const isAbout = (line: string, name: string): boolean => line.split(/[^\w.-]+|\.(?=\s|$)/).includes(name);

const unavailable = (message: string, fix?: string): RunError => new RunError('UNAVAILABLE', message, { fix });

/** @throws RunError UNAVAILABLE if what a client says is that no engine answers it */
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

/** The stdin and stdout of a process as one stream, with which the process ends. */
function conversation(child: ChildProcessByStdio<Writable, Readable, Readable>): Duplex {
  const { stdin, stdout } = child;
  const stream = new Duplex({
    read: () => void stdout.resume(),
    write: (chunk, _encoding, done) => void stdin.write(chunk, done),
    final: (done) => void stdin.end(done),
    destroy(error, done) {
      child.kill('SIGKILL');
      done(error);
    },
  });
  stdout.on('data', (chunk) => void (stream.push(chunk) || stdout.pause()));
  stdout.on('end', () => stream.push(null));
  stdin.on('error', () => {});
  return stream;
}
