import { Interrupted } from '../errors.js';
import { entryText, type LogEntry } from '../../model/log-entry.js';
import { shortName } from '../../model/names.js';
import type { Execution } from '../../model/schema/job.js';
import { haveLogsExpired } from '../../service/retention.js';
import type { Call } from '../../service/service.js';
import type { LogFlags } from '../flags/log.js';
import type { Context } from '../command/context.js';
import { printAll } from './print.js';
import { plain } from './resource-kinds.js';
import { signs } from './symbols.js';

/** The most executions to name. */
const named = 3;

/** Reports executions whose logs have been removed, so they do not look as if they had no output. */
export function reportExpiredLogs({ io, config }: Context, service: Call, executions: readonly Execution[]): void {
  const gone = executions.filter((execution) => haveLogsExpired(service, execution)).map(({ name }) => shortName(name));
  if (gone.length === 0) return;
  const others = gone.length > named ? ` and ${gone.length - named} more` : '';
  io.err.write(
    `The logs of [${gone.slice(0, named).join(', ')}]${others} have been removed. localrun keeps the logs of ended executions for LOCALRUN_LOG_RETENTION (${config.logRetention}), and up to LOCALRUN_LOG_LIMIT (${config.logLimit}) in total.\n`,
  );
}

/** The number of entries to print at a time. */
const some = 1000;

/**
 * Prints entries, each after its time, as gcloud does; in parts, unless the format needs all at once.
 * @param quiet prints nothing if there are no entries
 */
export async function printEntries(
  context: Context,
  options: LogFlags,
  entries: Iterable<LogEntry>,
  { quiet = false } = {},
): Promise<void> {
  const { io } = context;
  const printer = options.format?.printer ?? 'default';
  const json = printer === 'json';
  const inParts = json || ['default', 'none', 'disable', 'yaml', 'value'].includes(printer);
  let count = 0;
  for (const part of parts(entries, inParts ? some : Infinity)) {
    const views = { kind: plain, human: () => part.map((entry) => line(entry, options, signs(io.out).bar)).join('') };
    // Each part is a list of its own: drop its brackets.
    const write = (text: string): void => io.out.write((count === 0 ? '[' : ',') + text.slice(1, -3));
    await printAll(context, options, part, json ? { ...views, write } : views);
    await io.out.drained();
    count += part.length;
  }
  if (json) io.out.write(count === 0 ? '[]\n' : '\n]\n');
  if (count === 0 && !quiet) io.err.write('No log entries.\n');
}

function* parts<T>(items: Iterable<T>, size: number): Generator<T[]> {
  let part: T[] = [];
  for (const item of items) {
    if (part.push(item) < size) continue;
    yield part;
    part = [];
  }
  if (part.length > 0) yield part;
}

function line(entry: LogEntry, flags: LogFlags, bar: string): string {
  const { timestamp: time, labels } = entry;
  const { 'run.googleapis.com/task_index': task, container_name: container } = labels;
  const retry = Number(labels['run.googleapis.com/task_attempt']);
  const { prefix, task: only, attempt } = flags;
  const who =
    task === undefined
      ? []
      : [
          ...(prefix ? [`task ${task}`] : []),
          // The output of one task is in the order of its attempts.
          ...(retry > 0 && (prefix || only !== undefined) && attempt === undefined ? [`retry ${retry}`] : []),
          ...(prefix && container !== undefined ? [container] : []),
        ];
  const before = who.length > 0 ? `${who.join(' ')} ${bar} ` : '';
  return `${time.slice(0, 10)} ${time.slice(11, 19)} ${before}${entryText(entry)}\n`;
}

/** Prints entries as they arrive. */
export async function printArriving(
  { io }: Pick<Context, 'io'>,
  options: LogFlags,
  entries: readonly LogEntry[],
  out = io.out,
): Promise<void> {
  const json = options.format?.printer === 'json';
  const text = entries.map((entry) => (json ? `${JSON.stringify(entry)}\n` : line(entry, options, signs(out).bar)));
  out.write(text.join(''));
  await out.drained();
}

/** Prints entries as they arrive, until the last one or Ctrl-C. */
export async function tailEntries(
  context: Context,
  options: LogFlags,
  follow: (signal: AbortSignal) => AsyncIterable<readonly LogEntry[]>,
): Promise<void> {
  const end = new AbortController();
  const ignore = context.io.onSignal((signal) => end.abort(new Interrupted(signal)));
  try {
    for await (const entries of follow(end.signal)) await printArriving(context, options, entries);
    end.signal.throwIfAborted();
  } finally {
    ignore();
  }
}
