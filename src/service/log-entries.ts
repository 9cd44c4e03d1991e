import { containerLabel, mainContainer } from '../model/task-containers.js';
import type { AttemptRecord } from '../model/attempt.js';
import {
  executionEntries,
  isAtLeast,
  lineEntry,
  type LogEntry,
  platformEntries,
  type Severity,
} from '../model/log-entry.js';
import type { LogFilter } from '../model/log-filter/parse.js';
import type { Execution } from '../model/schema/job.js';
import type { Timestamp } from '../model/time.js';
import { streams, Tail } from './logs.js';
import type { Service } from './service.js';

export interface LogQuery {
  /** Entries from this time on. */
  since?: Timestamp | undefined;
  severity?: Severity | undefined;
  filter?: LogFilter | undefined;
  task?: number | undefined;
  attempt?: number | undefined;
  /** At most this many: the newest, or with `oldest` the oldest. */
  limit?: number | undefined;
  oldest?: boolean | undefined;
}

/**
 * The log entries of executions, oldest first: the lines of their containers, and the platform's own entries. They are
 * read as they are consumed, since all of them may not fit into memory.
 */
export function* readLogEntries(
  service: Service,
  executions: readonly Execution[],
  query: LogQuery,
): Generator<LogEntry, undefined> {
  const { limit = Infinity, oldest } = query;
  let newest: LogEntry[] = [];
  let count = 0;
  for (const entry of merged(executions.flatMap((execution) => sourcesOf(service, execution, query)))) {
    if (!matches(entry, query)) continue;
    if (oldest || limit === Infinity) {
      yield entry;
      if (++count >= limit) return;
    } else {
      newest.push(entry);
      // Entries are dropped now and then, so that a small part of a large log takes little memory.
      if (newest.length > 2 * limit) newest = newest.slice(-limit);
    }
  }
  yield* newest.slice(-limit);
}

const matches = (entry: LogEntry, { since, severity, filter }: LogQuery): boolean =>
  (since === undefined || entry.timestamp >= since) &&
  (severity === undefined || isAtLeast(entry, severity)) &&
  (filter === undefined || filter.holds(entry));

/** The entries about an execution as a whole, unless the query is about one task or attempt. */
const wholeEntries = (execution: Execution, { task, attempt }: LogQuery): LogEntry[] =>
  task === undefined && attempt === undefined ? executionEntries(execution) : [];

/** The most that a look reads of each log, in bytes. */
const lookBytes = 2 ** 19;

/** Reads what executions write as it comes: each look returns the entries since the last one. */
export class EntryTail {
  /** Whether the last look has not returned everything that was there. */
  behind = false;
  readonly #service: Service;
  readonly #query: LogQuery;
  readonly #tails = new Map<string, { tail: Tail; lines: number }>();
  /** Attempts whose end was reported, and executions that failed without one. */
  readonly #ended = new Set<string>();

  constructor(service: Service, query: LogQuery) {
    this.#service = service;
    this.#query = query;
  }

  /** The entries of these executions since the last look, in order. */
  look(executions: readonly Execution[]): LogEntry[] {
    this.behind = false;
    return executions
      .flatMap((execution) => [
        ...attemptsOf(this.#service, execution, this.#query).flatMap((record) => this.#lookAt(execution, record)),
        ...this.#whole(execution),
      ])
      .filter(({ entry }) => matches(entry, this.#query))
      .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
      .map(({ entry }) => entry);
  }

  #whole(execution: Execution): { entry: LogEntry; at: Timestamp }[] {
    const entries = this.#ended.has(execution.name) ? [] : wholeEntries(execution, this.#query);
    if (entries.length > 0) this.#ended.add(execution.name);
    return entries.map((entry) => ({ entry, at: entry.timestamp }));
  }

  /** The new entries of an attempt, each with the time to sort by: those of the platform about its end come last. */
  #lookAt(execution: Execution, record: AttemptRecord): { entry: LogEntry; at: Timestamp }[] {
    const key = `${execution.name}/${record.task}/${record.attempt}`;
    if (this.#ended.has(key)) return [];
    const ended = record.outcome !== undefined;
    const logs = logsOf(this.#service, execution, record).map((log) => {
      const state = this.#tails.get(log.file) ?? { tail: new Tail(log.file), lines: 0 };
      this.#tails.set(log.file, state);
      return { ...log, state };
    });
    const written = logs.flatMap(({ container, log, state }) => {
      const { task, attempt } = record;
      const source = { execution, log, task, attempt, container };
      return state.tail
        .read(ended, lookBytes)
        .map((line) => ({ entry: lineEntry(line, source, state.lines++), at: line.time }));
    });
    const behind = logs.some(({ state }) => state.tail.behind);
    this.behind ||= behind;
    if (!ended || behind) return written;
    this.#ended.add(key);
    for (const { file } of logs) this.#tails.delete(file);
    const last = written.reduce((latest, { at }) => (at > latest ? at : latest), '');
    const ending = platformEntries(execution, record).map((entry) => ({
      entry,
      at: entry.timestamp > last ? entry.timestamp : last,
    }));
    return [...written, ...ending];
  }
}

/** How often to look for new entries, in ms, and how soon again after a change of the store. */
const lookInterval = 250;
const soonest = 100;

/**
 * Follows the log entries of executions, in batches. Ends once `over` holds for the executions and all their entries have
 * been yielded. While the consumer is busy, entries stay in the log files.
 */
export async function* followLogEntries(
  service: Service,
  executions: () => readonly Execution[],
  query: LogQuery,
  { over, signal }: { over: (executions: readonly Execution[]) => boolean; signal?: AbortSignal | undefined },
): AsyncGenerator<LogEntry[], void, undefined> {
  const tail = new EntryTail(service, query);
  for await (const _ of service.changes.watch({ signal, atLeastEvery: lookInterval, atMostEvery: soonest })) {
    do {
      const found = executions();
      // Asked first, so that the last look finds everything.
      const last = over(found);
      const entries = tail.look(found);
      if (entries.length > 0) yield entries;
      else if (tail.behind) await new Promise((resolve) => setImmediate(resolve));
      if (last && !tail.behind) return;
    } while (tail.behind && !signal?.aborted);
  }
}

const attemptsOf = ({ store }: Service, { name }: Execution, query: LogQuery): AttemptRecord[] =>
  store.attempts(name, query.task).filter(({ attempt }) => query.attempt === undefined || attempt === query.attempt);

interface LogOf {
  file: string;
  container: string | undefined;
  log: 'stdout' | 'stderr';
}

/** The log files of an attempt: two for each container. */
function logsOf({ logs }: Service, execution: Execution, record: AttemptRecord): LogOf[] {
  const { containers } = execution.template;
  const main = mainContainer(containers);
  return containers.flatMap((of, i) => {
    const container = i === main ? undefined : containerLabel(of, i);
    return streams.map((log) => ({ container, log, file: logs.file(execution.name, { ...record, container }, log) }));
  });
}

/** Entries in order of time, starting at `from`. */
interface Source {
  from: Timestamp;
  entries: Iterator<LogEntry>;
}

function sourcesOf(service: Service, execution: Execution, query: LogQuery): Source[] {
  const attempts = attemptsOf(service, execution, query).map((record) => ({
    from: record.createTime,
    entries: attemptEntries(service, execution, record),
  }));
  return [...attempts, { from: execution.createTime, entries: wholeEntries(execution, query).values() }];
}

/** The platform's entries about the end come last, whatever a line's time: the engine stamps lines when it reads them. */
function* attemptEntries(
  service: Service,
  execution: Execution,
  record: AttemptRecord,
): Generator<LogEntry, undefined> {
  const from = record.createTime;
  yield* merged(logsOf(service, execution, record).map((of) => ({ from, entries: entriesOf(of, execution, record) })));
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

/** Merges sources by time. A source is not opened before its time, so that few are open at once. */
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
