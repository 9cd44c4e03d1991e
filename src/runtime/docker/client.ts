import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process';
import { RunError } from '../../model/errors.js';

export interface ClientResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** What the clients of docker and podman say when no engine answers them, and what begins an engine's answer. */
const unreachable =
  /cannot connect to the docker daemon|is the docker daemon running|error during connect|failed to connect to the docker api|cannot connect to podman|permission denied while trying to connect/i;
const answered = /^(docker: )?error response from daemon/im;
/** What an engine answers a client that asked it in vain for its version, as while the engine was being restarted. */
const tooNew = /client version \S+ is too new/i;

/** Runs the docker client: argument lists only, no shell, in a process group of its own, which Ctrl-C does not reach. */
export class DockerClient {
  readonly #command: string;
  readonly #environment: Record<string, string | undefined>;

  constructor(command: string, environment: Record<string, string | undefined>) {
    this.#command = command;
    this.#environment = environment;
  }

  /**
   * @throws RunError UNAVAILABLE if there is no client or no engine, INVALID_ARGUMENT for what no process can be given.
   * Any other failure is in the result.
   */
  async run(args: readonly string[], env: Record<string, string> = {}, signal?: AbortSignal): Promise<ClientResult> {
    return this.#execute(args, env, 'pipe', 'pipe', signal);
  }

  /** As `run`, with the output going to file descriptors. */
  async runTo(args: readonly string[], stdout: number, stderr: number): Promise<ClientResult> {
    return this.#execute(args, {}, stdout, stderr);
  }

  async #execute(
    args: readonly string[],
    env: Record<string, string>,
    stdout: 'pipe' | number,
    stderr: 'pipe' | number,
    signal?: AbortSignal,
  ): Promise<ClientResult> {
    const child = this.#spawn(args, {
      stdio: ['ignore', stdout, stderr],
      env: { ...this.#environment, ...env },
      detached: true,
      signal,
    });
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
          'install Docker, or name another client in LOCALRUN_DOCKER',
        )
      : unavailable(`${this.#command} cannot be run: ${error.message}`);
  }
}

const unavailable = (message: string, fix?: string): RunError => new RunError('UNAVAILABLE', message, { fix });

function throwIfUnreachable(stderr: string): void {
  const lines = stderr.split('\n').map((line) => line.replace(/^docker: /, ''));
  const refused = lines.find((line) => tooNew.test(line));
  if (refused)
    throw unavailable(`The container engine does not take our calls: ${refused}`, 'unset DOCKER_API_VERSION');
  const lost = lines.find((line) => unreachable.test(line));
  if (lost === undefined || answered.test(stderr)) return;
  throw unavailable(
    `No container engine answers: ${lost}`,
    'start Docker, or point DOCKER_HOST or a docker context at an engine that runs; `docker version` shows whether it answers',
  );
}
