import { type AttemptRecord, type EndedAttempt, judgeAttempt, type StopReason } from '../model/attempt.js';
import type { RuntimeIdentity } from '../model/runtime-identity.js';
import { cancelling, completed, counted, isCompleted, started, startedAt, withRunning } from '../model/execution.js';
import type { Execution } from '../model/schema/job.js';
import { type AttemptOutcome, attempted, cancelledTask, running, scheduled, type TaskRecord } from '../model/task.js';
import { onOurClock, timestamp, type Timestamp } from '../model/time.js';
import type { Store } from '../store/store.js';
import type { Owner } from '../model/lease.js';
import type { Placement } from '../runtime/port.js';

/**
 * The record of a running execution. Every step of a task, of its attempts and of the execution as a whole is one
 * transaction, which is refused (LeaseLost) once another process has resumed the execution.
 */
export class ExecutionRecord {
  readonly #store: Store;
  readonly #owner: Owner;
  readonly #now: () => number;
  /** Tasks whose slot is free although their result is still to come. They do not count as running. */
  readonly #settling = new Set<number>();
  #execution: Execution;

  /** @throws Error if the execution does not exist */
  constructor(name: string, store: Store, owner: Owner, now: () => number) {
    const execution = store.execution(name);
    if (!execution) throw new Error(`there is no execution ${name}`);
    this.#execution = withRunning(execution, store.tasks(name, ['Running']).length);
    this.#store = store;
    this.#owner = owner;
    this.#now = now;
  }

  get execution(): Execution {
    return this.#execution;
  }

  get time(): Timestamp {
    return timestamp(this.#now());
  }

  #write(next: Execution, others: () => void = () => {}): void {
    this.#store.guarded(next.name, this.#owner, () => {
      others();
      const { runningCount = 0 } = next;
      this.#store.saveExecution(withRunning(next, runningCount - this.#settling.size));
    });
    this.#execution = next;
  }

  #writeTask(before: TaskRecord, after: TaskRecord, attempt: AttemptRecord, execution = this.#execution): void {
    this.#write(counted(execution, before, after, this.time), () => {
      this.#store.saveAttempt(execution.name, attempt);
      this.#store.saveTask(execution.name, after);
    });
  }

  /** Records the runtime that runs the attempts. */
  began(engine: RuntimeIdentity): void {
    const { name } = this.#execution;
    this.#store.guarded(name, this.#owner, () => this.#store.saveEngine(name, engine));
  }

  #task(index: number): TaskRecord {
    const task = this.#store.task(this.#execution.name, index);
    if (!task) throw new Error(`there is no task ${index} of ${this.#execution.name}`);
    return task;
  }

  /** Gives a slot to a task. The attempt is recorded with its handle before anything of it is created. */
  schedule(index: number, { name, handle }: Placement): AttemptRecord {
    const task = this.#task(index);
    const attempt: AttemptRecord = { task: index, attempt: task.retried, name, handle, createTime: this.time };
    this.#writeTask(task, scheduled(task, this.time), attempt);
    return attempt;
  }

  /**
   * A container of the attempt has been running since `runtimeTime`, by the runtime's clock; `main`: it is the main
   * container.
   */
  start(attempt: AttemptRecord, runtimeTime: Timestamp, main: boolean): AttemptRecord {
    const task = this.#task(attempt.task);
    const within = { from: attempt.createTime, to: this.time };
    const time = onOurClock({ from: runtimeTime, to: runtimeTime }, within).from;
    const startTime = attempt.startTime ?? time;
    const next = { ...attempt, waiting: undefined, startTime, ...(main && { mainStartTime: time }) };
    this.#writeTask(task, running(task, startTime, this.time), next, started(this.#execution, startTime, this.time));
    return next;
  }

  /** Records where an attempt is, or why it has to wait. */
  locate(attempt: AttemptRecord, where: Pick<AttemptRecord, 'node' | 'waiting' | 'published'>): AttemptRecord {
    const next = { ...attempt, ...where };
    this.#store.guarded(this.#execution.name, this.#owner, () => this.#store.saveAttempt(this.#execution.name, next));
    return next;
  }

  /** Records why an attempt is about to be stopped. The first reason counts. */
  stop(attempt: AttemptRecord, reason: StopReason): AttemptRecord {
    if (attempt.stop) return attempt;
    const next = { ...attempt, stop: { reason, time: this.time } };
    this.#store.guarded(this.#execution.name, this.#owner, () => this.#store.saveAttempt(this.#execution.name, next));
    return next;
  }

  /** An attempt has ended, so that another may take its slot. False: it is running after all. */
  settle({ task }: AttemptRecord, ended: boolean): void {
    if (ended) this.#settling.add(task);
    else this.#settling.delete(task);
  }

  /** Records the end of an attempt, and what follows for the task. */
  end(attempt: AttemptRecord, ended: EndedAttempt, cancelled: boolean): { outcome: AttemptOutcome; task: TaskRecord } {
    this.settle(attempt, false);
    const outcome = judgeAttempt(ended, attempt.stop);
    const before = this.#task(attempt.task);
    const exited = ended.main.status === 'exited' ? ended.main : undefined;
    // Both times are the runtime's if it has both, so that the time between them is right.
    const started = ended.startedAt ?? attempt.startTime;
    const end = exited?.finishedAt ?? this.time;
    const within = { from: attempt.createTime, to: this.time };
    const { from, to: endTime } = onOurClock({ from: started ?? end, to: end }, within);
    const startTime = started && from;
    const { maxRetries = 0 } = this.#execution.template;
    const after = attempted(before, outcome, { maxRetries, cancelled, end: endTime, now: this.time });
    const task = { ...after, startTime: startTime ?? before.startTime };
    this.#writeTask(before, task, { ...attempt, waiting: undefined, startTime, endTime, outcome, usage: ended.usage });
    return { outcome, task };
  }

  /** Tasks without a running attempt get no further one. */
  cancelPending(): void {
    const { name } = this.#execution;
    const pending = this.#store.tasks(name, ['Pending']);
    let next = this.#execution;
    const after = pending.map((task) => {
      const cancelled = cancelledTask(task, this.time);
      next = counted(next, task, cancelled, this.time);
      return cancelled;
    });
    this.#write(next, () => {
      for (const task of after) this.#store.saveTask(name, task);
    });
  }

  /** Ends everything that is open, without asking the runtime. */
  writeOff(): void {
    for (const attempt of this.#store.openAttempts(this.#execution.name)) {
      this.end(this.stop(attempt, 'cancel'), { main: { status: 'missing' } }, true);
    }
    this.cancelPending();
    this.complete(true);
  }

  cancelling(): void {
    this.#write(cancelling(this.#execution, this.time));
  }

  /** Records the result of the search for images. If the execution ended with it, its tasks are abandoned. */
  prepared(execution: Execution, images: Record<string, string>): void {
    const { name, completionTime } = execution;
    this.#write(execution, () => {
      this.#store.saveImages(name, images);
      if (!isCompleted(execution)) return;
      for (const task of this.#store.tasks(name)) {
        this.#store.saveTask(name, { ...task, state: 'Abandoned', completionTime, updateTime: this.time });
      }
    });
  }

  complete(cancelled: boolean): void {
    const { name } = this.#execution;
    const failed = this.#store.firstFailed(name);
    const last = this.#store.lastCompletion(name) ?? this.time;
    const begun = startedAt(this.#execution) ?? last;
    const time = last > begun ? last : begun;
    this.#write(completed(this.#execution, { cancelled, failed, time }, this.time));
  }
}
