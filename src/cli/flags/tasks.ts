import { shortName } from '../../model/names.js';
import { parseIndexes, type TaskSelection } from '../../model/task-selection.js';
import { failedTasks } from '../../service/run-job.js';
import type { Call } from '../../service/service.js';
import { UsageError } from '../errors.js';
import { checkExclusive } from './exclusive.js';
import { type Flag, flag, headings } from './flag.js';

/** The flags that run some tasks of a job only; Cloud Run has none of them. */
export interface TaskFlags {
  task?: number[];
  failedOf?: string;
  lastFailed?: boolean;
}

const group = headings.someTasks;

function indexesFlag(text: string): number[] {
  const indexes = parseIndexes(text);
  if (indexes) return indexes;
  throw new UsageError(`argument --task: ${JSON.stringify(text)} does not list indexes of tasks as 3,7-9 does`);
}

export const taskFlags: readonly Flag[] = [
  flag('--task <indexes>', 'only these tasks, e.g. 3,7-9', { group, parse: indexesFlag }),
  flag('--failed-of <execution>', 'only the tasks that failed in this execution', { group }),
  flag('--last-failed', "only the tasks that failed in the job's latest execution", { group }),
];

/** @throws UsageError for flags that exclude each other */
export const checkTaskFlags = (options: TaskFlags): void =>
  checkExclusive({ ...options }, [[['--task'], ['--failed-of'], ['--last-failed']]]);

/** The tasks that the flags select; undefined: all. @throws StatusError as `failedTasks` */
export function selectedTasks(
  call: Call,
  { task, failedOf, lastFailed }: TaskFlags,
  job: string,
): TaskSelection | undefined {
  if (task) return { indexes: task };
  return failedOf !== undefined || lastFailed ? failedTasks(call, job, failedOf && shortName(failedOf)) : undefined;
}
