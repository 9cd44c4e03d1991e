import { randomUUID } from 'node:crypto';
import { timestamp, type Timestamp, toTimestamp } from '../../model/time.js';
import { type DockerClient, jsonObject } from './client.js';

/** Identifies a start: by its process, and by one of several `docker run` calls for the same name. */
const processLabel = 'dev.localrun.client';
const startLabel = 'dev.localrun.start';

/** A start to be reported. */
interface Start {
  /** The label of the container. */
  label: Record<string, string>;
  /** Its time, once it has happened. */
  at: Promise<Timestamp>;
  forget: () => void;
}

/** How long a client listens, in seconds, so that it does not outlive a killed process for long. */
const listening = 3;

/**
 * Reports when containers start, from the engine's events: a client that is attached to a container does not say so. The
 * caller asks about what this misses, and where the engine has other events.
 */
export class Starts {
  readonly #client: DockerClient;
  readonly #token = randomUUID();
  readonly #waiting = new Map<string, (startedAt: Timestamp) => void>();
  #count = 0;
  /** Ends the client; undefined while none runs. */
  #end: (() => void) | undefined;
  #closed = false;

  constructor(client: DockerClient) {
    this.#client = client;
  }

  /** The start that a client is about to make; not that of a container of the same name from another client. */
  next(): Start {
    const number = String(this.#count++);
    const at = new Promise<Timestamp>((resolve) => this.#waiting.set(number, resolve));
    if (!this.#end) void this.#listen();
    return {
      label: { [processLabel]: this.#token, [startLabel]: number },
      at,
      forget: () => void this.#waiting.delete(number),
    };
  }

  close(): void {
    this.#closed = true;
    this.#end?.();
  }

  /** Listens for as long as a caller waits. */
  async #listen(): Promise<void> {
    const filters = ['type=container', 'event=start', `label=${processLabel}=${this.#token}`];
    // The next client reports what happens while this one connects, and between the two.
    let since = Date.now() / 1000;
    while (this.#waiting.size > 0 && !this.#closed) {
      const until = Date.now() / 1000 + listening;
      const { ended, end } = this.#client.lines(
        [
          ...['events', '--since', String(since), '--until', String(until)],
          ...filters.flatMap((filter) => ['--filter', filter]),
          ...['--format', '{{json .}}'],
        ],
        (line) => this.#report(line),
      );
      this.#end = end;
      await ended;
      // A client that the engine has sent away returns after that delay.
      await new Promise((resolve) => setTimeout(resolve, (until - Date.now() / 1000) * 1000).unref());
      since = until - 1;
    }
    this.#end = undefined;
  }

  #report(line: string): void {
    const event = jsonObject(line) as Partial<DockerEvent & PodmanEvent> | undefined;
    const { Attributes, Time, Actor, timeNano } = event ?? {};
    const report = this.#waiting.get(Actor?.Attributes?.[startLabel] ?? Attributes?.[startLabel] ?? '');
    if (isTime(Time)) report?.(toTimestamp(Time));
    else if (typeof timeNano === 'number') report?.(timestamp(timeNano / 1e6));
  }
}

const isTime = (time: unknown): time is string => typeof time === 'string' && !Number.isNaN(Date.parse(time));

interface DockerEvent {
  Actor?: { Attributes?: Record<string, string> };
  timeNano: number;
}

interface PodmanEvent {
  Attributes?: Record<string, string>;
  Time: string;
}
