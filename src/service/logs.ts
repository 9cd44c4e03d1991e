import { closeSync, openSync, readSync } from 'node:fs';
import type { ExecutionEvent } from '../model/events.js';
import { LogDecoder, type LogLine } from '../model/log.js';
import { containerLabel, mainContainer } from '../model/attempt-containers.js';
import type { Execution } from '../model/schema/job.js';
import type { LogFiles, LogSource, Stream } from '../store/logs.js';
import { epochMs } from '../model/time.js';

/** How often the logs of running attempts are looked at, in ms. */
const pollInterval = 100;

export interface TaskLine extends LogLine, LogSource {
  stream: Stream;
}

/** What a log file has had to give so far. */
export class Tail {
  readonly #file: string;
  readonly #decoder = new LogDecoder();
  #offset = 0;

  constructor(file: string) {
    this.#file = file;
  }

  /** The lines since the last call; with `ended` an unfinished last one too. */
  read(ended: boolean): LogLine[] {
    const lines = [...this.#complete()].flat();
    return ended ? [...lines, ...this.#decoder.end()] : lines;
  }

  /** All lines, an unfinished last one included, some at a time. */
  *chunks(): Generator<LogLine[]> {
    yield* this.#complete();
    yield this.#decoder.end();
  }

  *#complete(): Generator<LogLine[]> {
    const buffer = Buffer.alloc(65536);
    for (;;) {
      // Opened anew each time: the file is replaced when a log is read from the engine once more, with the same bytes.
      const file = openExisting(this.#file);
      if (file === undefined) return;
      const count = readSync(file, buffer, 0, buffer.length, this.#offset);
      closeSync(file);
      if (count === 0) return;
      this.#offset += count;
      yield this.#decoder.push(buffer.subarray(0, count));
    }
  }
}

function openExisting(file: string): number | undefined {
  try {
    return openSync(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export const streams = ['stdout', 'stderr'] as const;

/** The labels of the containers of an execution that are not the main one. */
const sidecarsOf = ({ template: { containers } }: Execution): string[] =>
  containers.map(containerLabel).filter((_, i) => i !== mainContainer(containers));

/** Shows the lines that the attempts of an execution write while they write them, steered by the engine's events. */
export class LogFollower {
  readonly #logs: LogFiles;
  readonly #execution: string;
  readonly #containers: readonly (string | undefined)[];
  readonly #onLine: (line: TaskLine) => void;
  readonly #attempts = new Map<string, { source: LogSource; stream: Stream; tail: Tail }[]>();
  readonly #timer: NodeJS.Timeout;

  constructor(logs: LogFiles, execution: Execution, onLine: (line: TaskLine) => void) {
    this.#logs = logs;
    this.#execution = execution.name;
    this.#containers = [undefined, ...sidecarsOf(execution)];
    this.#onLine = onLine;
    this.#timer = setInterval(() => this.#poll(), pollInterval);
  }

  onEvent(event: ExecutionEvent): void {
    if (event.type === 'attempt.started') {
      const { task, attempt } = event;
      const tails = this.#containers.flatMap((container) =>
        streams.map((stream) => {
          const source = { task, attempt, container };
          return { source, stream, tail: new Tail(this.#logs.file(this.#execution, source, stream)) };
        }),
      );
      this.#attempts.set(`${task}/${attempt}`, tails);
    } else if (event.type === 'attempt.ended') {
      const key = `${event.task}/${event.attempt}`;
      this.#read(key, true);
      this.#attempts.delete(key);
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #poll(): void {
    for (const key of this.#attempts.keys()) this.#read(key, false);
  }

  /** All streams in the order of their timestamps, which are the engine's. */
  #read(key: string, ended: boolean): void {
    inOrder(
      (this.#attempts.get(key) ?? []).flatMap(({ source, stream, tail }) =>
        tail.read(ended).map((line) => ({ ...line, ...source, stream })),
      ),
    ).forEach(this.#onLine);
  }
}

const inOrder = <T extends LogLine>(lines: T[]): T[] =>
  lines.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));

/**
 * The engine stamps a line when it gets round to reading its stream, so that what was written last on stderr may bear
 * the earlier time. It mostly says why a task failed: it counts as this much later, in ms.
 */
const stderrDelay = 100;

/** The last lines that a container has written, both streams together, at most `count`. */
export function lastLines(logs: LogFiles, execution: string, source: LogSource, count: number): LogLine[] {
  return streams
    .flatMap((stream) =>
      new Tail(logs.file(execution, source, stream))
        .read(true)
        .slice(-count)
        .map((line) => ({ line, at: epochMs(line.time) + (stream === 'stderr' ? stderrDelay : 0) })),
    )
    .sort((a, b) => a.at - b.at)
    .slice(-count)
    .map(({ line }) => line);
}
