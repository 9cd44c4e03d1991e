import { completionStatus } from '../../../model/execution.js';
import { printable } from '../../../model/printable.js';
import { formatSize } from '../../../model/quantity.js';
import { formatSpan } from '../../../model/time.js';
import type { Execution } from '../../../model/schema/job.js';
import type { ExecutionReport } from '../../../service/execution-report.js';
import type { TaskAttempts } from '../../../service/task-tail.js';
import { annotation, shownErrors } from '../workflow-commands.js';
import { attemptFailure, idOf, isFlaky, secondsBetween, secondsOf, taskFailure, verdict } from './results.js';

/** The most rows of the summary's table, the most tasks whose output it shows, and the last lines of each. */
const shownTasks = 50;
const shownOutputs = 10;
const shownLines = 10;
const shownLetters = 500;

/** Commands that show the failed tasks of an execution as errors of the step; none if it has succeeded. */
export function errorCommands(report: ExecutionReport): string {
  const { execution } = report;
  if (completionStatus(execution) === 'EXECUTION_SUCCEEDED') return '';
  const failed = failedTasks(report);
  const error = (title: string, text: string): string => annotation('error', { title }, text);
  const title = `${execution.job}: ${verdict(execution)}`;
  if (failed.length === 0) return error(execution.job, verdict(execution));
  const shown = failed.slice(0, failed.length > shownErrors ? shownErrors - 1 : shownErrors);
  const errors = shown.map((of) => error(title, [sentenceOf(of, execution), ...linesOf(report, of)].join('\n')));
  const others = failed.length - shown.length;
  return errors.join('') + (others > 0 ? error(title, `and ${others} more failed tasks`) : '');
}

/** A job summary in Markdown: the result, the failed tasks, and what they have written last. */
export function jobSummary(report: ExecutionReport): string {
  const { execution } = report;
  const { createTime, completionTime, job } = execution;
  const failed = failedTasks(report);
  const mark = completionStatus(execution) === 'EXECUTION_SUCCEEDED' ? '✅' : '❌';
  const seconds = secondsBetween(createTime, completionTime);
  const parts = [
    `### ${mark} ${markdown(job)}: ${markdown(verdict(execution))}\n`,
    `Execution ${markdown(idOf(execution))}${seconds === undefined ? '' : `, ${formatSpan(seconds * 1000)}`}.\n`,
  ];
  const flaky = report.tasks.filter(isFlaky).map(({ task }) => task.index);
  if (flaky.length > 0) {
    const some = flaky.slice(0, shownTasks).join(', ') + (flaky.length > shownTasks ? ', …' : '');
    parts.push(`Succeeded only after a retry: ${flaky.length === 1 ? 'task' : 'tasks'} ${some}.\n`);
  }
  if (failed.length === 0) return `${parts.join('\n')}\n`;
  const measured = failed.some((of) => peakOf(of) !== undefined);
  const row = (cells: readonly string[], peak: string): string =>
    `| ${[...cells, ...(measured ? [peak] : [])].join(' | ')} |`;
  const rows = failed.slice(0, shownTasks).map((of) => {
    const { task, attempts } = of;
    const peak = peakOf(of);
    const cells = [String(task.index), String(attempts.length), formatSpan(secondsOf(of) * 1000), whyOf(of, execution)];
    return row(cells.map(markdown), peak === undefined ? '' : markdown(formatSize(peak)));
  });
  const head = [row(['Task', 'Attempts', 'Took', 'Why'], 'Peak memory'), row(['---:', '---:', '---:', '---'], '---:')];
  parts.push([...head, ...rows, ''].join('\n'));
  if (failed.length > shownTasks) parts.push(`and ${failed.length - shownTasks} more failed tasks\n`);
  for (const of of failed.slice(0, shownOutputs)) {
    const lines = linesOf(report, of);
    if (lines.length > 0) parts.push(output(`Task ${of.task.index}, attempt ${of.attempts.length}`, lines));
  }
  return `${parts.join('\n')}\n`;
}

/** The tasks that have not succeeded, those that failed first. */
const failedTasks = ({ tasks }: ExecutionReport): TaskAttempts[] => [
  ...tasks.filter(({ task }) => task.state === 'Failed'),
  ...tasks.filter(({ task, attempts }) => attempts.length > 0 && task.state !== 'Failed' && task.state !== 'Succeeded'),
];

function whyOf(of: TaskAttempts, execution: Execution): string {
  const last = of.attempts.at(-1);
  return ((last && attemptFailure(last, execution)) ?? taskFailure(of, execution)).message;
}

/** The most memory that a container of its attempts has used, in bytes; undefined if that is not known. */
function peakOf({ attempts }: TaskAttempts): number | undefined {
  const peaks = attempts.flatMap(({ usage = {} }) =>
    Object.values(usage).map(({ peakMemoryBytes = 0 }) => peakMemoryBytes),
  );
  return Math.max(0, ...peaks) || undefined;
}

function sentenceOf(of: TaskAttempts, execution: Execution): string {
  const { template } = execution;
  const attempts = `attempt ${of.attempts.length} of ${(template.maxRetries ?? 0) + 1}`;
  return `task ${of.task.index} ${whyOf(of, execution)} (${attempts})`;
}

/** The last lines of the last attempt, as they can be shown. */
function linesOf(report: ExecutionReport, { task, attempts }: TaskAttempts): string[] {
  const last = attempts.at(-1);
  const lines = last ? report.lastLines(task.index, last.attempt, shownLines) : [];
  return lines.map((line) => {
    const letters = printable(line, false);
    return letters.length > shownLetters ? `${letters.slice(0, shownLetters)}…` : letters;
  });
}

/** Lines as they are, behind a title that unfolds them. */
function output(title: string, lines: readonly string[]): string {
  const text = lines.join('\n');
  const longest = (text.match(/`+/g) ?? []).reduce((most, { length }) => Math.max(most, length), 2);
  const fence = '`'.repeat(longest + 1);
  return `<details><summary>${title}: last lines</summary>\n\n${fence}text\n${text}\n${fence}\n\n</details>\n`;
}

/** A text that Markdown shows as it is, on one line. */
const markdown = (text: string): string =>
  printable(text, false)
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[!-/:-@[-`{-~]/g, String.raw`\$&`);
