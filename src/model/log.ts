import { toTimestamp, type Timestamp } from './time.js';

/** A line that a container wrote, without its newline. */
export interface LogLine {
  time: Timestamp;
  text: string;
}

/**
 * Container engines cut longer lines into pieces of this many bytes, each with a timestamp of its own. A piece is read
 * back up to three times as long: each byte that is no UTF-8, such as half a letter at a cut, comes as U+FFFD.
 */
const pieceBytes = 16384;
const growth = 3;

const stamp = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d) /;
const stampAtStart = new RegExp(`^${stamp.source}`);
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
    // A copy: the caller may read the next chunk into the same memory, while a line is not whole yet.
    const data = Buffer.concat([this.#rest, chunk]);
    const lines: LogLine[] = [];
    let start = 0;
    while (start < data.length) {
      const newline = data.indexOf(0x0a, start);
      const [time] = stampAtStart.exec(data.toString('latin1', start, start + maxStamp)) ?? [];
      if (time === undefined) {
        if (newline < 0) break;
        start = newline + 1;
        continue;
      }
      const text = start + time.length;
      const cut = endOfPiece(data.subarray(text, newline < 0 ? data.length : newline));
      if (cut === undefined && newline < 0) break;
      const end = cut === undefined ? newline : text + cut;
      this.#add(time, data.subarray(text, end));
      if (cut === undefined) lines.push(this.#take());
      start = cut === undefined ? end + 1 : end;
    }
    this.#rest = data.subarray(start);
    return lines;
  }

  /** The unfinished last line, if there is one. */
  end(): LogLine[] {
    const [time] = stampAtStart.exec(this.#rest.toString('latin1', 0, maxStamp)) ?? [];
    if (time !== undefined) this.#add(time, this.#rest.subarray(time.length));
    this.#rest = Buffer.alloc(0);
    return this.#long ? [this.#take()] : [];
  }

  #add(time: string, part: Buffer): void {
    this.#long ??= { time: toTimestamp(time.trimEnd()), parts: [] };
    this.#long.parts.push(part);
  }

  #take(): LogLine {
    const { time, parts } = this.#long ?? { time: '', parts: [] };
    this.#long = undefined;
    return { time, text: Buffer.concat(parts).toString('utf8') };
  }
}

/** Where the first piece of a line ends that goes on with the timestamp of the next one; undefined if none is there. */
function endOfPiece(line: Buffer): number | undefined {
  if (line.length <= pieceBytes) return undefined;
  const next = stamp.exec(line.toString('latin1', pieceBytes, growth * pieceBytes + maxStamp));
  return next ? pieceBytes + next.index : undefined;
}
