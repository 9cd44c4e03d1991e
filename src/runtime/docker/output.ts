import { ftruncateSync, writeSync } from 'node:fs';

/** As docker itself cuts long lines (see LogDecoder). */
const pieceBytes = 16_384;
const newline = 0x0a;
const headBytes = 4096;

/** Writes what a container writes to a file, with the time before every line, in the form that LogDecoder reads. */
export class StampedOutput {
  /** How it begins. */
  head = '';
  readonly #file: number;
  /** Bytes until the next stamp is due. */
  #room = 0;

  constructor(file: number) {
    this.#file = file;
  }

  write(chunk: Buffer): void {
    if (this.head.length < headBytes) this.head += chunk.toString('utf8', 0, headBytes);
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
    const data = Buffer.concat(parts);
    for (let written = 0; written < data.length;) written += writeSync(this.#file, data, written);
  }

  /** Forgets what was written: it was not the container's. */
  clear(): void {
    ftruncateSync(this.#file);
    this.#room = 0;
  }
}
