import { completionStatus } from '../../model/execution.js';
import { seenAtLast } from '../../model/log.js';
import { commandFor } from '../../model/names.js';
import type { Execution } from '../../model/schema/job.js';
import { lastLines, sidecarsOf } from '../../service/logs.js';
import type { ServiceDeps } from '../../service/service.js';
import { tasksOf } from '../../service/tasks.js';
import type { Context } from '../context.js';
import { grid, table } from './table.js';
import { completionRows, resultColumns, shownResult } from './tables.js';

/** How many failed tasks show their end, and how many lines of it. */
const shownFailures = 3;
const shownLines = 3;

/** What became of an execution, as tables for stdout. */
export function summary({ io }: Context, service: ServiceDeps, execution: Execution): string {
  const { chalk } = io.out;
  const tasks = table(resultColumns(chalk), tasksOf(service, execution));
  return `${tasks}\n${grid(completionRows(execution))}`;
}

/** The last words of tasks that failed and what to do next, for stderr; nothing after a success. */
export function postMortem({ io, defaults }: Context, service: ServiceDeps, execution: Execution): void {
  if (completionStatus(execution) !== 'EXECUTION_FAILED') return;
  const { chalk } = io.err;
  const say = (text: string): void => io.err.write(`${text}\n`);
  const message = execution.conditions?.find(({ type }) => type === 'Completed')?.message ?? '';
  say(`\n${chalk.red('✗')} ${message}`);
  const failed = tasksOf(service, execution, ['Failed']);
  for (const { record } of failed.slice(0, shownFailures)) {
    say(chalk.bold(`task ${record.index}: ${shownResult(record)}`));
    const { index: task, retried: attempt } = record;
    for (const container of [undefined, ...sidecarsOf(execution)]) {
      const lines = lastLines(service.logs, execution.name, { task, attempt, container }, shownLines);
      const from = container === undefined ? '' : `${chalk.cyan(container)} `;
      for (const { text } of lines) say(`  ${from}${chalk.dim('│')} ${seenAtLast(text)}`);
    }
  }
  if (failed.length > shownFailures) say(`and ${failed.length - shownFailures} more failed tasks`);
  const task = failed[0] ? ` --task ${failed[0].record.index}` : '';
  say(`Logs: ${commandFor('jobs executions logs read', execution.name, defaults)}${task}`);
  say(`See:  ${commandFor('jobs executions describe', execution.name, defaults)}`);
}
