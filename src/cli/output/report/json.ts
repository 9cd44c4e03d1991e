import type { AttemptRecord } from '../../../model/attempt.js';
import { completionStatus, conditionOf } from '../../../model/execution.js';
import { parseName } from '../../../model/names.js';
import { durationSeconds } from '../../../model/time.js';
import type { ExecutionReport } from '../../../service/execution-report.js';
import type { TaskAttempts } from '../../../service/task-tail.js';
import { codeName, idOf, isFlaky, secondsBetween } from './results.js';

/** An execution with its tasks and attempts as JSON; schema/report.schema.json describes it. */
export function jsonReport({ execution, tasks }: ExecutionReport): string {
  const { project, location } = parseName(execution.name);
  const { createTime, startTime, completionTime, taskCount, parallelism, template } = execution;
  const { succeededCount = 0, failedCount = 0, cancelledCount = 0, retriedCount = 0 } = execution;
  const report = {
    version: 1,
    execution: {
      ...{ name: execution.name, id: idOf(execution), job: execution.job, project, region: location },
      status: completionStatus(execution),
      message: conditionOf(execution, 'Completed')?.message,
      ...{ createTime, startTime, completionTime },
      durationSeconds: secondsBetween(createTime, completionTime),
      ...{ taskCount, parallelism, maxRetries: template.maxRetries ?? 0 },
      timeoutSeconds: durationSeconds(template.timeout ?? ''),
      ...{ succeededCount, failedCount, cancelledCount, retriedCount },
      images: template.containers.map(({ image }) => image),
    },
    tasks: tasks.map(taskJson),
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}

function taskJson(of: TaskAttempts): object {
  const { index, state, startTime, completionTime } = of.task;
  return {
    ...{ index, state, flaky: isFlaky(of), startTime, completionTime },
    durationSeconds: secondsBetween(of.attempts[0]?.startTime, completionTime),
    attempts: of.attempts.map(attemptJson),
  };
}

function attemptJson({ attempt, createTime, startTime, endTime, node, outcome, usage }: AttemptRecord): object {
  return {
    ...{ attempt, createTime, startTime, endTime, durationSeconds: secondsBetween(startTime, endTime), node },
    ...(outcome && {
      code: codeName(outcome.code),
      exitCode: outcome.code === 0 ? 0 : outcome.exitCode,
      signal: outcome.termSignal,
      message: outcome.message || undefined,
    }),
    usage,
  };
}
