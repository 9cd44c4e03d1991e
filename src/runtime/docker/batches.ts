/** How long a call waits for others to share a process with, in ms. */
const window = 15;
/** How many containers one process takes, and how many are worth one even if none is in a hurry. */
const size = 50;
const worthwhile = 8;

interface Call<T> {
  name: string;
  resolve: (result: T) => void;
  reject: (error: unknown) => void;
}

/** Calls for single containers, in one process for all that come in at nearly the same time. */
export class Batches<T> {
  readonly #work: (names: readonly string[]) => Promise<readonly T[]>;
  readonly #patience: number;
  #calls: Call<T>[] = [];
  #timer: NodeJS.Timeout | undefined;
  #due = Infinity;

  /**
   * @param work does it for all names, and returns the results in their order
   * @param patience how long a call waits that is in no hurry, in ms
   */
  constructor(work: (names: readonly string[]) => Promise<readonly T[]>, patience = window) {
    this.#work = work;
    this.#patience = patience;
  }

  /** @param patient whether the result may take a while, so that one process serves more calls */
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
    try {
      const results = await this.#work(calls.map(({ name }) => name));
      calls.forEach(({ resolve }, i) => resolve(results[i] as T));
    } catch (error) {
      for (const { reject } of calls) reject(error);
    }
  }
}
