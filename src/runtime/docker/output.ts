export const newline = 0x0a;
const headBytes = 4096;
/** A client says no more than this when it ends; looking through more would cost time for each chunk. */
const lastWordBytes = 1024;

/** How a client says that it has lost its container, or has been ended: in a line, after what the container wrote. */
const complaint =
  /(?<=^|\n)\n?(?:docker: )?(?:time="[^"]*" level=error msg="error waiting for container|error during connect|Cannot connect to the Docker daemon|unexpected EOF|got 3 SIG|(?:read|write) (?:unix|tcp) )/i;

/** What a client has to say before it starts a container. */
const warnings =
  /^(?:WARNING: (?:The requested image's platform|Your kernel does not support|IPv4 forwarding is disabled)[^\n]*\n)+/;

/** Takes bytes of a log. */
export type Write = (data: Buffer) => void;

/** Of the last stamp: stamps of one millisecond differ, so that what came first on two streams stays first. */
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
  #begun = false;
  #atStart = true;
  /** What may be a complaint of the client: readers must not see it, since it is not in the engine's log. */
  #withheld: Buffer = Buffer.alloc(0);

  constructor(write: Write) {
    this.#write = write;
  }

  /** Whether what came last looks like a complaint of the client. It is written once more follows. */
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
    // What follows a complaint says that the container wrote it, unless that is one more.
    const from = begin === 0 && pending.length < headBytes ? 0 : pending.length - written.length + begin;
    if (from > 0) this.#stamp(pending.subarray(0, from));
    this.#withheld = pending.subarray(from);
  }

  /** Where the last part of a chunk begins, if it may be a complaint of the client, which begins a line. */
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

/** Passes on what comes; once that comes again from its beginning, only what is new. */
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

/** Docker cuts lines into pieces of this many bytes, each of which `docker logs` prints after a stamp of its own. */
const pieceBytes = 16_384;
/** All of docker's stamps have this length, the space after them included. */
const stampBytes = 31;
const stamp = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z /g;
export const anyStamp = /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d) /;
export const maxStamp = 40;

/**
 * Turns what `docker logs --timestamps` prints into a log with one stamp a line. Where a stamp has to be is counted, not
 * guessed, so that a container can write whatever looks like one.
 *
 * With one exception: Docker 20.10 prints no newline after the last piece of a line that it has cut, if its log driver
 * is `local`. There the next line begins with a stamp that is not before that of the line, nor in the future: a time that
 * the container itself has written into the line is before.
 */
export class EngineLog {
  readonly #once: Once;
  /** Bytes whose meaning depends on those that follow. */
  #rest: Buffer = Buffer.alloc(0);
  /** The stamp of the line that has begun. */
  #line = '';
  /** Bytes until the piece is full; 0: a stamp has to come. */
  #room = 0;
  /** What has come of the line was a whole piece, or several. */
  #continues = false;

  constructor(write: Write) {
    this.#once = new Once(write);
  }

  /** It has ended: there is nothing more to come. */
  end(): void {
    if (this.#room > 0) this.#once.give(this.#rest);
    this.#rest = Buffer.alloc(0);
  }

  /** The log comes once more, from its beginning: what has been given is left out. */
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

  /** How many bytes are a stamp, or the client's own talk, to the end of its line; 0 if more have to come. */
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

  /** How many bytes are text of the piece; 0 if more have to come. */
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

  /** Where in the rest of a line the stamp of the next one is. */
  #nextLine(text: string): number {
    const now = new Date().toISOString();
    for (const { 0: found, index } of text.matchAll(stamp)) {
      if (index < this.#room && found >= this.#line && found < now) return index;
    }
    return -1;
  }
}
