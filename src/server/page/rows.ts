import { completionStatus } from '../../model/execution.js';
import { entryText, type LogEntry } from '../../model/log-entry.js';
import type { Execution, Job } from '../../model/schema/job.js';
import { ExecutionMessage, JobMessage } from '../../model/schema/job.js';
import { epochMs } from '../../model/time.js';
import type { TaskAttempts } from '../../service/task-tail.js';
import type { ExecutionRow, ExecutionView, JobRow, LogRow, TaskRow } from '../../page/data.js';
import { toJson } from '../proto-json.js';

/** Resources as the page shows them. */

export function executionRow(execution: Execution): ExecutionRow {
  const { name, job, createTime, startTime, completionTime, taskCount } = execution;
  const { runningCount = 0, succeededCount = 0, failedCount = 0, cancelledCount = 0 } = execution;
  return {
    ...{ name, job, createTime, startTime, completionTime, taskCount },
    status: completionStatus(execution),
    counts: { running: runningCount, succeeded: succeededCount, failed: failedCount, cancelled: cancelledCount },
  };
}

export function jobRow({ name, template, updateTime, executionCount = 0, latestCreatedExecution }: Job): JobRow {
  const { name: id, completionStatus: status, createTime } = latestCreatedExecution ?? {};
  return {
    ...{ name, updateTime, executionCount },
    images: template.template.containers.map(({ image }) => image),
    taskCount: template.taskCount || 1,
    ...(id && status && createTime && { latest: { id, status, createTime } }),
  };
}

export const jobJson = (job: Job): Job => toJson(JobMessage, job) as unknown as Job;

export const executionView = (execution: Execution, job: Job | undefined): ExecutionView => ({
  execution: toJson(ExecutionMessage, execution) as unknown as Execution,
  row: executionRow(execution),
  ...(job && { job: jobJson(job) }),
});

export const taskRow = ({ task, attempts }: TaskAttempts): TaskRow => ({
  index: task.index,
  state: task.state,
  attempts: attempts.map(({ createTime, startTime, endTime, outcome, node, waiting, usage }) => ({
    created: ms(createTime),
    ...(startTime !== undefined && { started: ms(startTime) }),
    ...(endTime !== undefined && { ended: ms(endTime) }),
    ...(outcome && { code: outcome.code }),
    ...(outcome?.message && { message: outcome.message }),
    ...(outcome?.exitCode && { exitCode: outcome.exitCode }),
    ...(outcome?.termSignal && { signal: outcome.termSignal }),
    ...(node !== undefined && { node }),
    ...(waiting !== undefined && { waiting }),
    ...(usage && { usage }),
  })),
});

const ms = (time: string): number => Math.round(epochMs(time));

export function logRow(entry: LogEntry): LogRow {
  const { timestamp: time, severity, labels, logName, jsonPayload } = entry;
  const log = logName.slice(logName.lastIndexOf('%2F') + 3);
  const task = labels['run.googleapis.com/task_index'];
  const attempt = labels['run.googleapis.com/task_attempt'];
  const container = labels['container_name'];
  return {
    time,
    log: log === 'stdout' || log === 'stderr' ? log : 'system',
    text: entryText(entry),
    ...(severity && { severity }),
    ...(task !== undefined && { task: Number(task) }),
    ...(attempt !== undefined && { attempt: Number(attempt) }),
    ...(container !== undefined && { container }),
    ...(jsonPayload && { json: JSON.stringify(jsonPayload, null, 2) }),
  };
}
