import type { IncomingMessage } from 'node:http';
import { timestamp } from '../../model/time.js';
import type { Output } from '../port.js';
import type { KubernetesApi } from './api.js';

/** A line of a log, or the part of a long one that the container runtime keeps as one entry. */
export interface LogEntry {
  /** As the kubelet writes it, with a space after it. */
  stamp: string;
  /** With its newline, unless the line goes on or has none. */
  data: Buffer;
  /** The line began in an earlier entry. */
  within: boolean;
}

const newline = 0x0a;
const space = 0x20;

/** docker, containerd and CRI-O cut longer lines into entries of this many bytes. */
const longest = 16_384;

/** The longest time and the space after it, in bytes. */
const maxStamp = 36;
const stampPattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d) /;

/**
 * Reads a log with timestamps as a kubelet sends it, in chunks cut anywhere. Kubelets up to 1.20 write the time before
 * each entry of a long line, later ones only before the first. A line without a time is an error of the kubelet, which
 * is not the container's output: it is dropped.
 */
export class LogReader {
  #rest: Buffer = Buffer.alloc(0);
  /** The time of the line that goes on in `rest`. */
  #line: string | undefined;

  /** The entries that a chunk completes. */
  push(chunk: Buffer): LogEntry[] {
    this.#rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    return this.#take(false);
  }

  /** The rest: a last line without a newline. */
  end(): LogEntry[] {
    return this.#take(true);
  }

  #take(last: boolean): LogEntry[] {
    const entries: LogEntry[] = [];
    const rest = this.#rest;
    let at = 0;
    for (;;) {
      const left = rest.length - at;
      if (left === 0) break;
      const within = this.#line !== undefined;
      // A time may begin here, and be cut.
      const own = stampAt(rest, at);
      if (own === undefined && !last && left < maxStamp && rest.indexOf(newline, at) < 0) break;
      const stamp = own ?? this.#line;
      const from = at + (own?.length ?? 0);
      const end = rest.indexOf(newline, from);
      if (stamp === undefined) {
        if (end < 0 && !last) break;
        at = end < 0 ? rest.length : end + 1;
        continue;
      }
      const to = end >= 0 && end - from < longest ? end + 1 : Math.min(from + longest, rest.length);
      const whole = rest[to - 1] === newline;
      if (!whole && to - from < longest && !last) break;
      entries.push({ stamp, data: rest.subarray(from, to), within });
      this.#line = whole ? undefined : stamp;
      at = to;
    }
    this.#rest = Buffer.from(rest.subarray(at));
    return entries;
  }
}

function stampAt(bytes: Buffer, at: number): string | undefined {
  const end = bytes.subarray(at, at + maxStamp).indexOf(space);
  return end < 0 ? undefined : stampPattern.exec(bytes.toString('latin1', at, at + end + 1))?.[0];
}

/** How far before the latest second a log is read again, in s. */
const margin = 1;

/**
 * How far a log was read. A log that is read once more, from a time on, is continued without what was written already.
 * Times of entries do not only increase: a container runtime reads stdout and stderr independently, and stamps a line
 * before it is its turn to be written. So this remembers the times of the last seconds.
 */
export class LogPosition {
  /** In s since 1970, as the next one. */
  #latest: number | undefined;
  /** How many entries of each time there were, by second and fraction. */
  readonly #seen = new Map<number, Map<number, number>>();
  /** Those that the present reading has brought, if it is not the first. */
  #again: Map<number, Map<number, number>> | undefined;

  /** From when on to read, in full seconds, which the server cuts times to; undefined: from the beginning. */
  get since(): string | undefined {
    return this.#latest === undefined ? undefined : timestamp((this.#latest - margin) * 1000);
  }

  /** The log is read again, from `since` on. */
  restart(): void {
    if (this.#latest !== undefined) this.#again = new Map();
  }

  /** Whether an entry is new. */
  passes({ stamp }: LogEntry): boolean {
    const ms = Date.parse(stamp.trimEnd());
    const second = Math.floor(ms / 1000);
    const fraction = Number(/\.\d+/.exec(stamp)?.[0] ?? 0);
    if (this.#again && this.#count(this.#again, second, fraction) <= (this.#seen.get(second)?.get(fraction) ?? 0)) {
      return false;
    }
    this.#count(this.#seen, second, fraction);
    if (this.#latest === undefined || second > this.#latest) {
      this.#latest = second;
      for (const of of this.#seen.keys()) if (of < second - margin) this.#seen.delete(of);
    }
    return true;
  }

  #count(times: Map<number, Map<number, number>>, second: number, fraction: number): number {
    const known = times.get(second) ?? new Map<number, number>();
    times.set(second, known);
    const count = (known.get(fraction) ?? 0) + 1;
    known.set(fraction, count);
    return count;
  }
}

/**
 * Reads a container's log from `position` on into `output`. Kubernetes does not keep the streams apart: everything goes
 * to stdout.
 * @returns whether it ended by itself, and `finish`, which writes the last line if it has no newline. That is for a
 * container that has ended: otherwise the end may be that of a connection, and cut the line.
 */
export async function readLog(
  api: KubernetesApi,
  { pod, container, follow }: { pod: string; container: string; follow: boolean },
  position: LogPosition,
  output: Output,
  signal: AbortSignal,
): Promise<{ whole: boolean; finish: () => void }> {
  const query = { container, follow, timestamps: true, sinceTime: position.since };
  const reader = new LogReader();
  position.restart();
  const write = (entries: readonly LogEntry[]): void => {
    const parts: Buffer[] = [];
    for (const entry of entries) {
      if (!position.passes(entry)) continue;
      if (!entry.within) parts.push(Buffer.from(entry.stamp, 'latin1'));
      parts.push(entry.data);
    }
    if (parts.length > 0) output.write('stdout', Buffer.concat(parts));
  };
  let response: IncomingMessage;
  try {
    response = await api.stream({ method: 'GET', path: `pods/${pod}/log`, query }, signal);
    for await (const chunk of response as AsyncIterable<Buffer>) write(reader.push(chunk));
  } catch {
    return { whole: false, finish: () => {} };
  }
  return { whole: true, finish: () => write(reader.end()) };
}
