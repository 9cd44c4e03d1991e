import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

export const repository = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));

export interface Result {
  /** Null if a signal ended it. */
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/** How long a test waits for a condition while nothing gets on, and in all, in ms; far longer than it should take. */
const patience = 60_000;
const longest = 240_000;
const pollInterval = 50;

/**
 * Waits until `probe` gives something, and returns that. While `progress()` changes, the wait goes on: a busy machine
 * is slow, and no fault. @throws Error with `state()` if the condition never holds
 */
export async function until<T>(
  probe: () => T | false | undefined | Promise<T | false | undefined>,
  state: () => unknown = () => '',
  progress: () => string = () => '',
): Promise<T> {
  const start = Date.now();
  let seen = { progress: progress(), at: start };
  while (Date.now() < Math.min(seen.at + patience, start + longest)) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, pollInterval));
    const now = progress();
    if (now !== seen.progress) seen = { progress: now, at: Date.now() };
  }
  throw new Error(`waited in vain for ${probe.toString()}\n${String(state())}`);
}

/** Sends a signal to a process, or with the number negated to a group, unless it has ended meanwhile. */
export function signal(pid: number, name: NodeJS.Signals): void {
  if (!pid) throw new Error('0 stands for the processes of the tests');
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** A `localrun` command that runs, and what it has written so far. */
export abstract class RunningCommand {
  abstract readonly ended: Promise<Result>;
  stdout = '';
  stderr = '';

  /** Waits until stderr holds `text`, `times` times. */
  async says(text: string, times = 1): Promise<void> {
    await until(
      () => this.stderr.split(text).length > times,
      () => `${text}\n${this.stderr}`,
      () => this.stderr,
    );
  }

  /** The name of the execution that `jobs run` or `jobs execute` has made. */
  async execution(): Promise<string> {
    return until(
      () => /Execution \[([^\]]+)\]/.exec(this.stderr)?.[1],
      () => this.stderr,
    );
  }
}

/** Its output is read as it comes, and a signal that it ignores is followed by no other. */
const start = (args: readonly string[], env: Record<string, string | undefined>, cwd: string) =>
  execa(process.execPath, [path.join(repository, 'bin', 'localrun.js'), ...args], {
    cwd,
    env,
    detached: true,
    extendEnv: false,
    stdin: 'ignore',
    buffer: false,
    reject: false,
    forceKillAfterDelay: false,
  });

/** bin/localrun.js as a process of its own, in a process group of its own. */
export class Command extends RunningCommand {
  readonly ended: Promise<Result>;
  readonly #child: ReturnType<typeof start>;

  constructor(args: readonly string[], env: Record<string, string | undefined>, cwd = repository) {
    super();
    this.#child = start(args, env, cwd);
    for (const stream of ['stdout', 'stderr'] as const) {
      this.#child[stream].setEncoding('utf8').on('data', (text: string) => (this[stream] += text));
    }
    this.ended = this.#end();
  }

  async #end(): Promise<Result> {
    const { exitCode = null } = await this.#child;
    return { exitCode, stdout: this.stdout, stderr: this.stderr };
  }

  /** Never 0, which would stand for the processes of the tests. */
  get pid(): number {
    const { pid } = this.#child;
    if (!pid) throw new Error('the command was not started');
    return pid;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** As Ctrl-C in a terminal, or the end of a CI step, reaches it. */
  killGroup(signal: NodeJS.Signals): void {
    process.kill(-this.pid, signal);
  }
}
