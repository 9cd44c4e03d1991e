import { type ChildProcess, type Io } from '../io.js';

/** How long until it is started again, in ms: doubled each time, unless it has run for `long`. */
const shortest = 500;
const longest = 30_000;
const long = 60_000;

/**
 * The process that runs the executions of a server, so that requests do not wait for container clients that start, nor
 * tasks for answers. If it ends, another one takes its place and resumes what it ran.
 */
export class RunnerProcess {
  readonly #io: Pick<Io, 'spawnChild' | 'err'>;
  #process: ChildProcess;
  #since = performance.now();
  #wait = shortest;
  #timer: NodeJS.Timeout | undefined;
  #closing = false;

  constructor(io: Pick<Io, 'spawnChild' | 'err'>) {
    this.#io = io;
    this.#process = this.#begin();
  }

  /** Runs an execution, for `spawnWorker` of a service. What a process that has ended cannot begin is an orphan. */
  readonly start = (execution: string): void => this.#process.tell(execution);

  #begin(): ChildProcess {
    this.#since = performance.now();
    const process = this.#io.spawnChild(['__runner']);
    void process.ended.then(() => this.#again());
    return process;
  }

  #again(): void {
    if (this.#closing) return;
    if (performance.now() - this.#since > long) this.#wait = shortest;
    this.#io.err.write('The process that runs executions has ended. It is started again.\n');
    this.#timer = setTimeout(() => (this.#process = this.#begin()), this.#wait);
    this.#wait = Math.min(2 * this.#wait, longest);
  }

  /** Gives all executions up, for another process to resume. */
  async close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#timer);
    this.#process.end();
    await this.#process.ended;
  }
}
