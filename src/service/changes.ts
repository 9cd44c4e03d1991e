import type { Store } from '../store/store.js';

/** How often to check the store for changes, in ms. */
const pollInterval = 50;

export interface WatchOptions {
  /** Ends the iteration. */
  signal?: AbortSignal | undefined;
  /**
   * Also yields when nothing has changed for this long, in ms, for events that the store does not show, such as the
   * death of a process.
   */
  atLeastEvery?: number | undefined;
  /** The minimum time between two yields, in ms. */
  atMostEvery?: number | undefined;
}

interface Waiter {
  /** The times, of performance.now, from which a change counts, and at which the wait ends without one. */
  from: number;
  until: number;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * The changes of the store, whichever process makes them. The store is polled once per interval for all consumers, and not
 * at all while none waits.
 */
export class StoreChanges {
  readonly #store: Pick<Store, 'version'>;
  readonly #waiters = new Set<Waiter>();
  #version = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(store: Pick<Store, 'version'>) {
    this.#store = store;
  }

  /** Changes with every change of the store. */
  get version(): string {
    return this.#store.version();
  }

  /**
   * Yields at once, and then after every change. Changes that come while the consumer is busy make one step, so that a
   * slow consumer costs no memory.
   */
  async *watch({ signal, atLeastEvery = Infinity, atMostEvery = 0 }: WatchOptions = {}): AsyncGenerator<
    void,
    void,
    undefined
  > {
    while (!signal?.aborted) {
      const seen = this.#version;
      const now = performance.now();
      yield;
      await this.#change(seen, now + atMostEvery, now + atLeastEvery, signal);
    }
  }

  async #change(seen: string, from: number, until: number, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted || (seen !== this.#version && performance.now() >= from)) return;
    let waiter: Waiter | undefined;
    const stop = (): void => waiter?.resolve();
    signal?.addEventListener('abort', stop);
    try {
      await new Promise<void>((resolve, reject) => {
        waiter = { from: Math.min(from, until), until, resolve, reject };
        if (seen !== this.#version) waiter.until = waiter.from;
        this.#waiters.add(waiter);
        this.#timer ??= setTimeout(this.#poll, pollInterval);
      });
    } finally {
      signal?.removeEventListener('abort', stop);
      if (waiter) this.#waiters.delete(waiter);
      if (this.#waiters.size === 0) {
        clearTimeout(this.#timer);
        this.#timer = undefined;
      }
    }
  }

  readonly #poll = (): void => {
    this.#timer = setTimeout(this.#poll, pollInterval);
    try {
      const version = this.#store.version();
      const changed = version !== this.#version;
      this.#version = version;
      const now = performance.now();
      for (const waiter of this.#waiters) {
        // If the change comes too soon, the wait ends as soon as it may.
        if (changed) waiter.until = Math.min(waiter.until, waiter.from);
        if (now >= waiter.until) waiter.resolve();
      }
    } catch (error) {
      for (const { reject } of this.#waiters) reject(error);
    }
  };
}
