import { setMaxListeners } from 'node:events';
import type { ExecutionEvent } from '../model/events.js';
import type { Lease, Owner } from '../model/lease.js';
import { type ExecutionRunner, runHere } from './execution-runner.js';
import { recoverExecutions } from './recovery.js';
import { Workers } from './workers.js';

/** How often to look for executions whose process has died, in ms. */
const recoveryInterval = 2000;

/** How long runs may take to let go of their executions, in ms. */
const patience = 5000;

export interface Watcher {
  onEvent: (execution: string, event: ExecutionEvent) => void;
  /** A run has failed. It is tried again, later each time. */
  onFailure: (execution: string, error: Error) => void;
  /** Executions cannot begin or be resumed, or the watcher has thrown an error. */
  onTrouble: (error: Error) => void;
}

/**
 * Runs executions in this process, as many as there are, each under a lease of its own: what workers do, without
 * processes of their own. Resumes executions whose process has died.
 */
export class HostedExecutions {
  readonly #runner: ExecutionRunner;
  readonly #watcher: Watcher;
  readonly #workers: Workers;
  readonly #runs = new Map<string, { token: string; ended: Promise<void> }>();
  readonly #leaving = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #recovering: Promise<void> | undefined;
  #trouble = '';
  /** Whether there was trouble since the last recovery began. */
  #troubled = false;

  constructor(opened: ExecutionRunner, watcher: Watcher) {
    const { store, logs, owner, now, uuid } = opened;
    // A run may end without giving its lease up: a runtime cannot be opened, the disk is full.
    const alive = (lease: Lease): boolean => {
      const own = lease.pid === owner.pid && lease.processStart === owner.processStart;
      return own ? this.#holds(lease.token) : opened.alive(lease);
    };
    // Every run listens.
    setMaxListeners(0, this.#leaving.signal);
    this.#runner = { ...opened, alive, spawnWorker: this.start };
    this.#watcher = watcher;
    const start = (execution: string, token: string): Owner => this.#run(execution, { ...owner, token });
    this.#workers = new Workers({ store, logs, owner, alive, now, uuid, start });
    this.#timer = setInterval(() => void this.#recover(), recoveryInterval);
    void this.#recover();
  }

  /**
   * Runs an execution, unless another process does; for `spawnWorker` of a service. A request that has created the
   * execution must not fail because it cannot begin: then it is an orphan, which begins later.
   */
  readonly start = (execution: string): void => {
    if (!this.#leaving.signal.aborted) this.#attempt(() => this.#workers.start(execution));
  };

  #run(execution: string, owner: Owner): Owner {
    const never = new AbortController().signal;
    const control = { cancel: never, kill: never, leave: this.#leaving.signal };
    const onEvent = (event: ExecutionEvent): void => this.#attempt(() => this.#watcher.onEvent(execution, event));
    const work = async (): Promise<void> => {
      try {
        await runHere({ ...this.#runner, owner }, execution, control, onEvent);
      } catch (error) {
        this.#attempt(() => this.#watcher.onFailure(execution, asError(error)));
      } finally {
        this.#runs.delete(execution);
      }
    };
    const ended = new Promise<void>((resolve) => setImmediate(resolve)).then(work);
    this.#runs.set(execution, { token: owner.token, ended });
    return owner;
  }

  #holds(token: string): boolean {
    return [...this.#runs.values()].some((run) => run.token === token);
  }

  /** What fails in here, for want of space on the disk for example, ends no run and no request. */
  #attempt(of: () => void): void {
    try {
      of();
    } catch (error) {
      this.#report(asError(error));
    }
  }

  #report(error: Error): void {
    if (error.message !== this.#trouble) this.#watcher.onTrouble(error);
    this.#trouble = error.message;
    this.#troubled = true;
  }

  #recover(): Promise<void> {
    return (this.#recovering ??= this.#recovered().finally(() => (this.#recovering = undefined)));
  }

  async #recovered(): Promise<void> {
    this.#troubled = false;
    try {
      await recoverExecutions(this.#runner, { patience: 0 });
      if (!this.#troubled) this.#trouble = '';
    } catch (error) {
      this.#report(asError(error));
    }
  }

  /** Gives all executions up, for another process to resume, and returns their names. */
  async close(): Promise<string[]> {
    clearInterval(this.#timer);
    this.#leaving.abort();
    const left = [...this.#runs.keys()];
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patience);
    });
    const all = Promise.all([...this.#runs.values()].map(({ ended }) => ended));
    await Promise.race([Promise.all([all, this.#recovering]), late]);
    clearTimeout(timer);
    for (const [execution, { token }] of this.#runs) this.#runner.store.releaseLease(execution, token);
    return left;
  }
}

const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));
