import { containerLabel, mainContainer } from '../model/attempt-containers.js';
import type { AttemptRecord } from '../model/attempt.js';
import { isAtLeast, lineEntry, type LogEntry, platformEntries, type Severity } from '../model/log-entry.js';
import type { Execution } from '../model/schema/job.js';
import type { Timestamp } from '../model/time.js';
import { streams, Tail } from './logs.js';
import type { ServiceDeps } from './service.js';

export interface LogQuery {
  /** Entries from this time on. */
  since?: Timestamp | undefined;
  severity?: Severity | undefined;
  task?: number | undefined;
  attempt?: number | undefined;
  /** At most so many: the newest, or with `oldest` the oldest ones. */
  limit?: number | undefined;
  oldest?: boolean | undefined;
}

/** The log entries of executions, oldest first: what their containers wrote, and what the platform says of them. */
export function readLogEntries(deps: ServiceDeps, executions: readonly Execution[], query: LogQuery): LogEntry[] {
  const { limit = Infinity, oldest } = query;
  let entries: LogEntry[] = [];
  for (const entry of merged(executions.flatMap((execution) => sourcesOf(deps, execution, query)))) {
    if (!matches(entry, query)) continue;
    entries.push(entry);
    if (oldest && entries.length >= limit) break;
    // Cut now and then, so that a small part of a large log takes little memory.
    if (entries.length > 2 * limit) entries = entries.slice(-limit);
  }
  return oldest || limit === Infinity ? entries : entries.slice(-limit);
}

const matches = (entry: LogEntry, { since, severity }: LogQuery): boolean =>
  (since === undefined || entry.timestamp >= since) && (severity === undefined || isAtLeast(entry, severity));

/** Follows what executions write, from where they stand: each look gives what has come since the last one. */
export class EntryTail {
  readonly #deps: ServiceDeps;
  readonly #query: LogQuery;
  readonly #tails = new Map<string, { tail: Tail; lines: number }>();
  /** Attempts whose end has been seen. */
  readonly #ended = new Set<string>();

  constructor(deps: ServiceDeps, query: LogQuery) {
    this.#deps = deps;
    this.#query = query;
  }

  /** What has come of these executions since the last look, in order. */
  look(executions: readonly Execution[]): LogEntry[] {
    return executions
      .flatMap((execution) =>
        attemptsOf(this.#deps, execution, this.#query).flatMap((record) => this.#lookAt(execution, record)),
      )
      .filter((entry) => matches(entry, this.#query))
      .sort((a, b) => (a.timestamp < b.timestamp ? -1 : a.timestamp > b.timestamp ? 1 : 0));
  }

  #lookAt(execution: Execution, record: AttemptRecord): LogEntry[] {
    const key = `${execution.name}/${record.task}/${record.attempt}`;
    if (this.#ended.has(key)) return [];
    const ended = record.outcome !== undefined;
    if (ended) this.#ended.add(key);
    const written = logsOf(this.#deps, execution, record).flatMap(({ file, container, log }) => {
      const state = this.#tails.get(file) ?? { tail: new Tail(file), lines: 0 };
      if (ended) this.#tails.delete(file);
      else this.#tails.set(file, state);
      const { task, attempt } = record;
      const source = { execution, log, task, attempt, container };
      return state.tail.read(ended).map((line) => lineEntry(line, source, state.lines++));
    });
    return ended ? [...written, ...platformEntries(execution, record)] : written;
  }
}

const attemptsOf = ({ store }: ServiceDeps, { name }: Execution, query: LogQuery): AttemptRecord[] =>
  store.attempts(name, query.task).filter(({ attempt }) => query.attempt === undefined || attempt === query.attempt);

interface LogOf {
  file: string;
  container: string | undefined;
  log: 'stdout' | 'stderr';
}

/** The log files of an attempt: two for each container. */
function logsOf({ logs }: ServiceDeps, execution: Execution, record: AttemptRecord): LogOf[] {
  const { containers } = execution.template;
  const main = mainContainer(containers);
  return containers.flatMap((of, i) => {
    const container = i === main ? undefined : containerLabel(of, i);
    return streams.map((log) => ({ container, log, file: logs.file(execution.name, { ...record, container }, log) }));
  });
}

/** Entries in the order of their times, none of which is before `from`. */
interface Source {
  from: Timestamp;
  entries: Iterator<LogEntry>;
}

function sourcesOf(deps: ServiceDeps, execution: Execution, query: LogQuery): Source[] {
  return attemptsOf(deps, execution, query).map((record) => ({
    from: record.createTime,
    entries: attemptEntries(deps, execution, record),
  }));
}

/** What the platform says of the end comes last, whatever a line's time: the engine stamps lines when it reads them. */
function* attemptEntries(
  deps: ServiceDeps,
  execution: Execution,
  record: AttemptRecord,
): Generator<LogEntry, undefined> {
  const from = record.createTime;
  yield* merged(logsOf(deps, execution, record).map((of) => ({ from, entries: entriesOf(of, execution, record) })));
  yield* platformEntries(execution, record);
}

function* entriesOf(
  { file, container, log }: LogOf,
  execution: Execution,
  { task, attempt }: AttemptRecord,
): Generator<LogEntry, undefined> {
  let number = 0;
  for (const lines of new Tail(file).chunks()) {
    for (const line of lines) yield lineEntry(line, { execution, log, task, attempt, container }, number++);
  }
}

/** One sequence out of many; a source is not looked into before its time, so that few are open at once. */
function* merged(sources: Source[]): Generator<LogEntry> {
  const waiting = sources.toSorted((a, b) => (a.from < b.from ? 1 : -1));
  let open: { entries: Iterator<LogEntry>; head: LogEntry }[] = [];
  for (;;) {
    let next = open[0];
    for (const candidate of open) if (next && candidate.head.timestamp < next.head.timestamp) next = candidate;
    const source = waiting.at(-1);
    if (source && (!next || source.from <= next.head.timestamp)) {
      waiting.pop();
      const head = source.entries.next();
      if (!head.done) open.push({ entries: source.entries, head: head.value });
    } else if (next) {
      yield next.head;
      const head = next.entries.next();
      if (head.done) open = open.filter((other) => other !== next);
      else next.head = head.value;
    } else return;
  }
}
