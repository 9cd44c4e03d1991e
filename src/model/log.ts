import { toTimestamp, type Timestamp } from './time.js';

/** A line that a container wrote, without its newline. */
export interface LogLine {
  time: Timestamp;
  text: string;
}

/** Container engines cut longer lines into pieces of this many bytes, each with a timestamp of its own. */
const pieceBytes = 16384;

const stampPattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d) /;
const maxStamp = 40;

/**
 * Reads a log in which every line begins with an RFC 3339 timestamp and a space, as `docker logs --timestamps` writes
 * it. Chunks may be cut anywhere; the last line, if it has no newline, comes with `end`.
 */
export class LogDecoder {
  #rest: Buffer = Buffer.alloc(0);
  #long: { time: Timestamp; parts: Buffer[] } | undefined;

  /** The lines that `chunk` completes. What has no timestamp is the client's own talk and left out. */
  push(chunk: Buffer): LogLine[] {
    const data = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    const lines: LogLine[] = [];
    let start = 0;
    while (start < data.length) {
      const newline = data.indexOf(0x0a, start);
      const stamp = stampPattern.exec(data.toString('latin1', start, start + maxStamp));
      if (!stamp) {
        if (newline < 0) break;
        start = newline + 1;
        continue;
      }
      const text = start + stamp[0].length;
      const whole = newline >= 0 && newline - text <= pieceBytes;
      if (!whole && data.length - text <= pieceBytes) break;
      const end = whole ? newline : text + pieceBytes;
      this.#add(stamp[0], data.subarray(text, end));
      if (whole) lines.push(this.#take());
      start = whole ? end + 1 : end;
    }
    this.#rest = Buffer.from(data.subarray(start));
    return lines;
  }

  /** The unfinished last line, if there is one. */
  end(): LogLine[] {
    const stamp = stampPattern.exec(this.#rest.toString('latin1', 0, maxStamp));
    if (stamp) this.#add(stamp[0], this.#rest.subarray(stamp[0].length));
    this.#rest = Buffer.alloc(0);
    return this.#long ? [this.#take()] : [];
  }

  #add(stamp: string, part: Buffer): void {
    this.#long ??= { time: toTimestamp(stamp.trimEnd()), parts: [] };
    this.#long.parts.push(part);
  }

  #take(): LogLine {
    const { time, parts } = this.#long ?? { time: '', parts: [] };
    this.#long = undefined;
    return { time, text: Buffer.concat(parts).toString('utf8') };
  }
}
