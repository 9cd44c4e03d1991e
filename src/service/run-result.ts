import { addedWords, blamed, endingWords, type SaidLine, withoutDetails } from '../model/failure-line.js';
import { entryText, lineEntry } from '../model/log-entry.js';
import { seenAtLast } from '../model/log-lines.js';
import { defaultLimits } from '../model/defaults.js';
import type { Execution } from '../model/schema/job.js';
import { containerLabel, mainContainer } from '../model/task-containers.js';
import type { TaskRecord } from '../model/task.js';
import { epochMs } from '../model/time.js';
import { lastLines, sidecarsOf } from './logs.js';
import type { Service } from './service.js';
import { firstStarts } from './tasks.js';

/** A task of an execution that has ended. */
export interface EndedTask {
  record: TaskRecord;
  /** From the start of its first attempt to its end, in ms; undefined if it never started. */
  ms: number | undefined;
}

/** Failed tasks with the same reason, by index. */
export interface Failure {
  /** `exit code 2: checksum mismatch in gs://acme/part-3.parquet`, as the log of the first task has it. */
  reason: string;
  tasks: readonly EndedTask[];
}

/** How the tasks of an execution ended. */
export interface RunResult {
  execution: Execution;
  /** By index. */
  tasks: readonly EndedTask[];
  /** The reason of most tasks first. */
  failures: readonly Failure[];
}

/** In how many logs the reason of a failure is looked for, and how much of the end of each, in lines and bytes. */
const searchedLogs = 300;
const searchedLines = 40;
const searchedBytes = 2 ** 13;

/**
 * How an execution ended that has ended. The logs of 300 failed tasks are searched for the reason; the others count among
 * those that ended in the same way, if these have one reason, and otherwise are a group of their own.
 */
export function runResult(service: Service, execution: Execution): RunResult {
  const records = service.store.tasks(execution.name);
  const starts = firstStarts(service, execution.name);
  const tasks = records.map((record): EndedTask => {
    const start = starts.get(record.index);
    const { completionTime } = record;
    return { record, ms: start && completionTime ? epochMs(completionTime) - epochMs(start) : undefined };
  });
  return { execution, tasks, failures: failuresOf(service, execution, tasks) };
}

function failuresOf(service: Service, execution: Execution, tasks: readonly EndedTask[]): Failure[] {
  const failed = tasks.filter(({ record }) => record.state === 'Failed');
  const endings = new Map<string, Map<string | undefined, { reason: string; tasks: EndedTask[] }>>();
  for (const [i, task] of failed.entries()) {
    const ending = endingWords(task.record.lastAttemptResult, execution.template.timeout);
    const groups = endings.get(ending) ?? new Map<string | undefined, { reason: string; tasks: EndedTask[] }>();
    endings.set(ending, groups);
    const [only] = groups.size === 1 ? groups.values() : [];
    const line = i < searchedLogs ? tellingLine(service, execution, task.record, ending) : undefined;
    const key = line && withoutDetails(line);
    const group = (i < searchedLogs ? undefined : only) ?? groups.get(key);
    if (group) group.tasks.push(task);
    else groups.set(key, { reason: ending + (line ?? ''), tasks: [task] });
  }
  return [...endings.values()]
    .flatMap((groups) => [...groups.values()])
    .sort((x, y) => y.tasks.length - x.tasks.length);
}

/** What the log of the last attempt adds to the way it ended, with what goes before it. */
function tellingLine(
  service: Service,
  execution: Execution,
  { index: task, retried: attempt, lastAttemptResult }: TaskRecord,
  ending: string,
): string | undefined {
  const container = culpritOf(execution, lastAttemptResult?.status?.message ?? '');
  const source = { task, attempt, container };
  return addedWords(ending, () => said(service, execution, source, searchedLines, searchedBytes));
}

/** The label of the sidecar that a message blames, if it blames one. */
function culpritOf(execution: Execution, message: string): string | undefined {
  const label = blamed(message);
  return sidecarsOf(execution).find((sidecar) => sidecar === label);
}

/** The most memory that the main container of a task has used, and its limit as the template has it. */
export interface PeakMemory {
  bytes: number;
  limit: string;
}

/** In any attempt of the task; undefined if nothing was measured. */
export function peakMemory(
  { store }: Pick<Service, 'store'>,
  { name, template: { containers } }: Execution,
  { index }: Pick<TaskRecord, 'index'>,
): PeakMemory | undefined {
  const main = mainContainer(containers);
  const container = containers[main];
  if (!container) return undefined;
  const label = containerLabel(container, main);
  const peaks = store.attempts(name, index).flatMap(({ usage }) => usage?.[label]?.peakMemoryBytes ?? []);
  if (peaks.length === 0) return undefined;
  return { bytes: Math.max(...peaks), limit: container.resources?.limits?.['memory'] ?? defaultLimits.memory };
}

/** A line of a container: the main one, if it has no label. */
export interface TailLine extends SaidLine {
  container: string | undefined;
}

/** How many lines to show of containers that the failure is not blamed on. */
const besides = 3;

/** The last lines of a failed task: at most `count` of the container that has failed, and a few of each other. */
export function failureTail(
  service: Service,
  execution: Execution,
  { index: task, retried: attempt, lastAttemptResult }: TaskRecord,
  count: number,
): TailLine[] {
  const culprit = culpritOf(execution, lastAttemptResult?.status?.message ?? '');
  const others = [undefined, ...sidecarsOf(execution)].filter((container) => container !== culprit);
  return [...others, culprit].flatMap((container) => {
    const most = container === culprit ? count : Math.min(count, besides);
    const lines = said(service, execution, { task, attempt, container }, most);
    return lines
      .flatMap(({ text, ...line }) => text.split(/\r?\n/).map((part) => ({ ...line, text: part, container })))
      .slice(-most);
  });
}

/** The last lines of a container, with the texts and severities of their log entries. */
function said(
  service: Service,
  execution: Execution,
  source: { task: number; attempt: number; container: string | undefined },
  count: number,
  bytes?: number,
): SaidLine[] {
  return lastLines(service, execution.name, source, count, bytes).map(({ stream, time, text: written }) => {
    const text = seenAtLast(written);
    if (!text.startsWith('{')) return { text, stream };
    const entry = lineEntry({ time, text }, { ...source, execution, log: stream }, 0);
    return { text: entryText(entry), severity: entry.severity, stream };
  });
}
