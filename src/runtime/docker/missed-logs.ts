import { fstatSync, readSync, writeSync } from 'node:fs';

/** A stamp that `docker logs --timestamps` writes is this long at most, in bytes; a line that was cut is stamped again. */
const pieceBytes = 3 * 16384 + 64;
const stamp = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z /g;

/** Lines of two streams may be out of order by less than this, in ms. */
const margin = 500;

/** From when on a log may lack lines, going by the last one that each of its files has; undefined: all of it may. */
export function missedSince(files: readonly number[]): string | undefined {
  const last = files
    .flatMap((file) => [...tailOf(file, pieceBytes).matchAll(stamp)].at(-1)?.[0].trim() ?? [])
    .toSorted();
  const newest = last.at(-1);
  return newest === undefined ? undefined : new Date(Date.parse(newest) - margin).toISOString();
}

/** Appends what `recent`, the end of a log as it is whole, has beyond what the file has. */
export function appendMissed(file: number, recent: string): void {
  const bytes = Buffer.from(recent);
  const tail = Buffer.from(tailOf(file, bytes.length), 'latin1');
  for (let from = 0; from <= tail.length; from++) {
    const known = tail.subarray(from);
    if (bytes.subarray(0, known.length).equals(known)) {
      if (known.length < bytes.length) writeSync(file, bytes, known.length);
      return;
    }
  }
}

function tailOf(file: number, length: number): string {
  const { size } = fstatSync(file);
  const buffer = Buffer.alloc(Math.min(size, length));
  readSync(file, buffer, 0, buffer.length, size - buffer.length);
  return buffer.toString('latin1');
}
