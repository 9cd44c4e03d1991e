export const newline = 0x0a;
const headBytes = 4096;
/** A client says no more than this when it ends; looking through more would cost time for each chunk. */
const lastWordBytes = 1024;

/** What a client prints if it has lost its container or was ended: a line after the container's output. */
const complaint =
  /(?<=^|\n)\n?(?:docker: )?(?:time="[^"]*" level=error msg="error waiting for container|error during connect|Cannot connect to the Docker daemon|unexpected EOF|got 3 SIG|(?:read|write) (?:unix|tcp) )/i;

/** What a client prints before it starts a container. */
const warnings =
  /^(?:WARNING: (?:The requested image's platform|Your kernel does not support|IPv4 forwarding is disabled)[^\n]*\n)+/;

/** Receives bytes of a log. */
export type Write = (data: Buffer) => void;

/** Of the last stamp: stamps of one millisecond differ, so that what came first on two streams stays first. */
let last = { ms: 0, micros: 0 };

/** The time, later than in the call before, in the engine's format and length. */
function stampNow(): Buffer {
  const ms = Math.max(Date.now(), last.ms);
  last = { ms, micros: ms === last.ms ? Math.min(last.micros + 1, 999) : 0 };
  return Buffer.from(`${new Date(ms).toISOString().slice(0, -1)}${String(last.micros).padStart(3, '0')}000Z `);
}

/** Puts the time before every line that a container writes (see LogDecoder). */
export class StampedOutput {
  /** The beginning of the output. */
  head = '';
  readonly #write: Write;
  #begun = false;
  #atStart = true;
  /** Possibly a message of the client, which must not reach readers because it is not in the engine's log. */
  #withheld: Buffer = Buffer.alloc(0);

  constructor(write: Write) {
    this.#write = write;
  }

  /** Whether the last line looks like a message of the client. It is written if more output follows. */
  get complains(): boolean {
    return this.#withheld.length > 0;
  }

  write(chunk: Buffer): void {
    if (this.head.length < headBytes) this.head += chunk.toString('utf8', 0, headBytes);
    const talk = this.#begun ? undefined : warnings.exec(chunk.toString('latin1', 0, headBytes))?.[0];
    const written = chunk.subarray(talk?.length ?? 0);
    if (written.length === 0) return;
    this.#begun = true;
    const pending = this.complains ? Buffer.concat([this.#withheld, written]) : written;
    const begin = this.#complaintIn(written);
    // Further output means that the container wrote the line, unless it is another such message.
    const from = begin === 0 && pending.length < headBytes ? 0 : pending.length - written.length + begin;
    if (from > 0) this.#stamp(pending.subarray(0, from));
    this.#withheld = pending.subarray(from);
  }

  /** Where the last part of a chunk begins, if it may be a message of the client, which begins a line. */
  #complaintIn(chunk: Buffer): number {
    const before = Math.max(0, chunk.length - lastWordBytes);
    const { index } = complaint.exec(chunk.toString('latin1', before)) ?? {};
    if (index === undefined) return chunk.length;
    const begins = before + index > 0 ? chunk[before + index - 1] === newline : this.#atStart;
    return begins ? before + index : chunk.length;
  }

  #stamp(chunk: Buffer): void {
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

/** Passes on output. If the output comes again from its beginning, passes on only what is new. */
export class Once {
  readonly #write: Write;
  #given = 0;
  #skip = 0;

  constructor(write: Write) {
    this.#write = write;
  }

  again(): void {
    this.#skip = this.#given;
  }

  give(data: Buffer): void {
    const skipped = Math.min(this.#skip, data.length);
    this.#skip -= skipped;
    this.#given += data.length - skipped;
    if (skipped < data.length) this.#write(data.subarray(skipped));
  }
}

/** Docker cuts lines into pieces of this many bytes, and `docker logs` prints a timestamp before each piece. */
const pieceBytes = 16_384;
/** The length of docker's timestamps, including the space after them. */
const stampBytes = 31;
const stamp = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z /g;
export const anyStamp = /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d) /;
export const maxStamp = 40;

/**
 * Turns the output of `docker logs --timestamps` into a log with one timestamp per line. The position of each timestamp
 * is counted, not guessed, so a container can write anything that looks like one. There is one exception: docker 20.10
 * with the log driver `local` prints no newline after the last piece of a line that it has cut. The next line then
 * begins with a timestamp that is neither before that of the line nor in the future; a time that the container itself
 * wrote into the line is before it.
 */
export class EngineLog {
  readonly #once: Once;
  /** Bytes whose meaning depends on those that follow. */
  #rest: Buffer = Buffer.alloc(0);
  /** The timestamp of the current line. */
  #line = '';
  /** The bytes until the piece is full; 0: a timestamp must follow. */
  #room = 0;
  /** So far the line consists of one or more whole pieces. */
  #continues = false;

  constructor(write: Write) {
    this.#once = new Once(write);
  }

  /** The log has ended; no more bytes come. */
  end(): void {
    if (this.#room > 0) this.#once.give(this.#rest);
    this.#rest = Buffer.alloc(0);
  }

  /** The log comes again from its beginning; what was passed on before is skipped. */
  again(): void {
    this.#once.again();
    this.#rest = Buffer.alloc(0);
    this.#room = 0;
    this.#continues = false;
  }

  push(chunk: Buffer): void {
    const data = Buffer.concat([this.#rest, chunk]);
    const parts: Buffer[] = [];
    let at = 0;
    while (at < data.length) {
      const taken = this.#room === 0 ? this.#takeStamp(data, at, parts) : this.#takeText(data, at, parts);
      if (taken === 0) break;
      at += taken;
    }
    this.#rest = data.subarray(at);
    this.#once.give(Buffer.concat(parts));
  }

  /**
   * How many bytes are a timestamp, or a message of the client up to the end of its line; 0 if more bytes are needed.
   */
  #takeStamp(data: Buffer, at: number, parts: Buffer[]): number {
    const [found] = anyStamp.exec(data.toString('latin1', at, at + maxStamp)) ?? [];
    if (found === undefined) {
      const end = data.indexOf(newline, at);
      return end < 0 ? 0 : end + 1 - at;
    }
    if (!this.#continues) {
      parts.push(data.subarray(at, at + found.length));
      this.#line = found;
    }
    this.#room = pieceBytes;
    return found.length;
  }

  /** How many bytes are text of the piece; 0 if more bytes are needed. */
  #takeText(data: Buffer, at: number, parts: Buffer[]): number {
    const newlineAt = data.indexOf(newline, at);
    const end = newlineAt < 0 ? data.length : newlineAt + 1;
    const next = this.#continues
      ? this.#nextLine(data.toString('latin1', at, Math.min(end, at + this.#room + stampBytes)))
      : -1;
    if (next >= 0) {
      parts.push(data.subarray(at, at + next), Buffer.of(newline));
      this.#room = 0;
      this.#continues = false;
      return next || this.#takeStamp(data, at, parts);
    }
    const open = newlineAt < 0 && this.#continues && data.length - at < this.#room + stampBytes;
    const length = Math.min(this.#room, end - at - (open ? stampBytes - 1 : 0));
    if (length <= 0) return 0;
    parts.push(data.subarray(at, at + length));
    const whole = data[at + length - 1] === newline;
    this.#room = whole ? 0 : this.#room - length;
    if (whole || this.#room === 0) this.#continues = !whole;
    return length;
  }

  /** Where in the rest of a line the timestamp of the next line is. */
  #nextLine(text: string): number {
    const now = new Date().toISOString();
    for (const { 0: found, index } of text.matchAll(stamp)) {
      if (index < this.#room && found >= this.#line && found < now) return index;
    }
    return -1;
  }
}
