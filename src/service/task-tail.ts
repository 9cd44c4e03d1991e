import type { AttemptRecord } from '../model/attempt.js';
import type { Execution } from '../model/schema/job.js';
import type { TaskRecord } from '../model/task.js';
import type { Service } from './service.js';

/** A task with all its attempts, oldest first. */
export interface TaskAttempts {
  task: TaskRecord;
  attempts: readonly AttemptRecord[];
}

/** How many tasks are read at a time; in between, other work gets its turn. */
const batch = 1000;

/** From how many tasks on it takes less time to read the attempts of all. */
const few = 3;

/** Reads the tasks of an execution as they change: each look returns those that have changed since the last one. */
export class TaskTail {
  readonly #store: Service['store'];
  readonly #seen = new Map<number, string>();
  #version = '';

  constructor({ store }: Pick<Service, 'store'>) {
    this.#store = store;
  }

  /** In batches, by index. */
  async *look({ name, etag = '' }: Execution): AsyncGenerator<TaskAttempts[], void, undefined> {
    const open = new Map(this.#store.openAttempts(name).map((attempt) => [attempt.task, attempt]));
    const version = JSON.stringify([etag, ...open.values()]);
    if (version === this.#version) return;
    let all: ReadonlyMap<number, AttemptRecord[]> | undefined;
    let after = -1;
    for (;;) {
      const tasks = this.#store.tasks(name, undefined, { after, limit: batch });
      const marks = new Map(tasks.map((task) => [task.index, markOf(task, open.get(task.index))]));
      const changed = tasks.filter(({ index }) => this.#seen.get(index) !== marks.get(index));
      if (changed.length > few) all ??= byTask(this.#store.attempts(name));
      if (changed.length > 0) {
        yield changed.map((task) => ({
          task,
          attempts: all ? (all.get(task.index) ?? []) : this.#store.attempts(name, task.index),
        }));
      }
      // Only now: what could not be read is new again.
      for (const [index, mark] of marks) this.#seen.set(index, mark);
      const last = tasks.at(-1);
      if (!last || tasks.length < batch) break;
      after = last.index;
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#version = version;
  }
}

/** What tells whether a task has changed. */
const markOf = ({ state, retried, updateTime }: TaskRecord, open: AttemptRecord | undefined): string =>
  JSON.stringify([state, retried, updateTime, open]);

function byTask(attempts: readonly AttemptRecord[]): ReadonlyMap<number, AttemptRecord[]> {
  const groups = new Map<number, AttemptRecord[]>();
  for (const attempt of attempts) {
    const group = groups.get(attempt.task);
    if (group) group.push(attempt);
    else groups.set(attempt.task, [attempt]);
  }
  return groups;
}
