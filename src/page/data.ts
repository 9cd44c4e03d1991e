import type { CompletionStatus, Execution, Job } from '../model/schema/job.js';
import type { TaskState } from '../model/task.js';
import type { AttemptUsage } from '../model/usage.js';

/** What the server tells the page, as JSON. Times in numbers are ms since 1970. */

export interface ExecutionRow {
  /** The full name. */
  name: string;
  job: string;
  status: CompletionStatus;
  createTime: string;
  startTime?: string | undefined;
  completionTime?: string | undefined;
  taskCount: number;
  counts: TaskCounts;
}

export interface TaskCounts {
  running: number;
  succeeded: number;
  failed: number;
  cancelled: number;
}

export interface JobRow {
  name: string;
  images: string[];
  taskCount: number;
  updateTime: string;
  executionCount: number;
  latest?: { id: string; status: CompletionStatus; createTime: string } | undefined;
}

/** Event `overview`. */
export interface Overview {
  project: string;
  /** All projects that have jobs. */
  projects: string[];
  jobs: JobRow[];
  /** The newest ones. */
  executions: ExecutionRow[];
  /** Whether there are older executions. */
  more: boolean;
}

/** Event `job`. */
export interface JobView {
  job: Job;
  executions: ExecutionRow[];
  more: boolean;
}

/** Event `execution`. */
export interface ExecutionView {
  execution: Execution;
  row: ExecutionRow;
  /** Absent if the job was deleted. */
  job?: Job | undefined;
}

export interface AttemptRow {
  created: number;
  started?: number | undefined;
  ended?: number | undefined;
  /** Absent while it runs; 0 is success. */
  code?: number | undefined;
  message?: string | undefined;
  exitCode?: number | undefined;
  signal?: number | undefined;
  node?: string | undefined;
  /** Why it has not started yet. */
  waiting?: string | undefined;
  /** What its containers have used. */
  usage?: AttemptUsage | undefined;
}

/** Event `tasks`: those that have changed. */
export interface TaskRow {
  index: number;
  state: TaskState;
  attempts: AttemptRow[];
}

export interface LogRow {
  time: string;
  severity?: string | undefined;
  task?: number | undefined;
  attempt?: number | undefined;
  container?: string | undefined;
  log: 'stdout' | 'stderr' | 'system';
  text: string;
  /** The whole payload, if it is more than the text. */
  json?: string | undefined;
}

/** Event `logs`: the next entries. */
export interface LogBatch {
  entries: LogRow[];
  /** Older entries that are left out. */
  skipped?: number | undefined;
}

/** Event `problem`: what cannot be shown, and why. */
export interface Problem {
  message: string;
}

export type YamlVersion = 'v1' | 'v2';

/** What a page frozen into one file has instead of a server. */
export interface Frozen {
  view: ExecutionView;
  tasks: TaskRow[];
  logs: LogBatch;
  yaml: Record<YamlVersion, string>;
  /** When it was made. */
  time: string;
}
