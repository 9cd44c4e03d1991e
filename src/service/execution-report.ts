import { seenAtLast } from '../model/log-lines.js';
import type { Execution } from '../model/schema/job.js';
import { authorize } from './authorization.js';
import { lastLines, sidecarsOf } from './logs.js';
import type { Call } from './service.js';
import { type TaskAttempts, TaskTail } from './task-tail.js';

/** An execution as it is now, with everything that a report says of it. */
export interface ExecutionReport {
  execution: Execution;
  /** By index. */
  tasks: readonly TaskAttempts[];
  /** The last lines that the containers of an attempt have written, at most `count` of each. */
  lastLines: (task: number, attempt: number, count: number) => string[];
}

/** Undefined if the execution has been deleted. @throws StatusError PERMISSION_DENIED */
export async function executionReport(call: Call, name: string): Promise<ExecutionReport | undefined> {
  authorize(call, 'run.executions.get', name);
  const execution = call.store.execution(name);
  if (!execution) return undefined;
  const tasks: TaskAttempts[] = [];
  for await (const some of new TaskTail(call).look(execution)) tasks.push(...some);
  const containers = [undefined, ...sidecarsOf(execution)];
  return {
    execution,
    tasks,
    lastLines: (task, attempt, count) =>
      containers.flatMap((container) =>
        lastLines(call, name, { task, attempt, container }, count).map(
          ({ text }) => (container === undefined ? '' : `${container}: `) + seenAtLast(text),
        ),
      ),
  };
}
