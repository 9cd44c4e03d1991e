/** How long a call waits for others to share a process with, in ms. */
const window = 15;
/** The most containers in one process, and the number that is worth a process even if none is urgent. */
const size = 50;
const worthwhile = 16;

interface Call<T> {
  name: string;
  resolve: (result: T) => void;
  reject: (error: unknown) => void;
}

/** The result of one call about several names. */
export interface Answers<T> {
  /** By name: only what the call reported about exactly that name. */
  answers: ReadonlyMap<string, T>;
  /** The error for a name without an answer, even when it is asked about alone. */
  failure: Error;
}

/**
 * Combines calls for single containers that come at nearly the same time into one process. A client's error about one
 * name means nothing for the others: names without an answer are asked about again, finally each one alone.
 */
export class Batches<T> {
  readonly #ask: (names: readonly string[]) => Promise<Answers<T>>;
  readonly #patience: number;
  #calls: Call<T>[] = [];
  #timer: NodeJS.Timeout | undefined;
  #due = Infinity;

  /**
   * @param ask does it for all names, each of which occurs once
   * @param patience how long a call that is not urgent may wait, in ms
   */
  constructor(ask: (names: readonly string[]) => Promise<Answers<T>>, patience = window) {
    this.#ask = ask;
    this.#patience = patience;
  }

  /** @param patient whether the call is not urgent, so that one process serves more calls */
  load(name: string, patient = false): Promise<T> {
    return new Promise((resolve, reject) => {
      const count = this.#calls.push({ name, resolve, reject });
      const due = Date.now() + (patient && count < worthwhile ? this.#patience : window);
      if (due >= this.#due) return;
      clearTimeout(this.#timer);
      this.#due = due;
      this.#timer = setTimeout(() => this.#flush(), due - Date.now());
    });
  }

  #flush(): void {
    const calls = this.#calls;
    this.#calls = [];
    this.#due = Infinity;
    for (let at = 0; at < calls.length; at += size) void this.#run(calls.slice(at, at + size));
  }

  async #run(calls: readonly Call<T>[]): Promise<void> {
    const names = [...new Set(calls.map(({ name }) => name))];
    const unanswered = calls.slice();
    try {
      const { answers, failure } = await this.#ask(names);
      for (const call of calls) {
        if (!answers.has(call.name)) continue;
        unanswered.splice(unanswered.indexOf(call), 1);
        call.resolve(answers.get(call.name) as T);
      }
      if (unanswered.length === 0) return;
      if (names.length === 1) throw failure;
      if (unanswered.length < calls.length) return await this.#run(unanswered);
      for (const name of names) await this.#run(calls.filter((call) => call.name === name));
    } catch (error) {
      for (const { reject } of unanswered) reject(error);
    }
  }
}
