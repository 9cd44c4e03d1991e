import { rmSync } from 'node:fs';
import { type Action, nextActions, type Situation, startable } from '../model/next-actions.js';
import { otherEngine } from '../model/container-engine.js';
import { isCompleted, provisionFailed } from '../model/execution.js';
import { keptAttempts } from '../model/kept-containers.js';
import type { Execution } from '../model/schema/job.js';
import { durationSeconds, timestamp } from '../model/time.js';
import type { Capacity } from '../runtime/runtime.js';
import { LeaseLost } from '../store/store.js';
import { Attempts, type Happening } from './attempts.js';
import { openCloudSql } from './cloud-sql.js';
import { type Control, type EngineDeps, pace } from './engine.js';
import { prepareImages } from './images.js';
import { Ledger } from './ledger.js';
import { attemptDirectory, lacking, namesOf, runDirectory, socketDirectory } from './plan.js';
import { Reach } from './reach.js';
import { sweepDirectories } from './volumes.js';

/**
 * Runs an execution to its end, whether it is new or somebody has left it halfway, and returns it as it ended.
 * Undefined if another process runs it, has taken it over meanwhile, or is to take it over.
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
    deps.store.releaseLease(name, deps.owner.token);
  }
}

class Run {
  readonly #name: string;
  readonly #deps: EngineDeps;
  readonly #control: Control;
  readonly #ledger: Ledger;
  readonly #reach: Reach;
  readonly #ticker: NodeJS.Timeout;
  /** Ends what nobody waits for any more. */
  readonly #over = new AbortController();
  #cancel: Situation['cancel'] = 'no';
  #lastHeartbeat: number;
  /** What the engine is slow at, and whether it has been before. */
  #slow: string | undefined;
  #wasSlow = false;
  #failure: Error | undefined;
  /** Another process has begun it. */
  #hadOwner = false;
  #closeCloudSql: () => void = () => {};
  #wake: () => void = () => {};

  constructor(name: string, deps: EngineDeps, control: Control) {
    this.#name = name;
    this.#deps = deps;
    this.#control = control;
    this.#ledger = new Ledger(name, deps.store, deps.owner, deps.now);
    this.#reach = new Reach((event) => this.#emit(event), deps.now);
    this.#lastHeartbeat = deps.now();
    this.#ticker = setInterval(this.#tick, pace.poll);
    for (const signal of [control.cancel, control.kill]) signal.addEventListener('abort', this.#tick);
  }

  dispose(): void {
    this.#reach.giveUp();
    this.#over.abort();
    this.#closeCloudSql();
    clearInterval(this.#ticker);
    for (const signal of [this.#control.cancel, this.#control.kill]) signal.removeEventListener('abort', this.#tick);
  }

  /** Undefined if that is left to another process. */
  async toTheEnd(): Promise<Execution | undefined> {
    if (isCompleted(this.#ledger.execution)) return this.#ledger.execution;
    this.#tick();
    const capacity = await this.#reached();
    if (!capacity) return undefined;
    this.#hadOwner = this.#deps.store.engine(this.#name) !== undefined;
    if (await this.#isElsewhere()) return this.#writeOff();
    await this.#endStrays();
    const attempts = this.#attempts(capacity);
    try {
      await this.#prepare(attempts, capacity);
      if (isCompleted(this.#ledger.execution)) return this.#finish();
      await this.#adopt(attempts);
      await this.#see(attempts);
      await this.#complete(attempts);
      return this.#finish();
    } catch (error) {
      // Nobody waits any more for an engine that does not answer.
      this.#reach.giveUp();
      throw error;
    } finally {
      await attempts.close();
    }
  }

  /**
   * Waits for the engine. An execution that is to be deleted is not held for long meanwhile: its engine may be gone for
   * good, and somebody else may know another one. Undefined if it is left to him.
   */
  async #reached(): Promise<Capacity | undefined> {
    const since = performance.now();
    return this.#unless(
      () => performance.now() - since >= pace.giveWay && this.#deps.store.deletionRequested(this.#name),
      this.#reach.insist(() => this.#deps.runtime.capacity()),
    );
  }

  /**
   * Whether the execution is to be deleted, and its containers are in another engine than the one that answers.
   * @throws StatusError FAILED_PRECONDITION if they are, and it is to live on
   */
  async #isElsewhere(): Promise<boolean> {
    const { runtime, store } = this.#deps;
    const asked = await this.#reach.insist(() => runtime.engine());
    const began = store.engine(this.#name);
    if (!began) this.#ledger.began(asked);
    if (!began || began.id === asked.id) return false;
    if (!store.deletionRequested(this.#name)) throw otherEngine(this.#name, began, asked);
    return true;
  }

  /** Ends the execution on record alone: what it has in its engine stays there. */
  #writeOff(): Execution {
    rmSync(runDirectory(this.#deps.home, this.#name), { recursive: true, force: true });
    this.#ledger.writeOff();
    return this.#finish();
  }

  /**
   * A client of a process before this one, which was killed while it started that, may be late: it would make a container
   * once more that has been removed, or remove one that has been made once more.
   */
  async #endStrays(): Promise<void> {
    const { runtime } = this.#deps;
    if (this.#hadOwner) await this.#reach.insist(() => runtime.endStrays(namesOf(this.#name)));
  }

  /** Does what is to be done until there is nothing left. */
  async #see(attempts: Attempts): Promise<void> {
    for (;;) {
      if (this.#failure) throw this.#failure;
      const { actions, wakeAt } = nextActions(this.#situation(attempts), performance.now());
      for (const action of actions) {
        if (action.do === 'complete') return;
        this.#perform(action, attempts);
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
      // The clock may also have been put back.
      if (Math.abs(now() - this.#lastHeartbeat) >= pace.heartbeat) {
        store.heartbeat(this.#name, owner, now());
        this.#lastHeartbeat = now();
      }
      if (this.#control.cancel.aborted) store.requestCancel(this.#name, timestamp(now()));
      if (this.#cancel === 'no' && store.cancelRequested(this.#name)) {
        this.#cancel = 'requested';
        this.#ledger.cancelling();
        this.#emit({ type: 'execution.cancelling' });
      }
      if (this.#cancel === 'requested' && this.#control.kill.aborted) this.#cancel = 'killed';
      this.#watchPace();
    } catch (error) {
      this.#fail(error);
    }
    this.#wake();
  };

  /** Tells when the engine gets slow, at what, and when it is not any more. */
  #watchPace(): void {
    const { call, ms = 0 } = this.#deps.runtime.slowest ?? {};
    const slow = ms >= pace.slow ? call : undefined;
    if (slow === this.#slow) return;
    this.#slow = slow;
    this.#emit({ type: 'runtime.slow', call: slow, ms, first: !this.#wasSlow });
    this.#wasSlow = true;
  }

  #fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
  }

  /** Lets work go on beside the loop, which its end wakes and its failure ends. */
  #beside(work: Promise<void>): void {
    void work.catch((error: unknown) => this.#fail(error)).finally(() => this.#wake());
  }

  /** Until something happens, or until `wakeAt` (of performance.now). */
  async #sleep(wakeAt: number | undefined): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (wakeAt !== undefined) timer = setTimeout(resolve, Math.max(0, wakeAt - performance.now()));
    });
    clearTimeout(timer);
  }

  /** Finds the images, once in an execution's life. */
  async #prepare(attempts: Attempts, capacity: Capacity): Promise<void> {
    const { runtime, store } = this.#deps;
    const { execution } = this.#ledger;
    if (!execution.startTime) {
      const lack = lacking(execution, capacity);
      if (lack !== undefined) return this.#ledger.prepared(provisionFailed(execution, lack, this.#ledger.time), {});
      attempts.openAhead();
      const preparing = this.#reach.insist(() =>
        prepareImages(
          execution,
          store.settings(this.#name),
          runtime,
          this.#over.signal,
          (event) => this.#emit(event),
          () => this.#ledger.time,
        ),
      );
      const prepared = await this.#unless(() => this.#cancel !== 'no', preparing);
      if (!prepared) return;
      // Nothing of an execution is left in the engine when it is on record as ended.
      if (isCompleted(prepared.execution)) await attempts.sweep();
      this.#ledger.prepared(prepared.execution, prepared.images);
      if (isCompleted(prepared.execution)) return;
    }
    this.#emit({ type: 'execution.started', execution: this.#ledger.execution });
  }

  /** What comes of `work`; undefined, without waiting for it, once it is `over`. */
  async #unless<T>(over: () => boolean, work: Promise<T>): Promise<T | undefined> {
    let result: T | undefined;
    this.#beside(work.then((value) => void (result = value)));
    while (result === undefined && !over()) {
      if (this.#failure) throw this.#failure;
      await this.#sleep(undefined);
    }
    return over() ? undefined : result;
  }

  #attempts({ cpus }: Capacity): Attempts {
    const { store, home, credentials } = this.#deps;
    const settings = store.settings(this.#name);
    return new Attempts({
      deps: this.#deps,
      ledger: this.#ledger,
      reach: this.#reach,
      context: {
        ...{ home, cpus, settings, credentialsFile: credentials.file },
        images: () => store.images(this.#name),
      },
      emit: (happening) => this.#emit(happening),
      wake: () => this.#wake(),
      beside: (work) => this.#beside(work),
      cancelled: () => this.#cancel !== 'no',
    });
  }

  /** Takes up what a process before this one has left open, and makes the places that attempts need. */
  async #adopt(attempts: Attempts): Promise<void> {
    const { store, home } = this.#deps;
    const open = store.openAttempts(this.#name);
    const sockets = socketDirectory(home, this.#name);
    const inUse = [...open, ...keptAttempts(store, this.#name)].map(({ task, attempt }) =>
      attemptDirectory(home, this.#name, task, attempt),
    );
    sweepDirectories(runDirectory(home, this.#name), [sockets, ...inUse]);
    const { template } = this.#ledger.execution;
    this.#closeCloudSql = await openCloudSql(sockets, template, store.settings(this.#name));
    if (open.length > 0) this.#emit({ type: 'execution.adopted', attempts: open.length });
    attempts.adopt(open);
  }

  #situation({ active, settling, starts }: Attempts): Situation {
    const { parallelism = 1, taskCount, template } = this.#ledger.execution;
    const slots = parallelism < taskCount ? parallelism : Math.min(taskCount, this.#deps.maxParallelism);
    const wanted = this.#cancel === 'no' ? startable({ slots, starts, active }) : 1;
    const ready = wanted > 0 ? this.#deps.store.readyTasks(this.#name, wanted) : [];
    return {
      slots,
      starts,
      timeout: (durationSeconds(template.timeout ?? '') ?? 600) * 1000,
      cancel: this.#cancel,
      active,
      settling,
      ready: ready.map(({ index, retried }) => ({ index, attempt: retried })),
    };
  }

  #perform(action: Exclude<Action, { do: 'complete' }>, attempts: Attempts): void {
    switch (action.do) {
      case 'start':
        return attempts.start(action.index);
      case 'stop':
        return attempts.stop(action.index, action.reason);
      case 'kill':
        return attempts.kill(action.index);
      case 'cancelPending':
        return this.#ledger.cancelPending();
    }
  }

  /** Nothing of the execution is left in the engine when it is on record as ended, but what is kept. */
  async #complete(attempts: Attempts): Promise<void> {
    // On a very busy machine one may have been too late to be seen at the beginning.
    await this.#endStrays();
    await attempts.sweep();
    const { home, store } = this.#deps;
    const none = keptAttempts(store, this.#name).length === 0;
    if (none) rmSync(runDirectory(home, this.#name), { recursive: true, force: true });
    this.#ledger.complete(this.#cancel !== 'no');
  }

  #finish(): Execution {
    const { execution } = this.#ledger;
    this.#emit({ type: 'execution.completed', execution });
    return execution;
  }
}
