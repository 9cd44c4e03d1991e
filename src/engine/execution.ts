import pLimit, { type LimitFunction } from 'p-limit';
import type { AttemptRecord, StopReason } from '../model/attempt.js';
import { type Action, nextActions, type Situation } from '../model/decisions.js';
import type { ExecutionEvent } from '../model/events.js';
import { isCompleted } from '../model/execution.js';
import type { Execution } from '../model/schema/job.js';
import { durationSeconds, timestamp } from '../model/time.js';
import { LeaseLost } from '../store/store.js';
import { type Past, runAttempt } from './attempt.js';
import { containerSpec, executionLabels } from './container.js';
import { type Control, type EngineDeps, graceSeconds, pace } from './engine.js';
import { prepareImages } from './images.js';
import { Ledger } from './ledger.js';
import { Reach } from './reach.js';

/**
 * Runs an execution to its end, whether it is new or somebody has left it halfway, and returns it as it ended.
 * Undefined if another process runs it, or has taken it over meanwhile.
 */
export async function runExecution(name: string, deps: EngineDeps, control: Control): Promise<Execution | undefined> {
  if (!deps.store.acquireLease(name, deps.owner, deps.now(), deps.alive)) return undefined;
  const run = new Run(name, deps, control);
  try {
    return await run.toTheEnd();
  } catch (error) {
    if (error instanceof LeaseLost) return undefined;
    throw error;
  } finally {
    run.dispose();
    deps.store.releaseLease(name, deps.owner);
  }
}

/** An attempt that holds a slot. */
interface Active {
  record: AttemptRecord;
  startedAt?: number;
  stopping?: StopReason;
  killed?: boolean;
}

type Happening = ExecutionEvent extends infer E ? (E extends unknown ? Omit<E, 'time'> : never) : never;

class Run {
  readonly #name: string;
  readonly #deps: EngineDeps;
  readonly #control: Control;
  readonly #ledger: Ledger;
  readonly #reach: Reach;
  readonly #active = new Map<number, Active>();
  readonly #ticker: NodeJS.Timeout;
  /** Ends what nobody waits for any more. */
  readonly #over = new AbortController();
  #images: Record<string, string> = {};
  #cpus = 1;
  #startGate: LimitFunction = pLimit(1);
  #settling = 0;
  #cancel: Situation['cancel'] = 'no';
  #lastHeartbeat: number;
  #failure: Error | undefined;
  #wake: () => void = () => {};

  constructor(name: string, deps: EngineDeps, control: Control) {
    this.#name = name;
    this.#deps = deps;
    this.#control = control;
    this.#ledger = new Ledger(name, deps.store, deps.owner, deps.now);
    this.#reach = new Reach((event) => this.#emit(event));
    this.#lastHeartbeat = deps.now();
    this.#ticker = setInterval(this.#tick, pace.poll);
    for (const signal of [control.cancel, control.kill]) signal.addEventListener('abort', this.#tick);
  }

  dispose(): void {
    this.#reach.giveUp();
    this.#over.abort();
    clearInterval(this.#ticker);
    for (const signal of [this.#control.cancel, this.#control.kill]) signal.removeEventListener('abort', this.#tick);
  }

  async toTheEnd(): Promise<Execution> {
    if (isCompleted(this.#ledger.execution)) return this.#ledger.execution;
    this.#tick();
    await this.#prepare();
    if (isCompleted(this.#ledger.execution)) return this.#finish();
    this.#adopt();
    for (;;) {
      if (this.#failure) throw this.#failure;
      const { actions, wakeAt } = nextActions(this.#situation(), this.#deps.now());
      for (const action of actions) {
        if (action.do === 'complete') return this.#complete();
        this.#perform(action);
      }
      if (actions.length === 0) await this.#sleep(wakeAt);
    }
  }

  #emit(happening: Happening): void {
    this.#deps.onEvent({ time: timestamp(this.#deps.now()), ...happening });
  }

  /** Notices cancellations, from here and from other processes, and gives the sign of life. */
  readonly #tick = (): void => {
    const { store, owner, now } = this.#deps;
    try {
      if (now() - this.#lastHeartbeat >= pace.heartbeat) {
        store.heartbeat(this.#name, owner, now());
        this.#lastHeartbeat = now();
      }
      if (this.#control.cancel.aborted) store.requestCancel(this.#name, timestamp(now()));
      if (this.#cancel === 'no' && store.cancelRequested(this.#name)) {
        this.#cancel = 'requested';
        this.#ledger.cancelling();
        this.#emit({ type: 'execution.cancelling', running: this.#active.size });
      }
      if (this.#cancel === 'requested' && this.#control.kill.aborted) this.#cancel = 'killed';
    } catch (error) {
      this.#fail(error);
    }
    this.#wake();
  };

  #fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
  }

  /** Lets work go on beside the loop, which its end wakes and its failure ends. */
  #beside(work: Promise<void>): void {
    void work.catch((error: unknown) => this.#fail(error)).finally(() => this.#wake());
  }

  /** Until something happens, or until `wakeAt` (ms since 1970). */
  async #sleep(wakeAt: number | undefined): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (wakeAt !== undefined) timer = setTimeout(resolve, Math.max(0, wakeAt - this.#deps.now()));
    });
    clearTimeout(timer);
  }

  /** Finds out what the engine can do and, once in an execution's life, which images it runs. */
  async #prepare(): Promise<void> {
    const { store, runtime } = this.#deps;
    this.#cpus = (await this.#reach.insist(() => runtime.capacity())).cpus;
    // More starts at once than twice the cores only make each of them slower.
    this.#startGate = pLimit(2 * this.#cpus);
    const { execution } = this.#ledger;
    if (!execution.startTime) {
      const preparing = this.#reach.insist(() =>
        prepareImages(
          execution,
          runtime,
          this.#over.signal,
          (event) => this.#emit(event),
          () => this.#ledger.time,
        ),
      );
      const prepared = await this.#unlessCancelled(preparing);
      if (!prepared) return;
      this.#ledger.prepared(prepared.execution, prepared.images);
      if (isCompleted(prepared.execution)) return;
    }
    this.#images = store.images(this.#name);
    this.#emit({ type: 'execution.started', execution: this.#ledger.execution });
  }

  /** What comes of `work`; undefined, without waiting for it, once the execution is cancelled. */
  async #unlessCancelled<T>(work: Promise<T>): Promise<T | undefined> {
    let result: T | undefined;
    this.#beside(work.then((value) => void (result = value)));
    while (result === undefined && this.#cancel === 'no') {
      if (this.#failure) throw this.#failure;
      await this.#sleep(undefined);
    }
    return this.#cancel === 'no' ? result : undefined;
  }

  /** Takes up the attempts that a process before this one has left open. */
  #adopt(): void {
    const open = this.#deps.store.openAttempts(this.#name);
    if (open.length > 0) this.#emit({ type: 'execution.adopted', attempts: open.length });
    for (const record of open) this.#attempt(record, record.startTime ? 'started' : 'recorded');
  }

  #situation(): Situation {
    const { parallelism = 1, taskCount, template } = this.#ledger.execution;
    const slots = parallelism < taskCount ? parallelism : Math.min(taskCount, this.#deps.maxParallelism);
    const free = this.#cancel === 'no' ? slots - this.#active.size : 1;
    const ready = free > 0 ? this.#deps.store.readyTasks(this.#name, free) : [];
    return {
      slots,
      timeout: (durationSeconds(template.timeout ?? '') ?? 600) * 1000,
      cancel: this.#cancel,
      active: [...this.#active.values()].map(({ record, ...active }) => ({
        index: record.task,
        attempt: record.attempt,
        ...active,
      })),
      settling: this.#settling,
      ready: ready.map(({ index, retried }) => ({ index, attempt: retried })),
    };
  }

  #perform(action: Exclude<Action, { do: 'complete' }>): void {
    const { runtime } = this.#deps;
    if (action.do === 'start') return this.#attempt(this.#ledger.schedule(action.index), 'nothing');
    if (action.do === 'cancelPending') return this.#ledger.cancelPending();
    const active = this.#active.get(action.index);
    if (!active) return;
    const { container } = active.record;
    if (action.do === 'kill') {
      active.killed = true;
      active.record = this.#ledger.stop(active.record, 'cancel');
      this.#beside(this.#reach.insist(() => runtime.kill(container)));
    } else {
      const { index, attempt, reason } = action;
      active.stopping = reason;
      active.record = this.#ledger.stop(active.record, reason);
      this.#emit({ type: 'attempt.stopping', task: index, attempt, reason });
      this.#beside(this.#reach.insist(() => runtime.stop(container, graceSeconds)));
    }
  }

  #attempt(record: AttemptRecord, past: Past): void {
    const active: Active = { record };
    this.#active.set(record.task, active);
    this.#beside(this.#seeThrough(active, past));
  }

  async #seeThrough(active: Active, past: Past): Promise<void> {
    const { runtime, logs, home, now } = this.#deps;
    const { task, attempt, container } = active.record;
    const context = { home, images: this.#images, cpus: this.#cpus };
    const ended = await runAttempt(containerSpec(this.#ledger.execution, task, attempt, context), past, {
      runtime,
      reach: this.#reach,
      startGate: this.#startGate,
      cancelled: () => this.#cancel !== 'no',
      openLogs: () => logs.create(this.#name, task, attempt),
      now,
      onStarted: (startedAt) => {
        active.startedAt = startedAt;
        if (!active.record.startTime) active.record = this.#ledger.start(active.record, timestamp(startedAt));
        this.#emit({ type: 'attempt.started', task, attempt });
        this.#wake();
      },
      onQuiet: (quiet) => {
        if (quiet) this.#release(task);
        else this.#retake(active);
      },
    });
    this.#release(task);
    if (ended.status === 'created' && this.#cancel !== 'no') active.record = this.#ledger.stop(active.record, 'cancel');
    const { outcome, task: record } = this.#ledger.end(active.record, ended, this.#cancel !== 'no');
    this.#settling--;
    this.#emit({ type: 'attempt.ended', task, attempt, outcome, state: record.state });
    this.#wake();
    await this.#reach.insist(() => runtime.remove(container));
  }

  /** The slot is free; the attempt's result is still to come. */
  #release(task: number): void {
    if (this.#active.delete(task)) this.#settling++;
    this.#wake();
  }

  #retake(active: Active): void {
    this.#active.set(active.record.task, active);
    this.#settling--;
  }

  /** Nothing of the execution is left in the engine when it is on record as ended. */
  async #complete(): Promise<Execution> {
    const { runtime, home } = this.#deps;
    const left = await this.#reach.insist(() => runtime.list(executionLabels(home, this.#name)));
    await Promise.all(left.map((container) => this.#reach.insist(() => runtime.remove(container))));
    this.#ledger.complete(this.#cancel !== 'no');
    return this.#finish();
  }

  #finish(): Execution {
    const { execution } = this.#ledger;
    this.#emit({ type: 'execution.completed', execution });
    return execution;
  }
}
