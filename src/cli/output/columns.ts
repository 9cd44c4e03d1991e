import { completionStatus } from '../../model/execution.js';
import { parseName, shortName } from '../../model/names.js';
import type { Execution, Job } from '../../model/schema/job.js';
import type { TaskRecord } from '../../model/task.js';
import { epochMs, formatSpan, type Timestamp } from '../../model/time.js';
import type { TaskView } from '../../service/tasks.js';
import { executionSymbol, jobSymbol, type Look, taskSymbol } from './symbols.js';
import type { Column } from './table.js';

/** `2026-11-23 21:45:03 UTC`, as in gcloud's tables, regardless of TZ. */
export const shownTime = (time: Timestamp | undefined): string =>
  time ? `${time.slice(0, 10)} ${time.slice(11, 19)} UTC` : '';

/**
 * The columns of gcloud's tables, for `--format`: a key that is a column inherits its label and its functions, and can be
 * named by the label.
 */
export const projections = {
  job: `ready_symbol:label="",name:label=JOB,region:label=REGION,status.latestCreatedExecution.creationTimestamp.date("%Y-%m-%d %H:%M:%S %Z"):label="LAST RUN AT",creation_timestamp.date("%Y-%m-%d %H:%M:%S %Z"):label=CREATED,author:label="CREATED BY"`,
  execution: `ready_symbol:label="",job_name:label=JOB,name:label=EXECUTION,region:label=REGION,status.runningCount.yesno(no="0"):label=RUNNING,succeeded_status:label=COMPLETE,creation_timestamp.date("%Y-%m-%d %H:%M:%S %Z"):label=CREATED,author:label="RUN BY"`,
  task: `ready_symbol:label="",index,running_state:label=STATE,name:label=TASK,start_time.date("%Y-%m-%d %H:%M:%S %Z"):label=STARTED,completion_time.date("%Y-%m-%d %H:%M:%S %Z"):label=COMPLETED,retries`,
} as const;

/** Sorted by name, as the service lists them. */
export const jobColumns = (look: Look): Column<Job>[] => [
  { header: '', value: (job) => jobSymbol(job, look) },
  { header: 'JOB', value: ({ name }) => shortName(name) },
  { header: 'REGION', value: ({ name }) => parseName(name).location },
  { header: 'LAST RUN AT', value: ({ latestCreatedExecution }) => shownTime(latestCreatedExecution?.createTime) },
  { header: 'CREATED', value: ({ createTime }) => shownTime(createTime) },
  { header: 'CREATED BY', value: ({ creator }) => creator },
];

/** @param now the time in ms for the column DURATION, which gcloud does not have */
export const executionColumns = (look: Look, now?: number): Column<Execution>[] => [
  { header: '', value: (execution) => executionSymbol(execution, look) },
  { header: 'JOB', value: ({ job }) => job },
  { header: 'EXECUTION', value: ({ name }) => shortName(name) },
  { header: 'REGION', value: ({ name }) => parseName(name).location },
  { header: 'RUNNING', value: ({ runningCount }) => String(runningCount ?? 0) },
  { header: 'COMPLETE', value: succeeded },
  ...(now === undefined ? [] : [{ header: 'DURATION', value: (of: Execution) => executionDuration(of, now) }]),
  { header: 'CREATED', value: ({ createTime }) => shownTime(createTime) },
  { header: 'RUN BY', value: ({ creator }) => creator ?? '' },
];

/** @param onCluster whether the tasks have nodes */
export const taskColumns = (look: Look, onCluster = false): Column<TaskView>[] => [
  { header: '', value: ({ record }) => taskSymbol(record, look) },
  { header: 'INDEX', value: ({ record }) => String(record.index) },
  { header: 'STATE', value: ({ record }) => shownState(record) },
  { header: 'TASK', value: ({ task }) => shortName(task.name) },
  { header: 'STARTED', value: ({ record }) => shownTime(record.startTime) },
  { header: 'COMPLETED', value: ({ record }) => shownTime(record.completionTime) },
  { header: 'RETRIES', value: ({ record }) => (record.startTime ? String(record.retried) : '') },
  ...(onCluster ? [nodeColumn, { header: 'WAITS FOR', value: ({ place }: TaskView) => place?.waiting ?? '' }] : []),
];

const nodeColumn: Column<TaskView> = { header: 'NODE', value: ({ place }) => place?.node ?? '' };

/** The number of succeeded tasks, of all. */
export const succeeded = ({ succeededCount = 0, taskCount }: Execution): string => `${succeededCount} / ${taskCount}`;

export const shownState = ({ state }: TaskRecord): string => (state === 'Scheduled' ? 'Pending' : state);

/**
 * The result of each task at the end of a run.
 * @param started when the first attempt of each task started
 */
export const resultColumns = (
  look: Look,
  started: ReadonlyMap<number, Timestamp>,
  onCluster = false,
): Column<TaskView>[] => [
  { header: '', value: ({ record }) => taskSymbol(record, look) },
  { header: 'INDEX', value: ({ record }) => String(record.index) },
  { header: 'STATE', value: ({ record }) => shownState(record) },
  { header: 'RETRIES', value: ({ record }) => String(record.retried) },
  { header: 'DURATION', value: ({ record }) => duration(started.get(record.index), record.completionTime) },
  ...(onCluster ? [nodeColumn] : []),
  { header: 'RESULT', value: ({ record }) => shownResult(record) },
];

/** How long an execution took, or how long it has been running by now. */
function executionDuration({ createTime, startTime, completionTime }: Execution, now: number): string {
  if (completionTime) return duration(startTime ?? createTime, completionTime);
  return startTime ? formatSpan(Math.floor((now - epochMs(startTime)) / 1000) * 1000) : '';
}

const duration = (start: Timestamp | undefined, end: Timestamp | undefined): string =>
  start && end ? formatSpan(epochMs(end) - epochMs(start)) : '';

/** How a task ended, in a few words. */
export function shownResult({ state, lastAttemptResult }: TaskRecord): string {
  if (state === 'Abandoned') return 'never started';
  if (!lastAttemptResult) return '';
  const { status, exitCode, termSignal } = lastAttemptResult;
  // Start failures, and the sidecar that ended the task.
  if (status?.message && /^(Application|Container ")/.test(status.message)) return status.message;
  if (exitCode) return `exit code ${exitCode}`;
  if (termSignal) return `signal ${termSignal}`;
  return status?.message ?? 'exit code 0';
}

/** The execution at the end of a run, one field per line, to fit any terminal. */
export const completionRows = (execution: Execution): [field: string, value: string][] => [
  ['EXECUTION', shortName(execution.name)],
  ['COMPLETION STATUS', completionStatus(execution)],
  ['TASKS', String(execution.taskCount)],
  ['SUCCEEDED', String(execution.succeededCount ?? 0)],
  ['FAILED', String(execution.failedCount ?? 0)],
  ['CANCELLED', String(execution.cancelledCount ?? 0)],
  ['RETRIED', String(execution.retriedCount ?? 0)],
  ['DURATION', duration(execution.startTime ?? execution.createTime, execution.completionTime)],
];
