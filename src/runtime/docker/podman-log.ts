import { anyStamp, maxStamp, newline, Once, type Write } from './output.js';

/** The format of podman's timestamps. */
const stamp = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}(?:Z|[+-]\d\d:\d\d) /g;
/** The possible beginning of one, at the end of a chunk. */
const begun = /[\dT:.+-]{1,35}Z?$/;

/**
 * Turns the output of `podman logs --timestamps` into a log with one timestamp per line. A line that was written in
 * parts has a timestamp before each part. Such a timestamp is neither before that of the previous part nor in the
 * future; a time that the container itself wrote is before that of its part.
 */
export class PodmanLog {
  readonly #once: Once;
  #rest: Buffer = Buffer.alloc(0);
  #within = false;
  /** The timestamp of the last part. */
  #part = '';

  constructor(write: Write) {
    this.#once = new Once(write);
  }

  /** See EngineLog. */
  end(): void {
    if (this.#within) this.#once.give(this.#rest);
    this.#rest = Buffer.alloc(0);
  }

  /** See EngineLog. */
  again(): void {
    this.#once.again();
    this.#rest = Buffer.alloc(0);
    this.#within = false;
  }

  push(chunk: Buffer): void {
    const data = Buffer.concat([this.#rest, chunk]);
    const parts: Buffer[] = [];
    let at = 0;
    while (at < data.length) {
      const newlineAt = data.indexOf(newline, at);
      const end = newlineAt < 0 ? data.length : newlineAt + 1;
      if (!this.#within) {
        const [found] = anyStamp.exec(data.toString('latin1', at, Math.min(end, at + maxStamp))) ?? [];
        if (found === undefined && newlineAt < 0) break;
        // A line without a timestamp is a message of the client.
        if (found === undefined) at = end;
        else {
          parts.push(data.subarray(at, at + found.length));
          at += found.length;
          this.#part = found;
          this.#within = true;
        }
      } else {
        const text = data.toString('latin1', at, end);
        const known = newlineAt < 0 ? text.replace(begun, '') : text;
        parts.push(this.#joined(known));
        at += known.length;
        this.#within = newlineAt < 0;
        if (this.#within) break;
      }
    }
    this.#rest = data.subarray(at);
    this.#once.give(Buffer.concat(parts));
  }

  /** Without the timestamps of further parts. */
  #joined(text: string): Buffer {
    const joined = text.replace(stamp, (found) => {
      if (found < this.#part || Date.parse(found.trim()) > Date.now()) return found;
      this.#part = found;
      return '';
    });
    return Buffer.from(joined, 'latin1');
  }
}
