import type { AttemptSink, Output, Stream } from '../../src/runtime/port.js';

const newline = 0x0a;

/** A log in memory. */
class Log implements Output {
  readonly failure = undefined;
  state: 'open' | 'complete' | 'closed' = 'open';
  readonly #observer: Observer;
  #chunks: Record<Stream, Buffer[]> = { stdout: [], stderr: [] };

  constructor(observer: Observer) {
    this.#observer = observer;
  }

  write(stream: Stream, data: Buffer): void {
    if (this.state !== 'open') this.#observer.broken.push(`a log that is ${this.state} was written to`);
    if (this.#observer.isQuiet) this.#observer.broken.push('something was written after all was quiet');
    // A copy, because the writer may reuse the memory.
    this.#chunks[stream].push(Buffer.from(data));
    this.#observer.changed();
  }

  clear(): void {
    this.#chunks = { stdout: [], stderr: [] };
  }

  complete(): void {
    this.state = 'complete';
  }

  giveUp(): void {}

  close(): void {
    if (this.state === 'open') this.state = 'closed';
  }

  /** The lines of a stream: their times, and their bytes with the newline. */
  lines(stream: Stream): { time: string; bytes: Buffer }[] {
    const all = Buffer.concat(this.#chunks[stream]);
    const found: { time: string; bytes: Buffer }[] = [];
    for (let at = 0; at < all.length;) {
      const space = all.indexOf(' ', at);
      const end = all.indexOf(newline, space) + 1 || all.length;
      found.push({ time: all.toString('latin1', at, space), bytes: all.subarray(space + 1, end) });
      at = end;
    }
    return found;
  }

  bytes(stream: Stream): Buffer {
    return Buffer.concat(this.lines(stream).map(({ bytes }) => bytes));
  }
}

/** Records what a sink receives, and in `broken` what it must not receive. */
export class Observer implements AttemptSink {
  readonly broken: string[] = [];
  /** In the order of the reports. */
  readonly starts: { at: number; main: boolean }[] = [];
  node: string | undefined;
  /** Why it could not start, in the order of the reports. */
  readonly waits: (string | undefined)[] = [];
  isQuiet = false;
  readonly #logs = new Map<string | undefined, Log[]>();
  #waiting: (() => void)[] = [];

  placed(node: string): void {
    this.node = node;
    this.changed();
  }

  waiting(why: string | undefined): void {
    this.waits.push(why);
    this.changed();
  }

  /** No attempt of the contract has published ports. */
  published(): void {
    this.broken.push('published ports');
  }

  started(at: number, main: boolean): void {
    this.starts.push({ at, main });
    this.changed();
  }

  output(container: string | undefined): Output {
    const log = new Log(this);
    this.#logs.set(container, [...(this.#logs.get(container) ?? []), log]);
    return log;
  }

  written(container: string | undefined): Record<Stream, string> {
    return { stdout: this.text(container), stderr: this.text(container, 'stderr') };
  }

  quiet(quiet: boolean): void {
    this.isQuiet = quiet;
  }

  /** All logs of a container; the last one counts. */
  logs(container?: string): Log[] {
    return this.#logs.get(container) ?? [];
  }

  log(container?: string): Log {
    const log = this.logs(container).at(-1);
    if (!log) throw new Error(`there is no log of ${container ?? 'the main container'}`);
    return log;
  }

  text(container?: string, stream: Stream = 'stdout'): string {
    const [log] = this.logs(container).slice(-1);
    return log ? log.bytes(stream).toString() : '';
  }

  changed(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Waits until a condition holds. */
  async until(condition: (observer: this) => boolean): Promise<void> {
    while (!condition(this)) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}
