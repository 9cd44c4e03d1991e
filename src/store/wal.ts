import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs';

/** How often a finding must repeat itself, because another process may be writing, and the interval in ms. */
const looks = 3;
const interval = 10;

const headerSize = 32;
const frameHeaderSize = 24;
/** Offsets in the index to the log, which processes share (https://sqlite.org/walformat.html#the_wal_index_header). */
const indexHeaderSize = 136;

/**
 * The damage of a write-ahead log; undefined if it is sound. SQLite reads a log up to the first frame that is not sound and
 * takes the rest for the remains of a crash, so that damage would undo what was committed.
 */
export function walDamage(file: string): string | undefined {
  for (let look = 1; ; look++) {
    const found = damageNow(file);
    if (found === undefined || look === looks) return found;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, interval);
  }
}

function damageNow(file: string): string | undefined {
  // In this order: the log may have grown in the meantime, and never shrinks before it starts again with other salts.
  const index = indexOf(`${file}-shm`);
  const log = contentOf(`${file}-wal`);
  if (log.length < headerSize) return framesIn(index) > 0 ? 'its write-ahead log is gone' : undefined;
  const littleEndian = (log.readUInt32BE(0) & 1) === 0;
  const pageSize = log.readUInt32BE(8);
  const header = checksum(log.subarray(0, 24), [0, 0], littleEndian);
  if (!same(log, 24, header)) return 'its write-ahead log does not begin as one';
  const salts: Sums = [log.readUInt32BE(16), log.readUInt32BE(20)];
  const frameSize = frameHeaderSize + pageSize;
  let sums = header;
  let committed = 0;
  let broken = Infinity;
  for (let frame = 1, at = headerSize; at + frameSize <= log.length; frame++, at += frameSize) {
    const commits = log.readUInt32BE(at + 4) !== 0;
    const ours = same(log, at + 8, salts);
    if (ours && frame < broken) {
      const content = checksum(
        log.subarray(at + frameHeaderSize, at + frameSize),
        checksum(log.subarray(at, at + 8), sums, littleEndian),
        littleEndian,
      );
      if (!same(log, at + 16, content)) broken = frame;
      sums = content;
    } else broken = Math.min(broken, frame);
    if (frame < broken && commits) committed = frame;
    // The last frame may be half written at this moment, and frames of a rolled-back transaction may follow. If a later
    // frame ends a transaction, all frames before it were valid.
    if (frame > broken && ours && commits) return `its write-ahead log is broken after transaction frame ${committed}`;
  }
  const known = index.length >= indexHeaderSize && same(index, 32, salts) ? framesIn(index) : 0;
  if (known > committed) return `its write-ahead log ends after frame ${committed} of ${known}`;
  return undefined;
}

/** The number of frames that the processes sharing the log agree on; 0 if all of them are in the store itself. */
function framesIn(index: Buffer): number {
  if (index.length < indexHeaderSize) return 0;
  const number = (at: number): number => (littleEndianMachine ? index.readUInt32LE(at) : index.readUInt32BE(at));
  const [frames, inStore] = [number(16), number(96)];
  return frames > inStore ? frames : 0;
}

type Sums = [number, number];

const littleEndianMachine = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

const same = (buffer: Buffer, at: number, [a, b]: Sums): boolean =>
  buffer.readUInt32BE(at) === a && buffer.readUInt32BE(at + 4) === b;

/** SQLite's own (https://sqlite.org/fileformat2.html#checksum_algorithm). */
function checksum(bytes: Buffer, [first, second]: Sums, littleEndian: boolean): Sums {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let a = first;
  let b = second;
  for (let i = 0; i < bytes.length; i += 8) {
    a = (a + view.getUint32(i, littleEndian) + b) >>> 0;
    b = (b + view.getUint32(i + 4, littleEndian) + a) >>> 0;
  }
  return [a, b];
}

/** Descriptors of indexes that this process has read, by file. */
const indexes = new Map<string, number>();

/**
 * The content of an index. Its descriptor stays open: closing it would release the locks of all connections that this
 * process has to the store, and the next process would take the index for abandoned and truncate it.
 */
function indexOf(file: string): Buffer {
  const inode = statSync(file, { throwIfNoEntry: false })?.ino;
  const known = indexes.get(file);
  if (known !== undefined && fstatSync(known).ino !== inode) {
    closeSync(known);
    indexes.delete(file);
  }
  const descriptor = indexes.get(file) ?? openIfThere(file);
  if (descriptor === undefined) return Buffer.alloc(0);
  indexes.set(file, descriptor);
  const content = Buffer.alloc(fstatSync(descriptor).size);
  return content.subarray(0, readSync(descriptor, content, 0, content.length, 0));
}

function openIfThere(file: string): number | undefined {
  try {
    return openSync(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function contentOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}
