import { ftruncateSync, writeSync } from 'node:fs';
import type { Takers } from './client.js';

/** As docker itself cuts long lines (see LogDecoder). */
const pieceBytes = 16_384;
const newline = 0x0a;
const headBytes = 4096;

/** How a client says that it has lost its container, or has been ended. */
const complaint =
  /^\s*(?:docker: )?(?:time="[^"]*" level=error msg="error waiting for container|error during connect|Cannot connect to the Docker daemon|unexpected EOF|got 3 SIG|(?:read|write) (?:unix|tcp) )/i;

/** Writes what a container writes to a file, with the time before every line, in the form that LogDecoder reads. */
export class StampedOutput {
  /** How it begins. */
  head = '';
  readonly #file: number;
  /** Bytes until the next stamp is due. */
  #room = 0;
  /** What may be a complaint of the client: readers must not see it, since it is not in the engine's log. */
  #withheld: Buffer = Buffer.alloc(0);

  constructor(file: number) {
    this.#file = file;
  }

  /** Whether what came last looks like a complaint of the client. It is written once more follows. */
  get complains(): boolean {
    return this.#withheld.length > 0;
  }

  write(chunk: Buffer): void {
    if (this.head.length < headBytes) this.head += chunk.toString('utf8', 0, headBytes);
    const pending = this.complains ? Buffer.concat([this.#withheld, chunk]) : chunk;
    const complains =
      this.#room === 0 && pending.length < headBytes && complaint.test(chunk.toString('latin1', 0, 100));
    this.#withheld = complains ? pending : Buffer.alloc(0);
    if (!complains) this.#stamp(pending);
  }

  #stamp(chunk: Buffer): void {
    const stamp = Buffer.from(`${new Date().toISOString().slice(0, -1)}000000Z `);
    const parts: Buffer[] = [];
    for (let at = 0; at < chunk.length;) {
      if (this.#room === 0) {
        parts.push(stamp);
        this.#room = pieceBytes;
      }
      const end = chunk.indexOf(newline, at);
      const length = Math.min(this.#room, (end < 0 ? chunk.length : end + 1) - at);
      parts.push(chunk.subarray(at, at + length));
      at += length;
      this.#room = chunk[at - 1] === newline ? 0 : this.#room - length;
    }
    writeAll(this.#file, Buffer.concat(parts));
  }

  /** Forgets what was written: it was not the container's. */
  clear(): void {
    ftruncateSync(this.#file);
    this.#room = 0;
    this.#withheld = Buffer.alloc(0);
  }
}

const digit = /^\d/;

/** Copies the engine's log of a container to a file, without what the client says itself, which has no time. */
export class CopiedOutput {
  readonly #file: number;
  #lineBegins = true;

  constructor(file: number) {
    this.#file = file;
  }

  write(chunk: Buffer): void {
    if (this.#lineBegins && !digit.test(chunk.toString('latin1', 0, 1))) return;
    writeAll(this.#file, chunk);
    this.#lineBegins = chunk.at(-1) === newline;
  }
}

interface Sink {
  write(chunk: Buffer): void;
}

export const takers = ({ stdout, stderr }: Record<'stdout' | 'stderr', Sink>): Takers => ({
  stdout: (chunk) => stdout.write(chunk),
  stderr: (chunk) => stderr.write(chunk),
});

function writeAll(file: number, data: Buffer): void {
  for (let written = 0; written < data.length;) written += writeSync(file, data, written);
}
