import { timestamp, type Timestamp, toTimestamp } from '../../model/time.js';
import { type DockerClient, jsonObject } from './client.js';

/** How long a client listens, in seconds: one whose process was killed does not stay for long. */
const listening = 3;

/**
 * Tells when containers start, from the engine's events: a client that is attached to a container does not say so. What
 * it misses, its caller finds out by asking, and so does who has an engine with other events.
 */
export class Starts {
  readonly #client: DockerClient;
  readonly #token = crypto.randomUUID();
  readonly #waiting = new Map<string, (startedAt: Timestamp) => void>();
  /** Ends the client; undefined while none runs. */
  #end: (() => void) | undefined;
  #closed = false;

  constructor(client: DockerClient) {
    this.#client = client;
  }

  /** What containers are labelled with whose starts are to be told. */
  get label(): Record<string, string> {
    return { 'dev.localrun.client': this.#token };
  }

  /** When the container has started, once it has. */
  of(name: string): Promise<Timestamp> {
    const start = new Promise<Timestamp>((resolve) => this.#waiting.set(name, resolve));
    if (!this.#end) void this.#listen();
    return start;
  }

  forget(name: string): void {
    this.#waiting.delete(name);
  }

  close(): void {
    this.#closed = true;
    this.#end?.();
  }

  /** Listens for as long as somebody waits. */
  async #listen(): Promise<void> {
    const filters = [
      'type=container',
      'event=start',
      ...Object.entries(this.label).map((label) => `label=${label.join('=')}`),
    ];
    // What happens while a client connects, or between one and the next, is told by the next.
    let since = Date.now() / 1000;
    while (this.#waiting.size > 0 && !this.#closed) {
      const until = Date.now() / 1000 + listening;
      const { ended, end } = this.#client.lines(
        [
          ...['events', '--since', String(since), '--until', String(until)],
          ...filters.flatMap((filter) => ['--filter', filter]),
          ...['--format', '{{json .}}'],
        ],
        (line) => this.#tell(line),
      );
      this.#end = end;
      await ended;
      // One that the engine has sent away comes back as late.
      await new Promise((resolve) => setTimeout(resolve, (until - Date.now() / 1000) * 1000).unref());
      since = until - 1;
    }
    this.#end = undefined;
  }

  #tell(line: string): void {
    const event = jsonObject(line) as Partial<DockerEvent & PodmanEvent> | undefined;
    const { Name, Time, Actor, timeNano } = event ?? {};
    if (typeof Name === 'string' && isTime(Time)) this.#waiting.get(Name)?.(toTimestamp(Time));
    else if (typeof timeNano === 'number')
      this.#waiting.get(Actor?.Attributes?.name ?? '')?.(timestamp(timeNano / 1e6));
  }
}

const isTime = (time: unknown): time is string => typeof time === 'string' && !Number.isNaN(Date.parse(time));

interface DockerEvent {
  Actor?: { Attributes?: { name?: string } };
  timeNano: number;
}

interface PodmanEvent {
  Name: string;
  Time: string;
}
