import { StatusError } from '../model/errors.js';
import type { Availability } from '../runtime/port.js';
import { sleep } from '../runtime/sleep.js';
import { pace } from './engine.js';

/** How often a request is repeated that failed for no known reason; the runtime may just have been busy. */
const patience = 2;

type Change = { type: 'runtime.unavailable'; message: string } | { type: 'runtime.available' };

/**
 * Requests to a runtime that may go away and come back: each is repeated until it is answered, and the loss and the
 * return are reported once, however many requests wait. A runtime that is away says nothing about attempts.
 */
export class RuntimeAvailability implements Availability {
  readonly #report: (change: Change) => void;
  readonly #now: () => number;
  /** When it was away, from its last answer to the next one, in ms since 1970. */
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

  /** Ends all waiting: requests without an answer fail, and so do later ones, since the run is over. */
  giveUp(): void {
    this.#given = true;
  }

  /** @throws StatusError INTERNAL if a runtime that answers fails to do it several times; what else the request throws */
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
