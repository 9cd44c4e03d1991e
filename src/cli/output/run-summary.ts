import { endingOf } from '../../model/attempt.js';
import { completionStatus, conditionOf } from '../../model/execution.js';
import { seenAtLast } from '../../model/log-lines.js';
import type { Execution } from '../../model/schema/job.js';
import type { TaskRecord } from '../../model/task.js';
import { jobName, parseName, shortName } from '../../model/names.js';
import { lastLines, sidecarsOf } from '../../service/logs.js';
import type { Call } from '../../service/service.js';
import { firstStarts, tasksOf } from '../../service/tasks.js';
import type { Context } from '../command/context.js';
import { boundedGrid, boundedTable } from './bounded-table.js';
import { signs, symbols } from './symbols.js';
import { completionRows, resultColumns } from './columns.js';
import { commandLine } from '../errors.js';

/** The most failed tasks to show, and the last lines of each. */
const shownFailures = 3;
const shownLines = 3;

/** The result of an execution as tables for stdout. */
export async function summary({ io }: Context, service: Call, execution: Execution): Promise<string> {
  const started = firstStarts(service, execution.name);
  const views = tasksOf(service, execution);
  const onCluster = views.some(({ place }) => place);
  const tasks = await boundedTable(resultColumns(io.out, started, onCluster), views, io.out);
  return `${tasks}\n${await boundedGrid(completionRows(execution), io.out)}`;
}

/** The failure of a task in one line: `task 1 timed out after 4 s (attempt 1 of 1)`. */
function failureLine({ template }: Execution, { index, retried, lastAttemptResult }: TaskRecord): string {
  const { status, exitCode, termSignal } = lastAttemptResult ?? {};
  const ending = endingOf({ message: status?.message ?? '', exitCode, termSignal }, template.timeout);
  return `task ${index} ${ending} (attempt ${retried + 1} of ${(template.maxRetries ?? 0) + 1})`;
}

/** The reason of an execution's failure in one sentence. */
export function failureSentence(service: Call, execution: Execution): string {
  const [first, ...others] = tasksOf(service, execution, ['Failed']);
  if (completionStatus(execution) === 'EXECUTION_CANCELLED' || !first) {
    return conditionOf(execution, 'Completed')?.message ?? '';
  }
  const more =
    others.length === 0 ? '' : `, and ${others.length} more ${others.length === 1 ? 'task' : 'tasks'} failed`;
  return `${failureLine(execution, first.record).replace(/^t/, 'T')}${more}.`;
}

/** Prints the last lines of failed tasks and the next commands on stderr; nothing if no task has failed. */
export function postMortem({ io, defaults }: Context, service: Call, execution: Execution): void {
  const failed = tasksOf(service, execution, ['Failed']);
  if (completionStatus(execution) !== 'EXECUTION_FAILED' && failed.length === 0) return;
  const { chalk } = io.err;
  const say = (text: string): void => io.err.write(`${text}\n`);
  say('');
  if (failed.length === 0) say(`${symbols.failed(io.err)} ${failureSentence(service, execution)}`);
  for (const { record } of failed.slice(0, shownFailures)) {
    say(`${symbols.failed(io.err)} ${chalk.bold(failureLine(execution, record))}`);
    const { index: task, retried: attempt } = record;
    for (const container of [undefined, ...sidecarsOf(execution)]) {
      const lines = lastLines(service, execution.name, { task, attempt, container }, shownLines);
      const from = container === undefined ? '' : `${chalk.cyan(container)} `;
      for (const { text } of lines) say(`  ${from}${chalk.dim(signs(io.err).bar)} ${seenAtLast(text)}`);
    }
  }
  if (failed.length > shownFailures) say(`and ${failed.length - shownFailures} more failed tasks`);
  if (failed.length > 0 && execution.taskCount > 1) {
    const resource = jobName(parseName(execution.name), execution.job);
    const args = ['--failed-of', shortName(execution.name)];
    say(`Again: ${commandLine({ command: 'jobs run', resource, args }, defaults)}`);
  }
  const task = failed[0] ? ` --task ${failed[0].record.index}` : '';
  say(`Logs:  ${commandLine({ command: 'jobs executions logs read', resource: execution.name }, defaults)}${task}`);
  say(`See:   ${commandLine({ command: 'jobs executions describe', resource: execution.name }, defaults)}`);
}
