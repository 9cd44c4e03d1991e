import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { execa } from 'execa';
import { labels } from '../../src/runtime/docker/attempts/names.js';
import { until } from './cli.js';
import { client, onPodman } from './client.js';

interface EngineEvent {
  /** `create`, `start`, `kill`, `oom`, `die`, `destroy` and so on. */
  Action: string;
  Actor: { Attributes: Record<string, string> };
  timeNano: number;
}

/** The same from podman. */
interface PodmanEvent {
  Name: string;
  Status: string;
  Attributes: Record<string, string>;
  Time: string;
}

/** Podman's words for what docker calls otherwise. */
const dockerActions: Record<string, string> = { died: 'die', remove: 'destroy' };

/** Undefined for half a line, which a podman that was killed while it wrote leaves. */
function readPodmanEvent(line: string): EngineEvent | undefined {
  try {
    const { Name, Status, Attributes, Time } = JSON.parse(line) as PodmanEvent;
    return {
      Action: dockerActions[Status] ?? Status,
      Actor: { Attributes: { ...Attributes, name: Name } },
      timeNano: Date.parse(Time) * 1e6,
    };
  } catch {
    return undefined;
  }
}

/** Where podman writes its events (test/podman/containers.conf). */
const podmanEvents = '/run/localrun-podman/libpod/events/events.log';

/**
 * Reads what podman appends to the file with its events. Its own `podman events` ends at the first line that is cut,
 * each time anew.
 */
function followPodman(onEvent: (event: EngineEvent) => void): () => void {
  let offset = statSync(podmanEvents, { throwIfNoEntry: false })?.size ?? 0;
  let rest = Buffer.alloc(0);
  const read = (): void => {
    const size = statSync(podmanEvents, { throwIfNoEntry: false })?.size ?? 0;
    if (size <= offset) return;
    const file = openSync(podmanEvents, 'r');
    const added = Buffer.alloc(size - offset);
    offset += readSync(file, added, 0, added.length, offset);
    closeSync(file);
    const text = Buffer.concat([rest, added]);
    const end = text.lastIndexOf('\n') + 1;
    rest = text.subarray(end);
    for (const line of text.subarray(0, end).toString().split('\n')) {
      const event = line === '' ? undefined : readPodmanEvent(line);
      if (event) onEvent(event);
    }
  };
  const timer = setInterval(read, 50);
  return () => clearInterval(timer);
}

function followDocker(label: string, onEvent: (event: EngineEvent) => void): () => void {
  // From a given time on, so that nothing is missed while the client connects.
  const since = String(Math.floor(Date.now() / 1000));
  const filters = ['--filter', `label=${label}`, '--filter', 'type=container'];
  const args = ['events', '--since', since, ...filters, '--format', '{{json .}}'];
  const process = execa(client, args, { buffer: false, reject: false, stdin: 'ignore', stderr: 'ignore' });
  void (async () => {
    for await (const line of process) onEvent(JSON.parse(line) as EngineEvent);
  })();
  return () => void process.kill();
}

/** What the engine reports of the containers of attempts that have a label, from now on. */
export class EngineEvents {
  readonly #events: EngineEvent[] = [];
  readonly close: () => void;

  constructor(label: string, value: string) {
    this.close = onPodman
      ? followPodman((event) => event.Actor.Attributes[label] === value && this.#events.push(event))
      : followDocker(`${label}=${value}`, (event) => this.#events.push(event));
  }

  /** Of the containers of attempts, in the order in which they happened. */
  all(): EngineEvent[] {
    return this.#with(labels.attempt);
  }

  #with(label: string): EngineEvent[] {
    return this.#events.filter(({ Actor }) => Actor.Attributes[label] !== undefined);
  }

  /** How many sandboxes have been started. */
  sandboxes(): number {
    return this.#with(labels.sandbox).filter(({ Action }) => Action === 'start').length;
  }

  #names(action: string): string[] {
    return this.all()
      .filter(({ Action }) => Action === action)
      .map(({ Actor }) => Actor.Attributes['name'] ?? '');
  }

  /** How often something has happened so far. */
  count(action: string): number {
    return this.#names(action).length;
  }

  /** Waits until so many containers have started. */
  async started(count: number): Promise<void> {
    const progress = (): string => String(this.#events.length);
    await until(() => this.count('start') >= count, progress, progress);
  }

  /** `task1-attempt0` and so on for every start in an execution, sorted; once all containers are gone. */
  async starts(execution = ''): Promise<string[]> {
    await until(() => this.count('create') > 0 && this.count('create') === this.count('destroy'));
    return this.#names('start')
      .flatMap((name) => (name.includes(execution) ? (/task\d+-attempt\d+/.exec(name)?.[0] ?? name) : []))
      .toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  }

  /** The containers in the order in which they were started, by their label; `main` for the main one. */
  startOrder(): string[] {
    return this.#names('start').map((name) => /attempt\d+-\d+-(.*)$/.exec(name)?.[1] ?? 'main');
  }

  /** When something happened, in ms since 1970. */
  times(action: string): number[] {
    return this.all().flatMap(({ Action, timeNano }) => (Action === action ? timeNano / 1e6 : []));
  }

  /** How many containers ran at once, at most. */
  most(): number {
    let running = 0;
    let most = 0;
    for (const { Action } of this.all()) {
      if (Action === 'start') most = Math.max(most, ++running);
      if (Action === 'die') running--;
    }
    return most;
  }
}
