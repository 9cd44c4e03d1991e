import type { ChalkInstance } from 'chalk';
import { completionStatus, conditionOf } from '../../model/execution.js';
import { shortName } from '../../model/names.js';
import { formatIndexes } from '../../model/task-selection.js';
import { isAtLeast } from '../../model/log-entry.js';
import type { TaskRecord, TaskState } from '../../model/task.js';
import { epochMs, formatSpan } from '../../model/time.js';
import type { EndedTask, Failure, RunResult, TailLine } from '../../service/run-result.js';
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

/** How many tasks that have succeeded are below each other. */
const gridRows = 5;

/** What the end of a run says besides its result. */
export interface Ending {
  /** The last lines of a failed task. */
  tail: (task: TaskRecord, count: number) => readonly TailLine[];
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
export function runEnd(result: RunResult, { tail, by, next }: Ending, width: number, look: Look): string {
  const blocks = [...failureBlocks(result, tail, width, look), othersBlock(result, width, look)];
  const told = blocks.filter(({ length }) => length > 0).map((rows) => [...rows, '']);
  const gap = Math.max(0, ...next.map(([what]) => what.length));
  const commands = next.map(([what, command]) => `  ${look.chalk.dim(what.padEnd(gap))}  ${command}`);
  const rows = [...told.flat(), ...verdict(result, by, width, look), ...commands];
  return rows.map((row) => `${row}\n`).join('');
}

function failureBlocks(result: RunResult, tail: Ending['tail'], width: number, look: Look): string[][] {
  const { execution, tasks, failures } = result;
  const { chalk } = look;
  const shown = failures.slice(0, someReasons);
  const most = tasks.length <= allTasks ? allTasks : Math.max(1, Math.floor(someTasks / shown.length));
  const count = Math.max(leastLines, Math.floor(lines / shown.length));
  const share = failures.length > 1 ? 1 : 2;
  const widths = tableWidths(shown.flatMap(({ tasks: failed }) => failed.slice(0, most)));
  const blocks = shown.map((failure, i) => {
    const rows = [
      ...reasonBlock(failure.reason, share * reasonRows, width, look),
      ...(execution.taskCount > 1 ? taskRows(failure, most, widths, width, look) : []),
    ];
    const [task] = failure.tasks;
    const last = task && i < toldReasons ? tail(task.record, count) : [];
    const said = last.length === 1 && failure.reason.endsWith(oneLine(last[0]?.text ?? '')) ? [] : last;
    const of =
      failure.tasks.length > 1 && said.length > 0 ? [chalk.dim(`  last lines of task ${task?.record.index}:`)] : [];
    return [...rows, ...of, ...said.flatMap((line) => tailRows(line, share * lineRows, width, look))];
  });
  const rest = failures
    .slice(someReasons)
    .flatMap(({ tasks: failed }) => failed)
    .sort((a, b) => a.record.index - b.record.index);
  if (rest.length > 0) {
    const reasons = failures.length - someReasons;
    const row = `and ${counted(reasons, 'other reason')} in ${counted(rest.length, 'task')}: ${indexes(rest)}`;
    blocks.push([`${symbols.failed(look)} ${cut(row, width - 2, look)}`]);
  }
  if (failures.length === 0 && completionStatus(execution) === 'EXECUTION_FAILED') {
    const message = conditionOf(execution, 'Completed')?.message ?? '';
    blocks.push(reasonBlock(message, share * reasonRows, width, look));
  }
  return blocks;
}

function reasonBlock(reason: string, most: number, width: number, look: Look): string[] {
  const rows = wrapped(oneLine(reason), width - 2, most, look);
  return rows.map((row, i) => `${i === 0 ? symbols.failed(look) : ' '} ${look.chalk.bold(row)}`);
}

/** The cells of a task: which, its attempts, how long it took. */
const cells = ({ record, ms }: EndedTask): string[] => [
  `task ${record.index}`,
  counted(record.retried + 1, 'attempt'),
  ms === undefined ? '' : formatSpan(ms),
];

const tableWidths = (tasks: readonly EndedTask[]): number[] =>
  tasks.map(cells).reduce((widths, row) => row.map((cell, i) => Math.max(widths[i] ?? 0, cell.length)), [] as number[]);

/** The tasks of a failure, at most so many, and the indexes of the others. */
function taskRows({ tasks }: Failure, most: number, widths: readonly number[], width: number, look: Look): string[] {
  const rows = tasks.slice(0, most).map((task) => {
    const [which = '', attempts = '', took = ''] = cells(task);
    const row = [which.padEnd(widths[0] ?? 0), attempts.padEnd(widths[1] ?? 0), took.padStart(widths[2] ?? 0)];
    return `  ${cut(row.join('   '), width - 2, look)}`;
  });
  const others = tasks.slice(most);
  if (others.length === 0) return rows;
  return [...rows, `  ${cut(`and ${others.length} more: ${indexes(others)}`, width - 2, look)}`];
}

const indexes = (tasks: readonly EndedTask[]): string => formatIndexes(tasks.map(({ record }) => record.index));

function tailRows({ container, text, severity }: TailLine, most: number, width: number, look: Look): string[] {
  const { chalk } = look;
  const name = container === undefined ? '' : `${container} `;
  const bar = `  ${chalk.cyan(name)}${chalk.dim(signs(look).bar)} `;
  const rows = wrapped(oneLine(text), width - widthOf(name) - 4, most, look);
  const severe = severity !== undefined && isAtLeast({ severity }, 'ERROR');
  return rows.map((row) => bar + (severe ? chalk.red(row) : row));
}

/** The tasks that did not fail: one by one if they are few, and how long they took. */
function othersBlock({ execution, tasks }: RunResult, width: number, look: Look): string[] {
  if (execution.taskCount === 1) return [];
  const of = (state: TaskState): EndedTask[] => tasks.filter(({ record }) => record.state === state);
  const succeeded = of('Succeeded');
  const rows: string[] = [];
  if (succeeded.length > 0) {
    const dot = ` ${signs(look).dot} `;
    const each = tasks.length <= allTasks ? grid(succeeded, width) : [];
    if (succeeded.length === tasks.length) {
      // The verdict says that they all have.
      rows.push(...each, `  ${cut(pace(succeeded).join(dot), width - 2, look)}`);
    } else {
      const head = [`${succeeded.length} succeeded`, ...pace(succeeded)].join(dot);
      rows.push(`${symbols.succeeded(look)} ${cut(head, width - 2, look)}`, ...each);
    }
  }
  for (const [state, what, sign] of [
    ['Cancelled', 'cancelled', symbols.cancelled(look)],
    ['Abandoned', 'never started', symbols.abandoned(look)],
  ] as const) {
    const some = of(state);
    if (some.length > 0) rows.push(`${sign} ${cut(`${some.length} ${what}: ${indexes(some)}`, width - 2, look)}`);
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
function grid(tasks: readonly EndedTask[], width: number): string[] {
  const gap = 3;
  const parts = tasks.map(({ record, ms }) => [
    `task ${record.index}`,
    ms === undefined ? '' : formatSpan(ms),
    record.retried > 0 ? counted(record.retried + 1, 'attempt') : '',
  ]);
  const wide = parts.reduce((most, row) => row.map((part, i) => Math.max(most[i] ?? 0, part.length)), [] as number[]);
  const [which = 0, took = 0, attempts = 0] = wide;
  const all = parts.map(
    ([a = '', b = '', c = '']) =>
      `${a.padEnd(which)}  ${b.padStart(took)}${attempts > 0 ? `  ${c.padEnd(attempts)}` : ''}`,
  );
  const most = Math.max(1, Math.floor((width - 2 + gap) / ((all[0]?.length ?? 0) + gap)));
  const columns = Math.min(most, Math.ceil(all.length / gridRows));
  const height = Math.ceil(all.length / columns);
  return Array.from({ length: height }, (_, y) =>
    `  ${all.filter((_cell, i) => i % height === y).join(' '.repeat(gap))}`.trimEnd(),
  );
}

/** How the execution ended, in a line. */
function verdict({ execution, tasks }: RunResult, by: string | undefined, width: number, look: Look): string[] {
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
    return [symbols.failed(look), failedWords(failed, taskCount), chalk.red];
  })();
  const facts = [
    shortName(execution.name),
    ...(end ? [formatSpan(epochMs(end) - epochMs(start))] : []),
    ...(status === 'EXECUTION_CANCELLED' && failed > 0 ? [`${failed} failed`] : []),
    ...(retries > 0 ? [counted(retries, 'retry')] : []),
  ];
  const rest = facts.map((fact) => ` ${signs(look).dot} ${fact}`).join('');
  return [`${sign} ${color.bold(words)}${cut(rest, width - 2 - words.length, look)}`];
}

function failedWords(failed: number, taskCount: number): string {
  if (failed === 0) return 'Failed before a task was started';
  if (taskCount === 1) return 'Failed';
  return failed === taskCount ? `All ${taskCount} tasks failed` : `${failed} of ${taskCount} tasks failed`;
}

/** `1 attempt`, `2 retries` */
const counted = (count: number, noun: string): string =>
  `${count} ${count === 1 ? noun : noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`}`;
