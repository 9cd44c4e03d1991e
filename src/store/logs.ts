import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { parseName, shortName } from '../model/names.js';
import { timestamp } from '../model/time.js';
import { makeDirectory } from './directory.js';

export type Stream = 'stdout' | 'stderr';

const streams = ['stdout', 'stderr'] as const;

/** The size of the beginning of a log, in bytes. */
const beginningBytes = 1024;

/** The writer of a log: a container of an attempt. */
export interface LogSource {
  task: number;
  attempt: number;
  /** The label of the container, unless it is the main one. */
  container?: string | undefined;
}

/** The logs of attempts, one file per stream, in the format that LogDecoder reads. */
export class LogFiles {
  readonly #root: string;
  readonly #workers: string;

  constructor(home: string) {
    this.#root = path.join(home, 'logs');
    this.#workers = path.join(home, 'workers');
  }

  /** The directory of an execution's logs; `execution` is its full name. */
  directory(execution: string): string {
    const { project, location, execution: id = '' } = parseName(execution);
    return path.join(this.#root, project, location, id);
  }

  file(execution: string, { task, attempt, container }: LogSource, stream: Stream): string {
    const suffix = container === undefined ? '' : `.${container}`;
    return path.join(this.directory(execution), `task${task}-attempt${attempt}${suffix}.${stream}`);
  }

  /** The beginning of a container's log without the time of its first line: at most a few lines. */
  beginning(execution: string, source: LogSource): Record<Stream, string> {
    const [stdout = '', stderr = ''] = streams.map((stream) => {
      const file = this.file(execution, source, stream);
      if (!existsSync(file)) return '';
      const descriptor = openSync(file, 'r');
      try {
        const bytes = Buffer.alloc(beginningBytes);
        const text = bytes.toString('utf8', 0, readSync(descriptor, bytes));
        return text.slice(text.indexOf(' ') + 1);
      } finally {
        closeSync(descriptor);
      }
    });
    return { stdout, stderr };
  }

  /** Opens new files for a container, replacing existing ones. */
  create(execution: string, source: LogSource, onTrouble: OnTrouble): LogWriter {
    const stdout = this.file(execution, source, 'stdout');
    const stderr = this.file(execution, source, 'stderr');
    return new LogWriter({ stdout, stderr }, onTrouble);
  }

  #worker(execution: string): string {
    return path.join(this.#workers, `${shortName(execution)}.log`);
  }

  /** A file for the output of the background process of an execution. */
  openWorker(execution: string): number {
    makeDirectory(this.#workers);
    return openSync(this.#worker(execution), 'a', 0o600);
  }

  /** The last line that the background processes of an execution wrote. */
  lastOfWorker(execution: string): string | undefined {
    const file = this.#worker(execution);
    if (!existsSync(file)) return undefined;
    const lines = readFileSync(file, 'utf8').split('\n');
    return lines.findLast((line) => line.trim() !== '');
  }

  /** Whether any log of the execution still exists. */
  exist(execution: string): boolean {
    return existsSync(this.directory(execution));
  }

  /** The bytes of an execution's logs, including that of its worker. */
  size(execution: string): number {
    const worker = statSync(this.#worker(execution), { throwIfNoEntry: false })?.size ?? 0;
    return sizeOf(this.directory(execution)) + worker;
  }

  remove(execution: string): void {
    rmSync(this.directory(execution), { recursive: true, force: true });
    rmSync(this.#worker(execution), { force: true });
  }
}

/** The total size of the files in a directory, which may not exist. */
function sizeOf(directory: string): number {
  if (!existsSync(directory)) return 0;
  return readdirSync(directory)
    .map((file) => statSync(path.join(directory, file), { throwIfNoEntry: false })?.size ?? 0)
    .reduce((sum, bytes) => sum + bytes, 0);
}

/** How many bytes at the end of an incomplete log make room for the note that says so: less than a disk block. */
const noteBytes = 512;

/** Called if a log cannot be written, with the reason; `lost`: part of it is lost for good. */
type OnTrouble = (error: Error, lost: boolean) => void;

/**
 * Writes the log of a container, as far as the disk allows. An existing file is replaced when the first bytes come, so
 * that it is not lost if the container engine has no log.
 */
export class LogWriter {
  /** Why part of the log is missing. */
  failure: Error | undefined;
  readonly #files: Record<Stream, string>;
  readonly #onTrouble: OnTrouble;
  readonly #open = new Map<Stream, number>();
  /** The streams whose logs are incomplete. */
  readonly #cut = new Set<Stream>();

  constructor(files: Record<Stream, string>, onTrouble: OnTrouble) {
    this.#files = files;
    this.#onTrouble = onTrouble;
  }

  /** After a failed write nothing more is written, so that a log lacks only its end. */
  write(stream: Stream, data: Buffer): void {
    if (!this.failure) this.#try(stream, () => writeAll(this.#opened(stream), data));
    else this.#cut.add(stream);
  }

  clear(): void {
    for (const file of this.#open.values()) ftruncateSync(file);
  }

  /** All output has been written: a stream without any is empty. */
  complete(): void {
    for (const stream of streams) if (!this.failure) this.#try(stream, () => this.#opened(stream));
  }

  /** Replaces the last lines of incomplete logs with a note that says so. */
  giveUp(): void {
    if (!this.failure) return;
    this.#onTrouble(this.failure, true);
    for (const stream of this.#cut) {
      const file = this.#open.get(stream);
      if (file === undefined) continue;
      const note = `${timestamp(Date.now())} localrun: the rest of this log is missing: ${this.failure.message}\n`;
      this.#try(stream, () => writeAll(file, Buffer.from(cutAtLine(file) ? note : `\n${note}`)));
    }
  }

  close(): void {
    for (const file of this.#open.values()) closeSync(file);
    this.#open.clear();
  }

  #try(stream: Stream, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#cut.add(stream);
      const first = !this.failure;
      this.failure ??= error as Error;
      if (first) this.#onTrouble(error as Error, false);
    }
  }

  #opened(stream: Stream): number {
    const open = this.#open.get(stream);
    if (open !== undefined) return open;
    const file = newFile(this.#files[stream]);
    this.#open.set(stream, file);
    return file;
  }
}

/** Opens a new file, in place of an existing one, and makes its directory if it is missing. */
function newFile(name: string): number {
  const open = (): number => openSync(name, 'ax+', 0o600);
  try {
    return open();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') makeDirectory(path.dirname(name));
    else if (code === 'EEXIST') rmSync(name, { force: true });
    else throw error;
    return open();
  }
}

function writeAll(file: number, data: Buffer): void {
  for (let written = 0; written < data.length;) written += writeSync(file, data, written);
}

/** Cuts a file shortly before its end, at the beginning of a line if one is near. */
function cutAtLine(file: number): boolean {
  const { size } = fstatSync(file);
  const end = Buffer.alloc(2 * noteBytes);
  const from = Math.max(0, size - end.length);
  const count = readSync(file, end, 0, end.length, from);
  const to = from + end.subarray(0, Math.max(0, count - noteBytes)).lastIndexOf(0x0a) + 1;
  ftruncateSync(file, to);
  return to > from || to === 0;
}
