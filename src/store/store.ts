import type { AttemptRecord } from '../model/attempt.js';
import type { LocalSettings } from '../model/local/settings.js';
import type { Execution, Job } from '../model/schema/job.js';
import type { TaskRecord, TaskState } from '../model/task.js';
import type { Timestamp } from '../model/time.js';

/** Who runs an execution; the token tells apart two terms of the same process. */
export interface Owner {
  token: string;
  pid: number;
  /** When the process started, in a form that differs from any other process's with that pid. */
  processStart: string;
}

export interface Lease extends Owner {
  /** The last sign of life, ms since 1970. */
  heartbeat: number;
}

export interface ExecutionQuery {
  project: string;
  location?: string | undefined;
  /** The job's id. */
  job?: string | undefined;
}

/** Thrown by a write of an owner whose lease somebody else has taken over: it must stop and touch nothing. */
export class LeaseLost extends Error {
  override name = 'LeaseLost';
}

export interface JobStore {
  job(name: string): Job | undefined;
  /** Jobs of a project, in all locations or one, sorted by name. */
  jobs(project: string, location?: string): Job[];
  /** Creates or replaces. */
  saveJob(job: Job): void;
  /** Deletes the job with its executions. */
  deleteJob(name: string): void;
  /** Executions created, deleted ones included. */
  executionCount(job: string): number;
}

export interface ExecutionStore {
  execution(name: string): Execution | undefined;
  /** Finds by the short id, which is unique in a project and location. */
  findExecution(project: string, location: string, id: string): Execution | undefined;
  /** Newest first. */
  executions(query: ExecutionQuery): Execution[];
  latestExecution(job: string): Execution | undefined;
  /** Creates an execution without tasks; counts it for the job. */
  createExecution(execution: Execution, settings: LocalSettings): void;
  saveExecution(execution: Execution): void;
  /** The image ids that the execution's references stand for, once they are resolved. */
  images(execution: string): Record<string, string>;
  /** What this machine adds to the execution. */
  settings(execution: string): LocalSettings;
  saveImages(execution: string, images: Record<string, string>): void;
  /** Names of the executions that have not ended, in all projects. */
  openExecutions(): string[];

  /** Asks for a cancellation; false if the execution has ended. */
  requestCancel(name: string, time: Timestamp): boolean;
  cancelRequested(name: string): boolean;
}

/** Tasks and their attempts; `execution` is the execution's full name. */
export interface TaskStore {
  task(execution: string, index: number): TaskRecord | undefined;
  /** Sorted by index. */
  tasks(execution: string, states?: readonly TaskState[]): TaskRecord[];
  /** Pending tasks in the order in which they get a slot: retries first, then by index. */
  readyTasks(execution: string, limit: number): TaskRecord[];
  firstFailed(execution: string): TaskRecord | undefined;
  /** When the last task to end has ended. */
  lastCompletion(execution: string): Timestamp | undefined;
  saveTask(execution: string, task: TaskRecord): void;

  /** All attempts of a task, or of all tasks, oldest first. */
  attempts(execution: string, task?: number): AttemptRecord[];
  /** Attempts whose end is not recorded. */
  openAttempts(execution: string): AttemptRecord[];
  saveAttempt(execution: string, attempt: AttemptRecord): void;
}

export interface LeaseStore {
  lease(execution: string): Lease | undefined;
  /** Makes `owner` the one who runs the execution, unless somebody is whom `alive` holds to be at work. */
  acquireLease(execution: string, owner: Owner, now: number, alive: (lease: Lease) => boolean): boolean;
  /** Runs `body` in a transaction. @throws LeaseLost if `owner` is not the one who runs the execution any more. */
  guarded<T>(execution: string, owner: Owner, body: () => T): T;
  /** @throws LeaseLost */
  heartbeat(execution: string, owner: Owner, now: number): void;
  releaseLease(execution: string, owner: Owner): void;
}

/**
 * What is kept: jobs, executions, tasks and attempts, and who runs which execution. Synchronous; every write is one
 * transaction, durable against the death of the process, and safe among several processes.
 */
export interface Store extends JobStore, ExecutionStore, TaskStore, LeaseStore {
  /** Several reads and writes as one; nothing else is written in between. Nested calls join the outer one. */
  transaction<T>(body: () => T): T;
  close(): void;
}
