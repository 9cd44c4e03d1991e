import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { labels } from '../../src/engine/plan.js';
import { until } from './cli.js';
import { client } from './client.js';

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

function readEvent(line: string): EngineEvent {
  const event = JSON.parse(line) as EngineEvent | PodmanEvent;
  if ('Action' in event) return event;
  const { Name, Status, Attributes, Time } = event;
  return {
    Action: dockerActions[Status] ?? Status,
    Actor: { Attributes: { ...Attributes, name: Name } },
    timeNano: Date.parse(Time) * 1e6,
  };
}

/** What the engine reports of the containers of attempts that have a label. */
export class EngineEvents {
  /** From a given time on, so that nothing is missed while a client connects. */
  readonly #since = String(Math.floor(Date.now() / 1000));
  readonly #label: string;
  readonly #lines = new Set<string>();
  #client: ChildProcess | undefined;
  #closed = false;

  constructor(label: string) {
    this.#label = label;
    this.#listen();
  }

  #listen(): void {
    if (this.#closed) return;
    const filters = ['--filter', this.#label, '--filter', 'type=container'];
    const args = ['events', '--since', this.#since, ...filters, '--format', '{{json .}}'];
    const process = spawn(client, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    createInterface(process.stdout).on('line', (line) => this.#lines.add(line));
    // Podman's ends when podman shortens the file with its events (1 MB); the next one tells them once more.
    process.on('close', () => setTimeout(() => this.#listen(), 100));
    this.#client = process;
  }

  /** Of the containers of attempts, in the order in which they happened. */
  all(): EngineEvent[] {
    return this.#with(labels.attempt);
  }

  #with(label: string): EngineEvent[] {
    return [...this.#lines].map(readEvent).filter(({ Actor }) => Actor.Attributes[label] !== undefined);
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
    await until(() => this.count('start') >= count);
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

  close(): void {
    this.#closed = true;
    this.#client?.kill();
  }
}
