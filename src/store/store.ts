import type { AttemptRecord } from '../model/attempt.js';
import type { RuntimeIdentity } from '../model/runtime-identity.js';
import type { Policy } from '../model/iam/policy.js';
import type { LocalSettings } from '../model/local/settings.js';
import type { Lease, Owner } from '../model/lease.js';
import type { Parent } from '../model/names.js';
import type { OperationMethod, OperationResource } from '../model/operation.js';
import type { Execution, Job } from '../model/schema/job.js';
import type { TaskRecord, TaskState } from '../model/task.js';
import type { Timestamp } from '../model/time.js';
import type { UsedAttempt } from '../model/usage.js';

/** The position of a resource in a listing. */
export interface Position {
  /** The value that the listing is ordered by. */
  key: string;
  /** Counts creations, since several can have the same time. */
  number: number;
}

export interface Listed<T> {
  resource: T;
  position: Position;
}

export interface ListQuery {
  project: string;
  location?: string | undefined;
  /** Includes deleted resources that have not expired at this time. */
  deletedAt?: Timestamp | undefined;
  /** Only resources after this position. */
  after?: Position | undefined;
  limit?: number | undefined;
}

export interface JobQuery extends ListQuery {
  /** By name, then by location. Unset: newest first. */
  byName?: boolean | undefined;
}

export interface ExecutionQuery extends ListQuery {
  /** The job's name. */
  job?: string | undefined;
  /** By the start time of the first attempt, with executions that have not started first. Unset: newest first. */
  byStart?: boolean | undefined;
}

/** Thrown by a write of an owner whose lease another process has taken over: it must stop and touch nothing. */
export class LeaseLost extends Error {
  override name = 'LeaseLost';
}

/** A project and location, and its number of matching resources. */
export interface Place extends Parent {
  count: number;
}

export interface JobStore {
  job(name: string): Job | undefined;
  jobs(query: JobQuery): Listed<Job>[];
  /** The places of all jobs, or of jobs with this id. */
  jobPlaces(id?: string): Place[];
  /** The number of jobs in a project and location. */
  jobCount(project: string, location: string): number;
  /** Creates or replaces. */
  saveJob(job: Job): void;
  /** The IAM policy of a job, which is deleted with the job; undefined if none was ever set. */
  policy(job: string): Policy | undefined;
  savePolicy(job: string, policy: Policy): void;
}

/** The number of executions that a job ever had, and the newest of them, even if deleted, until it expires. */
export interface ExecutionsMade {
  count: number;
  latest: Execution | undefined;
}

export interface ExecutionStore {
  execution(name: string): Execution | undefined;
  /** Finds an execution by its id, which is unique in a project and location. */
  findExecution(project: string, location: string, id: string): Execution | undefined;
  executions(query: ExecutionQuery): Listed<Execution>[];
  /** The places of all executions, or of those with this id, or of those of jobs with this id. */
  executionPlaces(which?: { id?: string | undefined; job?: string | undefined }): Place[];
  /** The executions of each of these jobs, in the order of the jobs. */
  executionsMade(jobs: readonly string[]): ExecutionsMade[];
  /** Creates an execution without tasks, and counts it for the job. */
  createExecution(execution: Execution, settings: LocalSettings): void;
  saveExecution(execution: Execution): void;
  /** The container engine that has its containers; undefined until it has one. */
  engine(execution: string): RuntimeIdentity | undefined;
  saveEngine(execution: string, engine: RuntimeIdentity): void;
  /** The image ids that the execution's references stand for, once resolved. */
  images(execution: string): Record<string, string>;
  /** What this machine contributes to the execution. */
  settings(execution: string): LocalSettings;
  saveImages(execution: string, images: Record<string, string>): void;
  /** The names of executions that have not ended, in all projects or in one project and location. */
  openExecutions(parent?: Parent): string[];
  /** Ended executions of a job beyond the newest `keep`. */
  surplusExecutions(job: string, keep: number): string[];
  /** Ended executions whose logs have not been measured yet. */
  unmeasuredLogs(): string[];
  /** 0: there are no logs, or no longer any. */
  saveLogSize(execution: string, bytes: number): void;
  /**
   * Executions whose logs must be removed: those that ended before a time, and the oldest beyond a total size in bytes.
   */
  surplusLogs(most: { before: Timestamp | undefined; bytes: number | undefined }): string[];

  /** Requests a cancellation; false if the execution has ended. */
  requestCancel(name: string, time: Timestamp): boolean;
  cancelRequested(name: string): boolean;
  /** Requests the deletion of an execution, and its cancellation if it has not ended. */
  requestDeletion(name: string, time: Timestamp): void;
  /** Whether the deletion of the execution, or of its job, was requested. */
  deletionRequested(name: string): boolean;
  /** Removes an execution, its tasks and its operations without a tombstone. */
  removeExecution(name: string): void;
}

/** Deleted resources, until they expire. Of an execution only the resource itself is kept. */
export interface TombstoneStore {
  /** The job of that name that was deleted last, unless it has expired at `now`. */
  deletedJob(name: string, now: Timestamp): Job | undefined;
  deletedExecution(project: string, location: string, id: string, now: Timestamp): Execution | undefined;
  /** Jobs and executions whose deletion was requested and has nothing left to wait for. */
  doomed(): { jobs: Job[]; executions: Execution[] };
  /** Replaces a stored resource by its tombstone. A job must have no executions left. */
  buryJob(job: Job): void;
  buryExecution(execution: Execution): void;
  /** Removes what has expired at `now`. */
  purge(now: Timestamp): void;
}

/** An operation, and its resource in its current state or, if deleted, in its last one. */
export interface OperationRecord {
  /** The number of the operation, in order of creation. */
  number: number;
  name: string;
  method: OperationMethod;
  resource: OperationResource;
  deleted: boolean;
}

export interface OperationStore {
  /** For the job or execution named `resource`. The operation is removed with it, or with its tombstone. */
  createOperation(name: string, method: OperationMethod, kind: OperationResource['kind'], resource: string): void;
  operation(name: string): OperationRecord | undefined;
  /** Newest first, before the number `after`. */
  operations(query: {
    project: string;
    location?: string | undefined;
    after?: number | undefined;
    limit: number;
  }): OperationRecord[];
  /** False if there is no such operation. */
  removeOperation(name: string): boolean;
}

/** The record of something that has ended, or was deleted. */
export interface Remains {
  kind: 'execution' | 'deleted execution' | 'deleted job';
  /** Unique among those of its kind. */
  number: number;
  name: string;
  /** When it ended or was deleted. */
  time: Timestamp;
  recordBytes: number;
  /** Undefined if the logs have not been measured yet. */
  logBytes: number | undefined;
  /** For an execution: its position among the ended ones of its job, counted from the newest. */
  place: number | undefined;
}

export interface RemainsStore {
  /** Oldest first. */
  remains(): Remains[];
  /** False if it no longer exists. */
  removeRemains(remains: Remains): boolean;
  /** Gives the space of what was removed back to the file system, and returns the bytes. */
  shrink(): number;
}

/** Tasks and their attempts; `execution` is the execution's full name. */
export interface TaskStore {
  task(execution: string, index: number): TaskRecord | undefined;
  /** Sorted by index. */
  tasks(execution: string, states?: readonly TaskState[], page?: { after?: number; limit: number }): TaskRecord[];
  /** Pending tasks in the order in which they get a slot: retries first, then by index. */
  readyTasks(execution: string, limit: number): TaskRecord[];
  firstFailed(execution: string): TaskRecord | undefined;
  /** When the last task ended. */
  lastCompletion(execution: string): Timestamp | undefined;
  /** When the first attempts of tasks started, by index; retries do not count. */
  firstStarts(execution: string): ReadonlyMap<number, Timestamp>;
  saveTask(execution: string, task: TaskRecord): void;

  /** All attempts of a task, or of all tasks, oldest first. */
  attempts(execution: string, task?: number): AttemptRecord[];
  /** What the attempts of tasks, all or from one to another, have used, as far as that is known; oldest first. */
  usages(execution: string, tasks?: { from: number; to: number }): UsedAttempt[];
  /** Attempts whose end is not recorded. */
  openAttempts(execution: string): AttemptRecord[];
  saveAttempt(execution: string, attempt: AttemptRecord): void;
}

export interface LeaseStore {
  lease(execution: string): Lease | undefined;
  /** Makes `owner` the process that runs the execution, unless another one does that is `alive`. */
  acquireLease(execution: string, owner: Owner, now: number, alive: (lease: Lease) => boolean): boolean;
  /** Runs `body` in a transaction. @throws LeaseLost if `owner` no longer holds the lease. */
  guarded<T>(execution: string, owner: Owner, body: () => T): T;
  /** @throws LeaseLost */
  heartbeat(execution: string, owner: Owner, now: number): void;
  /** Passes a lease to another process, by its token. */
  passLease(execution: string, token: string, to: Pick<Owner, 'pid' | 'processStart'>): void;
  releaseLease(execution: string, token: string): void;
}

/**
 * Jobs, executions, tasks, attempts, operations, and which process runs which execution. Synchronous; every write is one
 * transaction, durable against the death of the process, and safe among several processes.
 */
export interface Store
  extends JobStore, ExecutionStore, TombstoneStore, OperationStore, RemainsStore, TaskStore, LeaseStore {
  /** Groups reads and writes into one transaction. Nested calls join the outer one. */
  transaction<T>(body: () => T): T;
  /** Changes whenever a process has written. */
  version(): string;
  /**
   * False if the store cannot be written, for lack of space or permission. Reads then return its state at the time of
   * opening.
   */
  writable: boolean;
  close(): void;
}
