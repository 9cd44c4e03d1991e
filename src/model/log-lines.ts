import { toTimestamp, type Timestamp } from './time.js';

/** A line that a container wrote, without its newline. */
export interface LogLine {
  time: Timestamp;
  text: string;
}

/** What a terminal finally shows of a line, for example of a progress bar: the text after its last carriage return. */
export function seenAtLast(line: string): string {
  let end = line.length;
  while (line[end - 1] === '\r') end--;
  return line.slice(line.lastIndexOf('\r', end - 1) + 1, end);
}

const newline = 0x0a;

/**
 * A longer line is split into parts of about this size in bytes, so that a line without an end cannot fill the memory.
 */
const maxLine = 8 * 2 ** 20;

/** The longest timestamp, in bytes. */
const maxStamp = 40;
const stamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d) /;

/**
 * Reads a log file: every line that a container wrote, byte for byte, after an RFC 3339 timestamp and a space. A
 * timestamp counts only at the start of a line, so a container can write anything that looks like one. Chunks may be
 * cut anywhere; a last line without a newline is returned by `end`.
 */
export class LogDecoder {
  /** The parts of the unfinished line. */
  #parts: Buffer[] = [];
  #length = 0;
  /** The time of the line whose first part was returned already. */
  #time: Timestamp | undefined;
  #within: boolean;

  /** @param within whether the input begins in the middle of a line, whose rest is skipped */
  constructor(within = false) {
    this.#within = within;
  }

  /** The lines that `chunk` completes. A line without a timestamp was not written by a container and is skipped. */
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

/** Where the last UTF-8 character begins, so that a cut there splits none. */
function letterBefore(bytes: Buffer): number {
  let at = bytes.length - 1;
  while (at > bytes.length - 4 && ((bytes[at] ?? 0) & 0xc0) === 0x80) at--;
  return at;
}
