import { endingOf } from '../../model/attempt.js';
import { completionStatus, conditionOf } from '../../model/execution.js';
import type { Execution } from '../../model/schema/job.js';
import type { TaskRecord } from '../../model/task.js';
import { jobName, parseName, shortName } from '../../model/names.js';
import { failureTail, peakMemory, type PeakMemory, runResult, type TailLine } from '../../service/run-result.js';
import type { Call } from '../../service/service.js';
import { firstStarts, tasksOf } from '../../service/tasks.js';
import type { Context } from '../command/context.js';
import { boundedGrid, boundedTable } from './bounded-table.js';
import { isLive } from './live/painter.js';
import { runEnd } from './run-end.js';
import { memoryNotes } from './usage.js';
import { completionRows, resultColumns } from './columns.js';
import { commandLine } from '../errors.js';

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

/** How wide the end of a run is where there is no terminal: longer lines are cut. */
const plainWidth = 1000;

/**
 * The end of a run for stderr: what failed and why, the verdict, and the commands to go on with.
 * @param by who has cancelled the execution, if known
 */
export function ending(context: Context, service: Call, execution: Execution, by?: string): string {
  const { io, defaults } = context;
  const result = runResult(service, execution);
  const [failed] = result.failures[0]?.tasks ?? [];
  const { name, taskCount } = execution;
  const line = (command: string, args: string[], resource = name): string =>
    commandLine({ command, resource, args }, defaults);
  const next: [what: string, command: string][] = [];
  if (failed && taskCount > 1) {
    next.push(['again', line('jobs run', ['--failed-of', shortName(name)], jobName(parseName(name), execution.job))]);
  }
  if (failed) next.push(['logs', line('jobs executions logs read', ['--task', String(failed.record.index)])]);
  else if (completionStatus(execution) !== 'EXECUTION_SUCCEEDED')
    next.push(['see', line('jobs executions describe', [])]);
  const tail = (task: TaskRecord, count: number): TailLine[] => failureTail(service, execution, task, count);
  const width = isLive(io) ? io.err.columns : plainWidth;
  const memory = (task: TaskRecord): PeakMemory | undefined => peakMemory(service, execution, task);
  const notes = memoryNotes(service, execution);
  return runEnd(result, { tail, memory, notes, by, next }, width, io.err);
}
