import { StatusError } from '../model/errors.js';
import type { Availability } from '../runtime/port.js';
import { sleep } from '../runtime/sleep.js';
import { pace } from './engine.js';

/** How often to repeat a request that failed for no known reason; the runtime may just have been busy. */
const patience = 2;

type Change = { type: 'runtime.unavailable'; message: string } | { type: 'runtime.available' };

/**
 * Repeats requests to a runtime that may go away and come back. Each is repeated until it is answered; the loss and the
 * return are reported once, however many requests wait. While the runtime is away, nothing is known about attempts.
 */
export class RuntimeAvailability implements Availability {
  readonly #report: (change: Change) => void;
  readonly #now: () => number;
  /** The times when it was away, from its last answer to the next one, in ms since 1970. */
  readonly #outages: { from: number; to: number }[] = [];
  #answered: number;
  #away = false;
  #given = false;

  constructor(report: (change: Change) => void, now: () => number) {
    this.#report = report;
    this.#now = now;
    this.#answered = now();
  }

  wasAway(time: number): boolean {
    return this.#outages.some(({ from, to }) => from <= time && time <= to);
  }

  /** Ends all waiting at the end of the run: requests without an answer fail, and so do later ones. */
  giveUp(): void {
    this.#given = true;
  }

  /** @throws StatusError INTERNAL if an available runtime fails several times; any other error of the request */
  async insist<T>(request: () => Promise<T>): Promise<T> {
    for (let failures = 0; ;) {
      if (this.#given) throw new Error('the run is over');
      try {
        const answer = await request();
        const now = this.#now();
        if (this.#away) {
          this.#outages.push({ from: this.#answered, to: now });
          this.#report({ type: 'runtime.available' });
        }
        this.#answered = now;
        this.#away = false;
        return answer;
      } catch (error) {
        if (!(error instanceof StatusError)) throw error;
        if (error.code === 'UNAVAILABLE') {
          if (!this.#away) this.#report({ type: 'runtime.unavailable', message: error.message });
          this.#away = true;
        } else if (error.code !== 'INTERNAL' || ++failures > patience) throw error;
        await sleep(pace.unavailable);
      }
    }
  }
}
