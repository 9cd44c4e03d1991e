import { closeSync, openSync, readSync, statSync } from 'node:fs';
import type { ExecutionEvent } from '../model/events.js';
import { LogDecoder, type LogLine } from '../model/log-lines.js';
import { containerLabel, mainContainer } from '../model/task-containers.js';
import type { Execution } from '../model/schema/job.js';
import type { LogFiles, LogSource, Stream } from '../store/logs.js';
import { epochMs, type Timestamp } from '../model/time.js';

/** How often the logs of running attempts are read, in ms, and the most of each at a time, in bytes. */
const pollInterval = 100;
const pollBytes = 2 ** 19;

/** The stream and the container of a line; one object for each. */
export interface LineSource extends LogSource {
  stream: Stream;
}

export interface TaskLine extends LogLine {
  source: LineSource;
}

/** Reads the lines: while it is busy, they stay in the log files. */
export interface Reader {
  readonly busy: boolean;
  drained: () => Promise<void>;
}

/** Every read goes here: a decoder copies what it keeps. */
const buffer = Buffer.allocUnsafe(65536);

/** Reads a log file as it grows. */
export class Tail {
  readonly #file: string;
  readonly #decoder: LogDecoder;
  #offset: number;
  #behind = false;
  #latest: Timestamp = '';

  /** @param offset where to begin: with the first line after it */
  constructor(file: string, offset = 0) {
    this.#file = file;
    this.#offset = offset;
    this.#decoder = new LogDecoder(offset > 0);
  }

  /** Whether the last read has not returned everything that was there. */
  get behind(): boolean {
    return this.#behind;
  }

  /**
   * The lines since the last call, about `most` bytes; with `ended`, at the end, including an unfinished last line.
   * Their times never decrease, as they could if the engine's time of a line is later than our time of the line before.
   */
  read(ended: boolean, most = Infinity): LogLine[] {
    const lines = [...this.#complete(most)].flat();
    if (ended && !this.#behind) lines.push(...this.#decoder.end());
    return lines.map(({ time, text }) => {
      if (time > this.#latest) this.#latest = time;
      return { time: this.#latest, text };
    });
  }

  /** All lines in batches, including an unfinished last one. */
  *chunks(): Generator<LogLine[]> {
    yield* this.#complete();
    yield this.#decoder.end();
  }

  *#complete(most = Infinity): Generator<LogLine[]> {
    this.#behind = true;
    for (const start = this.#offset; this.#offset - start < most;) {
      const count = readFrom(this.#file, this.#offset);
      if (count === 0) {
        this.#behind = false;
        return;
      }
      this.#offset += count;
      yield this.#decoder.push(buffer.subarray(0, count));
    }
  }
}

/**
 * Reads what a file has after `offset` into the buffer, and returns the number of bytes. The file is opened each time,
 * because it is replaced, with the same bytes, when a log is read from the engine again.
 */
function readFrom(name: string, offset: number): number {
  // Mostly there is nothing new, and asking for the size is cheaper than an open file or an error.
  if ((statSync(name, { throwIfNoEntry: false })?.size ?? 0) <= offset) return 0;
  const file = openExisting(name);
  if (file === undefined) return 0;
  try {
    return readSync(file, buffer, 0, buffer.length, offset);
  } finally {
    closeSync(file);
  }
}

/** Undefined if the file is gone. */
function openExisting(file: string): number | undefined {
  try {
    return openSync(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export const streams = ['stdout', 'stderr'] as const;

/** The labels of an execution's containers other than the main one. */
export const sidecarsOf = ({ template: { containers } }: Execution): string[] =>
  containers.map(containerLabel).filter((_, i) => i !== mainContainer(containers));

/**
 * Shows the lines that the attempts of an execution write while they write them, steered by the engine's events. Lines
 * that are not read yet stay in the log files, not in memory.
 */
export class LogFollower {
  readonly #logs: LogFiles;
  readonly #execution: string;
  readonly #containers: readonly (string | undefined)[];
  readonly #onLines: (lines: readonly TaskLine[]) => void;
  readonly #reader: Reader;
  readonly #attempts = new Map<string, Followed>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(logs: LogFiles, execution: Execution, onLines: (lines: readonly TaskLine[]) => void, reader: Reader) {
    this.#logs = logs;
    this.#execution = execution.name;
    this.#containers = [undefined, ...sidecarsOf(execution)];
    this.#onLines = onLines;
    this.#reader = reader;
    this.#next(pollInterval);
  }

  onEvent(event: ExecutionEvent): void {
    if (event.type === 'attempt.started') {
      const { task, attempt } = event;
      const logs = this.#containers.flatMap((container) =>
        streams.map((stream) => {
          const source = { task, attempt, container, stream };
          return { source, tail: new Tail(this.#logs.file(this.#execution, source, stream)) };
        }),
      );
      this.#attempts.set(`${task}/${attempt}`, { logs, ended: false });
    } else if (event.type === 'attempt.ended') {
      const key = `${event.task}/${event.attempt}`;
      const attempt = this.#attempts.get(key);
      if (!attempt) return;
      attempt.ended = true;
      this.#read(key, attempt);
    }
  }

  /** Shows the rest of the attempts that have ended, and yields to other work in between. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    while ([...this.#attempts.values()].some(({ ended }) => ended)) {
      this.#poll();
      await this.#reader.drained();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Looks again after a while, or at once if something was left unread, so that the logs do not get ahead. */
  #next(ms: number): void {
    this.#timer = setTimeout(() => {
      const behind = this.#poll();
      if (!this.#closed) this.#next(behind && !this.#reader.busy ? 0 : pollInterval);
    }, ms);
  }

  #poll(): boolean {
    let behind = false;
    for (const [key, attempt] of this.#attempts) behind = this.#read(key, attempt) || behind;
    return behind;
  }

  /** All streams in order of their timestamps. Returns whether there is more. */
  #read(key: string, { logs, ended }: Followed): boolean {
    if (this.#reader.busy) return true;
    const lines = logs.map(({ source, tail }) =>
      tail.read(ended, pollBytes).map((line): TaskLine => ({ time: line.time, text: line.text, source })),
    );
    const behind = logs.some(({ tail }) => tail.behind);
    if (ended && !behind) this.#attempts.delete(key);
    const some = lines.filter(({ length }) => length > 0);
    this.#onLines(some.length > 1 ? inOrder(some.flat()) : (some[0] ?? []));
    return behind;
  }
}

/** An attempt whose logs are shown. */
interface Followed {
  logs: { source: LineSource; tail: Tail }[];
  ended: boolean;
}

const inOrder = <T extends LogLine>(lines: T[]): T[] =>
  lines.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));

/**
 * The engine stamps a line when it reads the stream, so that what was written last on stderr may bear
 * the earlier time. It mostly says why a task failed: it counts as this much later, in ms.
 */
const stderrDelay = 100;

/** How much of the end of a log is searched for the last lines, in bytes. */
const endBytes = 2 ** 18;

/**
 * The last lines of a container, at most `count`, from both streams together.
 * @param bytes how much of the end of each stream is searched for them
 */
export function lastLines(
  { logs }: { logs: LogFiles },
  execution: string,
  source: LogSource,
  count: number,
  bytes = endBytes,
): (LogLine & { stream: Stream })[] {
  return streams
    .flatMap((stream) => {
      const file = logs.file(execution, source, stream);
      const { size = 0 } = statSync(file, { throwIfNoEntry: false }) ?? {};
      return new Tail(file, Math.max(0, size - bytes))
        .read(true)
        .slice(-count)
        .map((line) => ({
          line: { ...line, stream },
          at: epochMs(line.time) + (stream === 'stderr' ? stderrDelay : 0),
        }));
    })
    .sort((a, b) => a.at - b.at)
    .slice(-count)
    .map(({ line }) => line);
}
