import { toTimestamp, type Timestamp } from './time.js';

/** A line that a container wrote, without its newline. */
export interface LogLine {
  time: Timestamp;
  text: string;
}

/** What a terminal shows of a line in the end, such as of a progress bar: what follows its last carriage return. */
export function seenAtLast(line: string): string {
  let end = line.length;
  while (line[end - 1] === '\r') end--;
  return line.slice(line.lastIndexOf('\r', end - 1) + 1, end);
}

const newline = 0x0a;

/** A longer line comes in parts of about this many bytes, so that one without an end does not fill the memory. */
const maxLine = 8 * 2 ** 20;

/** No stamp is longer, in bytes. */
const maxStamp = 40;
const stamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d) /;

/**
 * Reads a log file: every line that a container wrote, byte for byte, after an RFC 3339 timestamp and a space. Only
 * where a line begins is a timestamp ours, so that a container can write whatever looks like one. Chunks may be cut
 * anywhere; the last line, if it has no newline, comes with `end`.
 */
export class LogDecoder {
  /** Of the line that is not whole yet. */
  #parts: Buffer[] = [];
  #length = 0;
  /** The time of the line of which a part has come already. */
  #time: Timestamp | undefined;
  #within: boolean;

  /** @param within whether it begins within a line, of which the rest is left out */
  constructor(within = false) {
    this.#within = within;
  }

  /** The lines that `chunk` completes. What has no timestamp is no line of a container, and left out. */
  push(chunk: Buffer): LogLine[] {
    const lines: LogLine[] = [];
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      this.#take(chunk.subarray(start, end), lines);
      start = end + 1;
    }
    // A copy: the caller may read the next chunk into the same memory.
    this.#parts.push(Buffer.from(chunk.subarray(start)));
    this.#length += chunk.length - start;
    if (this.#length > maxLine) this.#takePart(lines);
    return lines;
  }

  /** The unfinished last line, if there is one. */
  end(): LogLine[] {
    const lines: LogLine[] = [];
    if (this.#length > 0) this.#take(Buffer.alloc(0), lines);
    return lines;
  }

  #take(last: Buffer, lines: LogLine[]): void {
    if (!this.#within) this.#add(this.#length === 0 ? last : Buffer.concat([...this.#parts, last]), lines);
    this.#within = false;
    this.#parts = [];
    this.#length = 0;
    this.#time = undefined;
  }

  #takePart(lines: LogLine[]): void {
    const all = Buffer.concat(this.#parts);
    const end = letterBefore(all);
    this.#time = this.#add(all.subarray(0, end), lines);
    this.#parts = [all.subarray(end)];
    this.#length = all.length - end;
  }

  #add(bytes: Buffer, lines: LogLine[]): Timestamp | undefined {
    if (this.#time !== undefined) {
      if (bytes.length > 0) lines.push({ time: this.#time, text: bytes.toString('utf8') });
      return this.#time;
    }
    const [own] = stamp.exec(bytes.toString('latin1', 0, maxStamp)) ?? [];
    if (own === undefined) return undefined;
    const time = toTimestamp(own.slice(0, -1));
    lines.push({ time, text: bytes.toString('utf8', own.length) });
    return time;
  }
}

/** Where the last letter begins, as UTF-8: a cut there parts none. */
function letterBefore(bytes: Buffer): number {
  let at = bytes.length - 1;
  while (at > bytes.length - 4 && ((bytes[at] ?? 0) & 0xc0) === 0x80) at--;
  return at;
}
