import type { ExecutionEvent } from '../../../model/events.js';
import { addedWords, blamed, endingWords, type SaidLine, withoutDetails } from '../../../model/failure-line.js';
import { shortName } from '../../../model/names.js';
import type { Execution } from '../../../model/schema/job.js';
import { selectionOf } from '../../../model/task-selection.js';
import type { TaskRecord, TaskState } from '../../../model/task.js';
import { durationSeconds } from '../../../model/time.js';
import { sidecarsOf } from '../../../service/logs.js';

/** An attempt that has a slot. Times are in ms since 1970. */
export interface Attempt {
  task: number;
  attempt: number;
  /** The node of the cluster. */
  node: string | undefined;
  began: number;
  /** When its first container started; undefined until then. */
  started: number | undefined;
  stopping: boolean;
  /** Why it cannot start yet, and since when. */
  wait: { why: string; since: number } | undefined;
}

/** Failed tasks with the same reason. */
export interface Failures {
  /** `exit code 2: checksum mismatch in part 3`, as the log of the last of them has it. */
  reason: string;
  count: number;
  /** The last of them. */
  tasks: readonly number[];
}

/** A task in the view: what its last attempt does, or its result. */
export type Standing = 'waiting' | 'starting' | 'running' | 'succeeded' | 'failed' | 'cancelled';

/** A task of an execution that this process has not begun. */
export type LeftTask = Pick<TaskRecord, 'index' | 'state' | 'retried'>;

/** The last lines of an attempt, in which the reason of its failure is looked for, and the length of each. */
const keptLines = 50;
const keptLength = 500;

/** The reasons that are remembered, and the tasks of each. */
const keptReasons = 20;
const keptTasks = 10;

type Event<T extends ExecutionEvent['type']> = Extract<ExecutionEvent, { type: T }>;

/**
 * The state of an execution in the live view. An event costs the same whatever the number of tasks, and what is kept
 * grows with the number of running attempts only, but for one value a task.
 */
export class Progress {
  readonly id: string;
  readonly taskCount: number;
  readonly maxRetries: number;
  /** How long an attempt may take, in ms. */
  readonly timeout: number;
  readonly since: number;
  /** By position, see `indexOf`. */
  readonly standings: Standing[];
  /** An attempt keeps its slot while it runs, and the next takes it over, so that nothing jumps. */
  readonly slots: (Attempt | undefined)[] = [];
  succeeded = 0;
  failed = 0;
  cancelled = 0;
  retries = 0;
  /** Attempts that have a slot and have not started. */
  starting = 0;
  /** Attempts that have started and not ended. */
  running = 0;
  cancelling = false;
  /** What the whole execution waits for. */
  waiting: string | undefined = 'looking for the image';
  /** The call that the container engine is slow at, and since when it has been silent. */
  slow: { call: string; since: number; noun: string } | undefined;
  readonly #selected: readonly number[] | undefined;
  readonly #positions: ReadonlyMap<number, number> | undefined;
  readonly #slotOf = new Map<number, number>();
  /** Attempts that no longer run but have no result yet. */
  readonly #settling = new Map<number, Attempt>();
  readonly #said = new Map<number, Saying[]>();
  readonly #failures = new Map<string, { reason: string; count: number; tasks: number[] }>();
  readonly #timeoutText: string | undefined;
  readonly #sidecars: readonly string[];
  /** The time that ended attempts have had a slot, and the tasks that have a result by them. */
  #busy = 0;
  #finished = 0;
  #firstBegan: number | undefined;

  /** @param tasks what another process has left of them, if it has begun the execution */
  constructor(execution: Execution, now: number, tasks: Iterable<LeftTask> = []) {
    const { template, taskCount } = execution;
    this.id = shortName(execution.name);
    this.taskCount = taskCount;
    this.maxRetries = template.maxRetries ?? 0;
    this.timeout = (durationSeconds(template.timeout ?? '') ?? 600) * 1000;
    this.#timeoutText = template.timeout;
    this.#sidecars = sidecarsOf(execution);
    this.since = now;
    this.#selected = selectionOf(execution)?.indexes;
    this.#positions = this.#selected && new Map(this.#selected.map((index, position) => [index, position]));
    this.standings = Array<Standing>(taskCount).fill('waiting');
    for (const { index, state, retried } of tasks) {
      const standing = standingAfter(state);
      this.#stand(index, standing);
      if (standing === 'succeeded' || standing === 'failed' || standing === 'cancelled') this[standing]++;
      this.retries += retried;
    }
  }

  /** The index of the task at a position: the same, unless the execution runs only some of its tasks. */
  indexOf(position: number): number {
    return this.#selected?.[position] ?? position;
  }

  /** The tasks that have no result and no slot. */
  get pending(): number {
    const { taskCount, succeeded, failed, cancelled, starting, running } = this;
    return Math.max(0, taskCount - succeeded - failed - cancelled - starting - running - this.#settling.size);
  }

  /** Whether every task has a result. */
  get complete(): boolean {
    return this.succeeded + this.failed + this.cancelled >= this.taskCount;
  }

  /** The reasons of failures, the last one first. */
  get failures(): readonly Failures[] {
    return [...this.#failures.values()].toReversed();
  }

  /**
   * How long the rest is expected to take, in ms: what the tasks without a result need at the average of those before
   * them, on as many slots as there have been on average. Undefined as long as there is too little to tell from.
   */
  remaining(now: number): number | undefined {
    if (this.#finished < 2 || this.#firstBegan === undefined || this.complete || this.cancelling) return undefined;
    const mean = this.#busy / this.#finished;
    let taken = this.#busy;
    let left = this.pending * mean;
    let longest = this.pending > 0 ? mean : 0;
    for (const slot of this.slots) {
      if (!slot) continue;
      const age = now - slot.began;
      taken += age;
      left += Math.max(0, mean - age);
      longest = Math.max(longest, mean - age);
    }
    const slots = taken / Math.max(1, now - this.#firstBegan);
    return Math.max(longest, left / Math.max(1, slots));
  }

  /** Keeps the last lines of attempts without a result, as their log entries have them. */
  heard({ task, attempt }: Pick<Attempt, 'task' | 'attempt'>, line: Saying): void {
    // A log may be read to its end after the attempt has ended.
    if ((this.#slotted(task) ?? this.#settling.get(task))?.attempt !== attempt) return;
    const lines = this.#said.get(task) ?? [];
    if (lines.length === 0) this.#said.set(task, lines);
    else if (lines.length > 2 * keptLines) lines.splice(0, lines.length - keptLines);
    // A copy: a part of a text would keep all of it in memory.
    const text = line.text.length > keptLength ? Buffer.from(line.text.slice(0, keptLength)).toString() : line.text;
    lines.push({ ...line, text });
  }

  advance(event: ExecutionEvent, now: number): void {
    switch (event.type) {
      case 'image.pulling':
        this.waiting = `pulling ${event.image}`;
        return;
      case 'execution.started':
        this.waiting = undefined;
        return;
      case 'attempt.starting':
        this.#said.delete(event.task);
        this.#firstBegan ??= now;
        return this.#take(newAttempt(event, now));
      case 'attempt.waiting':
        return this.#wait(event, now);
      case 'attempt.started':
        return this.#start(event, now);
      case 'attempt.settling':
        return event.settling ? this.#settle(event, now) : this.#retake(event);
      case 'attempt.stopping': {
        const attempt = this.#slotted(event.task);
        if (attempt) attempt.stopping = true;
        return;
      }
      case 'attempt.ended':
        return this.#end(event, now);
      case 'execution.cancelling':
        this.cancelling = true;
        return;
      case 'runtime.unavailable':
        this.waiting = `the ${nounOf(event)} does not answer`;
        return;
      case 'runtime.available':
        this.waiting = undefined;
        return;
      case 'runtime.slow': {
        const { call, ms } = event;
        this.slow = call === undefined ? undefined : { call, since: now - ms, noun: nounOf(event) };
        return;
      }
      default:
        return;
    }
  }

  #slotted(task: number): Attempt | undefined {
    const slot = this.#slotOf.get(task);
    return slot === undefined ? undefined : this.slots[slot];
  }

  #stand(task: number, standing: Standing): void {
    const position = this.#positions ? this.#positions.get(task) : task;
    if (position !== undefined && position < this.taskCount) this.standings[position] = standing;
  }

  #take(attempt: Attempt): void {
    this.#leave(attempt.task);
    const free = this.#slotOf.size < this.slots.length ? this.slots.indexOf(undefined) : this.slots.length;
    this.slots[free] = attempt;
    this.#slotOf.set(attempt.task, free);
    if (attempt.started === undefined) this.starting++;
    else this.running++;
    this.#stand(attempt.task, attempt.started === undefined ? 'starting' : 'running');
  }

  #leave(task: number): Attempt | undefined {
    const slot = this.#slotOf.get(task);
    if (slot === undefined) return undefined;
    const attempt = this.slots[slot];
    this.slots[slot] = undefined;
    this.#slotOf.delete(task);
    if (attempt?.started === undefined) this.starting--;
    else this.running--;
    return attempt;
  }

  #wait({ task, why }: Event<'attempt.waiting'>, now: number): void {
    const attempt = this.#slotted(task);
    if (attempt) attempt.wait = why === undefined ? undefined : { why, since: attempt.wait?.since ?? now };
  }

  #start(event: Event<'attempt.started'>, now: number): void {
    const { node } = event;
    const attempt = this.#slotted(event.task);
    if (!attempt || attempt.started !== undefined) return this.#take({ ...newAttempt(event, now), node, started: now });
    Object.assign(attempt, { node, started: now, wait: undefined });
    this.starting--;
    this.running++;
    this.#stand(event.task, 'running');
  }

  #settle({ task }: Event<'attempt.settling'>, now: number): void {
    const attempt = this.#leave(task);
    if (!attempt) return;
    this.#busy += now - attempt.began;
    this.#settling.set(task, attempt);
  }

  #retake({ task }: Event<'attempt.settling'>): void {
    const attempt = this.#settling.get(task);
    if (!attempt) return;
    this.#settling.delete(task);
    this.#take(attempt);
  }

  #end(event: Event<'attempt.ended'>, now: number): void {
    const { task, state } = event;
    const attempt = this.#leave(task);
    if (attempt) this.#busy += now - attempt.began;
    this.#settling.delete(task);
    if (state === 'Pending') this.retries++;
    else this.#finished++;
    if (state === 'Succeeded') this.succeeded++;
    if (state === 'Cancelled') this.cancelled++;
    if (state === 'Failed') {
      this.failed++;
      this.#fail(event);
    }
    this.#said.delete(task);
    this.#stand(task, standingAfter(state));
  }

  #fail({ task, outcome }: Event<'attempt.ended'>): void {
    const { message, exitCode, termSignal } = outcome;
    const ending = endingWords({ status: { message }, exitCode, termSignal }, this.#timeoutText);
    const label = blamed(message);
    const culprit = this.#sidecars.find((sidecar) => sidecar === label);
    const lines = (this.#said.get(task) ?? []).filter(({ container }) => container === culprit);
    const added = addedWords(ending, () => lines) ?? '';
    const key = JSON.stringify([ending, withoutDetails(added)]);
    const { count = 0, tasks = [] } = this.#failures.get(key) ?? {};
    // To the end: the last one is shown first.
    this.#failures.delete(key);
    this.#failures.set(key, { reason: ending + added, count: count + 1, tasks: [...tasks.slice(1 - keptTasks), task] });
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > keptReasons && oldest !== undefined) this.#failures.delete(oldest);
  }
}

/** A line of a container: of the main one, if it has no label. */
export type Saying = SaidLine & { container: string | undefined };

const newAttempt = ({ task, attempt }: { task: number; attempt: number }, began: number): Attempt => ({
  ...{ task, attempt, began },
  ...{ node: undefined, started: undefined, stopping: false, wait: undefined },
});

function standingAfter(state: TaskState): Standing {
  if (state === 'Succeeded') return 'succeeded';
  if (state === 'Failed') return 'failed';
  return state === 'Cancelled' || state === 'Abandoned' ? 'cancelled' : 'waiting';
}

/** What runs the attempts. */
export const nounOf = ({ cluster }: { cluster?: true }): string => (cluster ? 'cluster' : 'container engine');
