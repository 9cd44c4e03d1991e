const newline = 0x0a;
const headBytes = 4096;

/** Takes bytes of a log. */
type Write = (data: Buffer) => void;

/** Of the last stamp: stamps of one millisecond are told apart, so that what came first on two streams stays first. */
let last = { ms: 0, micros: 0 };

/** The time, later than that of the call before, in the form and length that the engine has for it. */
function stampNow(): Buffer {
  const ms = Math.max(Date.now(), last.ms);
  last = { ms, micros: ms === last.ms ? Math.min(last.micros + 1, 999) : 0 };
  return Buffer.from(`${new Date(ms).toISOString().slice(0, -1)}${String(last.micros).padStart(3, '0')}000Z `);
}

/** Puts the time before every line that a container writes (see LogDecoder). */
export class StampedOutput {
  /** How it begins. */
  head = '';
  readonly #write: Write;
  #atStart = true;

  constructor(write: Write) {
    this.#write = write;
  }

  write(chunk: Buffer): void {
    if (this.head.length < headBytes) this.head += chunk.toString('utf8', 0, headBytes);
    const stamp = stampNow();
    const parts: Buffer[] = [];
    for (let at = 0; at < chunk.length;) {
      if (this.#atStart) parts.push(stamp);
      const end = chunk.indexOf(newline, at) + 1;
      this.#atStart = end > 0;
      parts.push(chunk.subarray(at, end || chunk.length));
      at = end || chunk.length;
    }
    this.#write(Buffer.concat(parts));
  }
}

/** Docker cuts lines into pieces of this many bytes, each of which `docker logs` prints after a stamp of its own. */
const pieceBytes = 16_384;
const space = 0x20;
const maxStamp = 40;

/**
 * Turns what `docker logs --timestamps` prints into a log with one stamp a line. Where a stamp has to be is counted, not
 * guessed, so that a container can write whatever looks like one.
 */
export class EngineLog {
  readonly #write: Write;
  /** The stamp, as far as it has come; undefined within a piece. */
  #stamp: Buffer | undefined = Buffer.alloc(0);
  /** Bytes until the piece is full. */
  #room = pieceBytes;
  /** It goes on with a line. */
  #continues = false;
  /** What was no stamp where one has to be is the client's own talk, to the end of its line. */
  #talk = false;
  #given = 0;
  #skip = 0;

  constructor(write: Write) {
    this.#write = write;
  }

  /** The log comes once more, from its beginning: what has been given is left out. */
  again(): void {
    this.#skip = this.#given;
    this.#stamp = Buffer.alloc(0);
    this.#continues = false;
    this.#talk = false;
  }

  push(chunk: Buffer): void {
    const parts: Buffer[] = [];
    for (let at = 0; at < chunk.length;) {
      const end = chunk.indexOf(newline, at) + 1 || chunk.length;
      const ends = chunk[end - 1] === newline;
      if (this.#talk) {
        this.#talk = !ends;
        at = end;
      } else if (this.#stamp) at = this.#takeStamp(chunk.subarray(at, end), parts) + at;
      else {
        const length = Math.min(this.#room, end - at);
        parts.push(chunk.subarray(at, at + length));
        this.#room -= length;
        at += length;
        const whole = chunk[at - 1] === newline;
        if (whole || this.#room === 0) this.#stamp = Buffer.alloc(0);
        this.#continues = !whole;
      }
    }
    this.#give(Buffer.concat(parts));
  }

  /** How many of the bytes belong to the stamp. */
  #takeStamp(bytes: Buffer, parts: Buffer[]): number {
    const before = this.#stamp?.length ?? 0;
    const stamp = Buffer.concat([this.#stamp ?? bytes, bytes.subarray(0, maxStamp - before)]);
    const end = stamp.indexOf(space) + 1;
    if (end > 0 && /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d) $/.test(stamp.toString('latin1', 0, end))) {
      if (!this.#continues) parts.push(stamp.subarray(0, end));
      this.#stamp = undefined;
      this.#room = pieceBytes;
      return end - before;
    }
    this.#stamp = stamp;
    if (end > 0 || stamp.length === maxStamp || stamp.includes(newline)) {
      this.#stamp = Buffer.alloc(0);
      this.#talk = !bytes.includes(newline);
      return bytes.length;
    }
    return bytes.length;
  }

  #give(data: Buffer): void {
    const skipped = Math.min(this.#skip, data.length);
    this.#skip -= skipped;
    this.#given += data.length - skipped;
    if (skipped < data.length) this.#write(data.subarray(skipped));
  }
}
