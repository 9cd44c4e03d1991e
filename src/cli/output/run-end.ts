import type { ChalkInstance } from 'chalk';
import { completionStatus, conditionOf } from '../../model/execution.js';
import { shortName } from '../../model/names.js';
import { formatIndexes } from '../../model/task-selection.js';
import { isAtLeast } from '../../model/log-entry.js';
import type { TaskRecord, TaskState } from '../../model/task.js';
import { epochMs, formatSpan } from '../../model/time.js';
import { formatSize } from '../../model/quantity.js';
import type { EndedTask, PeakMemory, RunResult, TailLine } from '../../service/run-result.js';
import { type Look, signs, symbols } from './symbols.js';
import { cut, oneLine, widthOf, wrapped } from './text-width.js';

/** Up to how many tasks each of them is shown, and otherwise how many of the failed ones. */
const allTasks = 20;
const someTasks = 10;
/** The most reasons to show with their tasks, and with last lines of a task. */
const someReasons = 5;
const toldReasons = 3;
/** How many last lines of failed tasks to show in all, and the least for each. */
const lines = 10;
const leastLines = 3;
/** The most rows for a reason, and for a line of a log; for the only reason twice as many. */
const reasonRows = 2;
const lineRows = 1;
const noteRows = 4;

/** How many tasks that have succeeded are below each other. */
const gridRows = 5;
/** Spaces between them. */
const between = '    ';

/** What the end of a run says besides its result. */
export interface Ending {
  /** The last lines of a failed task. */
  tail: (task: TaskRecord, count: number) => readonly TailLine[];
  /** The most memory that a task has used, if that is known. */
  memory: (task: TaskRecord) => PeakMemory | undefined;
  /** What else there is to say before the verdict, a sentence or two each. */
  notes?: readonly string[];
  /** Who has cancelled the execution, if known. */
  by?: string | undefined;
  /** The commands to go on with, each with what it is for. */
  next: readonly (readonly [what: string, command: string])[];
}

/**
 * The end of a run for a person: each reason of failures with its tasks and the last lines of one of them, the other
 * tasks, and last the verdict and the commands to go on with.
 * @param width of the terminal, in columns
 */
export function runEnd(result: RunResult, ending: Ending, width: number, look: Look): string {
  const { notes = [], next } = ending;
  const blocks = [
    ...failureBlocks(result, ending, width, look),
    othersBlock(result, ending, width, look),
    notes.flatMap((note) => wrapped(oneLine(note), width, noteRows, look)),
  ];
  const told = blocks.filter(({ length }) => length > 0).map((rows) => [...rows, '']);
  const widest = Math.max(0, ...next.map(([what]) => what.length));
  const commands = next.map(([what, command]) => `  ${look.chalk.dim(what.padEnd(widest))}  ${command}`);
  const rows = [...told.flat(), verdict(result, ending, width, look), ...commands];
  return rows.map((row) => `${row}\n`).join('');
}

/** As in the live view; gcloud's tables have an X. */
const failedSign = (look: Look): string => look.chalk.red(signs(look).failed);

function failureBlocks(result: RunResult, ending: Ending, width: number, look: Look): string[][] {
  const { execution, tasks, failures } = result;
  const { chalk } = look;
  const shown = failures.slice(0, someReasons);
  const most = tasks.length <= allTasks ? allTasks : Math.max(1, Math.floor(someTasks / shown.length));
  const count = Math.max(leastLines, Math.floor(lines / shown.length));
  const share = failures.length > 1 ? 1 : 2;
  const rowOf = taskRows(
    shown.flatMap(({ tasks: failed }) => failed.slice(0, most)),
    ending,
  );
  const blocks = shown.map((failure, i) => {
    const others = failure.tasks.slice(most);
    const rows = [
      ...failure.tasks.slice(0, most).map((task) => rowOf.get(task) ?? ''),
      ...(others.length > 0 ? [listed(`and ${others.length} more`, others, width - 2, look)] : []),
    ];
    const [task] = failure.tasks;
    const last = task && i < toldReasons ? ending.tail(task.record, count) : [];
    const said = last.length === 1 && failure.reason.endsWith(oneLine(last[0]?.text ?? '')) ? [] : last;
    const of =
      failure.tasks.length > 1 && said.length > 0 ? [chalk.dim(`  last lines of task ${task?.record.index}:`)] : [];
    return [
      ...reasonBlock(failure.reason, share * reasonRows, width, look),
      ...(execution.taskCount > 1 ? rows.map((row) => `  ${cut(row.trimEnd(), width - 2, look)}`) : []),
      ...of,
      ...tailRows(said, share * lineRows, width, look),
    ];
  });
  const rest = failures
    .slice(someReasons)
    .flatMap(({ tasks: failed }) => failed)
    .sort((a, b) => a.record.index - b.record.index);
  if (rest.length > 0) {
    const reasons = failures.length - someReasons;
    const what = `and ${counted(reasons, 'other reason')} in ${counted(rest.length, 'task')}`;
    blocks.push([`${failedSign(look)} ${listed(what, rest, width - 2, look)}`]);
  }
  if (failures.length === 0 && completionStatus(execution) === 'EXECUTION_FAILED') {
    const message = conditionOf(execution, 'Completed')?.message ?? '';
    blocks.push(reasonBlock(message, share * reasonRows, width, look));
  }
  return blocks;
}

function reasonBlock(reason: string, most: number, width: number, look: Look): string[] {
  const rows = wrapped(oneLine(reason), width - 2, most, look);
  return rows.map((row, i) => `${i === 0 ? failedSign(look) : ' '} ${look.chalk.bold(row)}`);
}

/** A row for each task: which it is, its attempts, how long it took, its memory. */
function taskRows(tasks: readonly EndedTask[], { memory }: Ending): ReadonlyMap<EndedTask, string> {
  const rows = aligned(
    tasks.map(({ record, ms }) => [
      `task ${record.index}`,
      counted(record.retried + 1, 'attempt'),
      ms === undefined ? '' : formatSpan(ms),
      memoryWords(memory(record)),
    ]),
    { right: 2, gap: 3 },
  );
  return new Map(tasks.map((task, i) => [task, rows[i] ?? '']));
}

const memoryWords = (memory: PeakMemory | undefined): string =>
  memory ? `peak ${formatSize(memory.bytes)} of ${memory.limit}` : '';

/** Cells in columns, without empty ones. The column `right` is right-aligned. */
function aligned(rows: readonly string[][], { right, gap }: { right: number; gap: number }): string[] {
  const widths: number[] = [];
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  return rows.map((row) =>
    row
      .map((cell, i) => (i === right ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .filter((_, i) => (widths[i] ?? 0) > 0)
      .join(' '.repeat(gap)),
  );
}

/** Words and the indexes of tasks, as many as fit. */
function listed(what: string, tasks: readonly EndedTask[], width: number, look: Look): string {
  const text = `${what}: ${formatIndexes(tasks.map(({ record }) => record.index))}`;
  if (text.length <= width) return text;
  const end = text.lastIndexOf(',', width - 2) + 1;
  return end > 0 ? text.slice(0, end) + signs(look).more : cut(text, width, look);
}

function tailRows(said: readonly TailLine[], most: number, width: number, look: Look): string[] {
  const { chalk } = look;
  const labels = said.map(({ container }) => (container === undefined ? '' : `${container} `));
  const label = Math.max(0, ...labels.map(widthOf));
  return said.flatMap(({ text, severity }, i) => {
    const bar = `  ${chalk.cyan(labels[i]?.padEnd(label))}${chalk.dim(signs(look).bar)} `;
    const severe = severity !== undefined && isAtLeast({ severity }, 'ERROR');
    return wrapped(oneLine(text), width - label - 4, most, look).map((row) => bar + (severe ? chalk.red(row) : row));
  });
}

/** The tasks that did not fail: one by one if they are few, and how long they took. */
function othersBlock({ execution, tasks }: RunResult, ending: Ending, width: number, look: Look): string[] {
  if (execution.taskCount === 1) return [];
  const of = (state: TaskState): EndedTask[] => tasks.filter(({ record }) => record.state === state);
  const succeeded = of('Succeeded');
  const rows: string[] = [];
  if (succeeded.length > 0) {
    const dot = ` ${signs(look).dot} `;
    const each = tasks.length <= allTasks ? grid(succeeded, ending, width) : [];
    if (succeeded.length === tasks.length) {
      // The verdict says that they all have.
      rows.push(...each, `  ${cut(pace(succeeded).join(dot), width - 2, look)}`);
    } else {
      const head = [`${succeeded.length} succeeded`, ...pace(succeeded)].join(dot);
      rows.push(`${symbols.succeeded(look)} ${cut(head, width - 2, look)}`, ...each);
    }
  }
  const rest = [...of('Cancelled'), ...of('Abandoned')].sort((x, y) => x.record.index - y.record.index);
  for (const [some, what, sign] of [
    [rest.filter(({ ms }) => ms !== undefined), 'cancelled', symbols.cancelled(look)],
    [rest.filter(({ ms }) => ms === undefined), 'never started', symbols.abandoned(look)],
  ] as const) {
    if (some.length > 0) rows.push(`${sign} ${listed(`${some.length} ${what}`, some, width - 2, look)}`);
  }
  return rows;
}

/** How long tasks took. */
function pace(tasks: readonly EndedTask[]): string[] {
  const sorted = tasks.filter(({ ms }) => ms !== undefined).toSorted((a, b) => (a.ms ?? 0) - (b.ms ?? 0));
  const slowest = sorted.at(-1);
  if (!slowest || sorted.length < 2) return [];
  const median = sorted[(sorted.length - 1) >> 1]?.ms ?? 0;
  return [`median ${formatSpan(median)}`, `slowest task ${slowest.record.index} with ${formatSpan(slowest.ms ?? 0)}`];
}

/** Tasks below each other, and side by side if they are many. */
function grid(tasks: readonly EndedTask[], { memory }: Ending, width: number): string[] {
  const all = aligned(
    tasks.map(({ record, ms }) => [
      `task ${record.index}`,
      ms === undefined ? '' : formatSpan(ms),
      formatMemory(memory(record)),
      record.retried > 0 ? counted(record.retried + 1, 'attempt') : '',
    ]),
    { right: 1, gap: 2 },
  );
  const most = Math.max(1, Math.floor((width - 2 + between.length) / ((all[0]?.length ?? 0) + between.length)));
  const columns = Math.min(most, Math.ceil(all.length / gridRows));
  const height = Math.ceil(all.length / columns);
  return Array.from({ length: height }, (_, y) =>
    `  ${all.filter((_cell, i) => i % height === y).join(between)}`.trimEnd(),
  );
}

const formatMemory = (memory: PeakMemory | undefined): string => (memory ? formatSize(memory.bytes) : '');

/** How the execution ended, in a line. */
function verdict({ execution, tasks }: RunResult, { by, memory }: Ending, width: number, look: Look): string {
  const { chalk } = look;
  const status = completionStatus(execution);
  const { taskCount, failedCount: failed = 0 } = execution;
  const start = execution.startTime ?? execution.createTime;
  const end = execution.completionTime;
  const retries = tasks.reduce((sum, { record }) => sum + record.retried, 0);
  const [sign, words, color] = ((): [sign: string, words: string, color: ChalkInstance] => {
    if (status === 'EXECUTION_SUCCEEDED') {
      return [symbols.succeeded(look), taskCount === 1 ? 'Succeeded' : `All ${taskCount} tasks succeeded`, chalk.green];
    }
    if (status === 'EXECUTION_CANCELLED') {
      return [symbols.cancelled(look), by === undefined ? 'Cancelled' : `Cancelled by ${by}`, chalk.yellow];
    }
    return [failedSign(look), failedWords(failed, taskCount), chalk.red];
  })();
  const facts = [
    shortName(execution.name),
    ...(end ? [formatSpan(epochMs(end) - epochMs(start))] : []),
    ...(status === 'EXECUTION_CANCELLED' && failed > 0 ? [`${failed} failed`] : []),
    ...(retries > 0 ? [counted(retries, 'retry')] : []),
    ...(taskCount === 1 ? tasks.map(({ record }) => memoryWords(memory(record))).filter(Boolean) : []),
  ];
  const rest = facts.map((fact) => ` ${signs(look).dot} ${fact}`).join('');
  return `${sign} ${color.bold(words)}${cut(rest, width - 2 - words.length, look)}`;
}

function failedWords(failed: number, taskCount: number): string {
  if (failed === 0) return 'Failed before a task was started';
  if (taskCount === 1) return 'Failed';
  return failed === taskCount ? `All ${taskCount} tasks failed` : `${failed} of ${taskCount} tasks failed`;
}

/** `1 attempt`, `2 retries` */
const counted = (count: number, noun: string): string =>
  `${count} ${count === 1 ? noun : noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`}`;
