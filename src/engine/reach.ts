import { RunError } from '../model/errors.js';
import { pace, sleep } from './engine.js';

type ReachEvent = { type: 'runtime.unavailable'; message: string } | { type: 'runtime.available' };

/**
 * Calls to an engine that may go away and come back: each is repeated until it is answered, and the loss and the
 * return are told once, however many calls wait. An engine that is away says nothing about containers.
 */
export class Reach {
  readonly #tell: (event: ReachEvent) => void;
  #lost = false;
  #given = false;

  constructor(tell: (event: ReachEvent) => void) {
    this.#tell = tell;
  }

  /** Ends all waiting: calls that are not answered then fail, and so do later ones, since the run is over. */
  giveUp(): void {
    this.#given = true;
  }

  async insist<T>(call: () => Promise<T>): Promise<T> {
    for (;;) {
      if (this.#given) throw new Error('the run is over');
      try {
        const answer = await call();
        if (this.#lost) this.#tell({ type: 'runtime.available' });
        this.#lost = false;
        return answer;
      } catch (error) {
        if (!(error instanceof RunError) || error.code !== 'UNAVAILABLE') throw error;
        if (!this.#lost) this.#tell({ type: 'runtime.unavailable', message: error.message });
        this.#lost = true;
        await sleep(pace.unavailable);
      }
    }
  }
}
