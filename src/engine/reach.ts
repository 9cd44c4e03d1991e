import { StatusError } from '../model/errors.js';
import { pace, sleep } from './engine.js';

/** How often a call is made again that has failed for no reason that is known; an engine may just have been busy. */
const patience = 2;

type ReachEvent = { type: 'runtime.unavailable'; message: string } | { type: 'runtime.available' };

/**
 * Calls to an engine that may go away and come back: each is repeated until it is answered, and the loss and the
 * return are told once, however many calls wait. An engine that is away says nothing about containers.
 */
export class Reach {
  readonly #tell: (event: ReachEvent) => void;
  readonly #now: () => number;
  /** When it was away, from its last answer to the next one, in ms since 1970. */
  readonly #outages: { from: number; to: number }[] = [];
  #answered: number;
  #lost = false;
  #given = false;

  constructor(tell: (event: ReachEvent) => void, now: () => number) {
    this.#tell = tell;
    this.#now = now;
    this.#answered = now();
  }

  /** Whether the engine was away at a time, in ms since 1970. */
  wasAway(time: number): boolean {
    return this.#outages.some(({ from, to }) => from <= time && time <= to);
  }

  /** Ends all waiting: calls that are not answered then fail, and so do later ones, since the run is over. */
  giveUp(): void {
    this.#given = true;
  }

  /** @throws StatusError INTERNAL if an engine that answers fails to do it several times; what else the call throws */
  async insist<T>(call: () => Promise<T>): Promise<T> {
    for (let failures = 0; ;) {
      if (this.#given) throw new Error('the run is over');
      try {
        const answer = await call();
        const now = this.#now();
        if (this.#lost) {
          this.#outages.push({ from: this.#answered, to: now });
          this.#tell({ type: 'runtime.available' });
        }
        this.#answered = now;
        this.#lost = false;
        return answer;
      } catch (error) {
        if (!(error instanceof StatusError)) throw error;
        if (error.code === 'UNAVAILABLE') {
          if (!this.#lost) this.#tell({ type: 'runtime.unavailable', message: error.message });
          this.#lost = true;
        } else if (error.code !== 'INTERNAL' || ++failures > patience) throw error;
        await sleep(pace.unavailable);
      }
    }
  }
}
