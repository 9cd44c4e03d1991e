import { rmSync } from 'node:fs';
import { type Action, nextActions, type Situation, startable } from '../model/next-actions.js';
import { type RuntimeIdentity, otherRuntime } from '../model/runtime-identity.js';
import { imported, importFailed, isCompleted, provisionFailed } from '../model/execution.js';
import { keptAttempts } from '../model/kept-containers.js';
import type { Execution } from '../model/schema/job.js';
import { durationSeconds, timestamp, type Timestamp } from '../model/time.js';
import { type AttemptSession, type Image, ImageUnavailable } from '../runtime/port.js';
import { LeaseLost } from '../store/store.js';
import { RuntimeAvailability } from './availability.js';
import { type Control, type EngineDeps, type Happening, pace } from './engine.js';
import { runDirectory } from './leftovers.js';
import { ExecutionRecord } from './record.js';
import { requirements } from './requirements.js';
import { Slots } from './slots.js';
import { LocalSources } from './sources.js';

/**
 * Runs an execution to its end, new or resumed, and returns it. Undefined if another process runs it, has resumed it in
 * the meantime, or is about to resume it.
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
  readonly #record: ExecutionRecord;
  readonly #availability: RuntimeAvailability;
  readonly #kind: { cluster?: true };
  readonly #ticker: NodeJS.Timeout;
  /** Ends whatever no part of the run waits for any longer. */
  readonly #over = new AbortController();
  #cancel: Situation['cancel'] = 'no';
  #lastHeartbeat: number;
  /** The request on which the runtime is slow, and whether it was slow before. */
  #slow: string | undefined;
  #wasSlow = false;
  #failure: Error | undefined;
  #wake: () => void = () => {};

  constructor(name: string, deps: EngineDeps, control: Control) {
    this.#name = name;
    this.#deps = deps;
    this.#control = control;
    this.#record = new ExecutionRecord(name, deps.store, deps.owner, deps.now);
    this.#kind = deps.store.settings(name).runtime ? { cluster: true } : {};
    this.#availability = new RuntimeAvailability((event) => this.#emit({ ...event, ...this.#kind }), deps.now);
    this.#lastHeartbeat = deps.now();
    this.#ticker = setInterval(this.#tick, pace.poll);
    for (const signal of this.#signals) signal.addEventListener('abort', this.#tick);
  }

  dispose(): void {
    this.#availability.giveUp();
    this.#over.abort();
    clearInterval(this.#ticker);
    for (const signal of this.#signals) signal.removeEventListener('abort', this.#tick);
  }

  get #signals(): AbortSignal[] {
    const { cancel, kill, leave } = this.#control;
    return [cancel, kill, ...(leave ? [leave] : [])];
  }

  /** Undefined if another process is to run the execution. */
  async toTheEnd(): Promise<Execution | undefined> {
    if (isCompleted(this.#record.execution)) return this.#record.execution;
    this.#tick();
    const asked = await this.#identified();
    if (!asked) return undefined;
    const began = this.#deps.store.engine(this.#name);
    if (!began) this.#record.began(asked);
    else if (began.id !== asked.id) {
      if (!this.#deps.store.deletionRequested(this.#name)) throw otherRuntime(this.#name, began, asked);
      return this.#writeOff();
    }
    const session = await this.#open(began !== undefined);
    try {
      await this.#prepare(session);
      if (isCompleted(this.#record.execution)) return this.#finish();
      const slots = this.#slots(session);
      this.#recover(slots);
      await this.#see(slots, session.starts);
      await this.#complete(session);
      return this.#finish();
    } catch (error) {
      // No part of the run waits any longer for a runtime that is away.
      this.#availability.giveUp();
      throw error;
    } finally {
      await session.close();
    }
  }

  /**
   * Waits until the runtime is available. An execution that is being deleted waits only briefly, because its runtime
   * may be gone for good, and another process may use another one. Undefined if that process is to run it.
   */
  async #identified(): Promise<RuntimeIdentity | undefined> {
    const since = performance.now();
    return this.#unless(
      () => performance.now() - since >= pace.giveWay && this.#deps.store.deletionRequested(this.#name),
      this.#availability.insist(() => this.#deps.runtime.identify()),
    );
  }

  /** Ends the execution in the store only; what it has in its runtime stays there. */
  #writeOff(): Execution {
    rmSync(runDirectory(this.#deps.home, this.#name), { recursive: true, force: true });
    this.#record.writeOff();
    return this.#finish();
  }

  /** @param resumed whether an earlier process began the execution */
  #open(resumed: boolean): Promise<AttemptSession> {
    const { runtime, store, home, projectNumber, credentials, env } = this.#deps;
    const settings = store.settings(this.#name);
    return runtime.open({
      ...{ home, settings, resumed, projectNumber, credentials },
      execution: this.#record.execution,
      directory: runDirectory(home, this.#name),
      open: store.openAttempts(this.#name).map(({ handle }) => handle),
      kept: this.#kept(),
      sources: new LocalSources(settings, env),
      availability: this.#availability,
      cancelled: () => this.#cancel !== 'no',
      onFailure: (error) => {
        this.#fail(error);
        this.#wake();
      },
    });
  }

  /** The handles of the attempts to keep. */
  #kept(): string[] {
    return keptAttempts(this.#deps.store, this.#name).map(({ handle }) => handle);
  }

  /** Carries out the next actions until there are none left. */
  async #see(slots: Slots, starts: number): Promise<void> {
    for (;;) {
      if (this.#failure) throw this.#failure;
      const { actions, wakeAt } = nextActions(this.#situation(slots, starts), performance.now());
      for (const action of actions) {
        if (action.do === 'complete') return;
        this.#perform(action, slots);
      }
      if (actions.length === 0) await this.#sleep(wakeAt);
    }
  }

  #emit(happening: Happening): void {
    this.#deps.onEvent({ time: timestamp(this.#deps.now()), ...happening });
  }

  /** Notices cancellations from this and other processes, and sends the heartbeat. */
  readonly #tick = (): void => {
    const { store, owner, now } = this.#deps;
    try {
      if (this.#control.leave?.aborted) throw new LeaseLost();
      // The clock may also have been set back.
      if (Math.abs(now() - this.#lastHeartbeat) >= pace.heartbeat) {
        store.heartbeat(this.#name, owner, now());
        this.#lastHeartbeat = now();
      }
      if (this.#control.cancel.aborted) store.requestCancel(this.#name, timestamp(now()));
      if (this.#cancel === 'no' && store.cancelRequested(this.#name)) {
        this.#cancel = 'requested';
        this.#record.cancelling();
        this.#emit({ type: 'execution.cancelling' });
      }
      if (this.#cancel === 'requested' && this.#control.kill.aborted) this.#cancel = 'killed';
      this.#watchPace();
    } catch (error) {
      this.#fail(error);
    }
    this.#wake();
  };

  /** Reports when the runtime becomes slow, on which request, and when it recovers. */
  #watchPace(): void {
    const { call, ms = 0 } = this.#deps.runtime.slowest ?? {};
    const slow = ms >= pace.slow ? call : undefined;
    if (slow === this.#slow) return;
    this.#slow = slow;
    this.#emit({ type: 'runtime.slow', call: slow, ms, first: !this.#wasSlow, ...this.#kind });
    this.#wasSlow = true;
  }

  #fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
  }

  /** Lets work continue beside the loop. Its end wakes the loop, and its failure ends it. */
  #beside(work: Promise<void>): void {
    void work.catch((error: unknown) => this.#fail(error)).finally(() => this.#wake());
  }

  /** Waits for an event, or until `wakeAt` (of performance.now). */
  async #sleep(wakeAt: number | undefined): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (wakeAt !== undefined) timer = setTimeout(resolve, Math.max(0, wakeAt - performance.now()));
    });
    clearTimeout(timer);
  }

  /** Finds the images, once in the life of an execution. */
  async #prepare(session: AttemptSession): Promise<void> {
    const { runtime } = this.#deps;
    const { execution } = this.#record;
    if (!execution.startTime) {
      const capabilities = await this.#availability.insist(() => runtime.capabilities());
      // The execution was created for what the runtime could do then, or without asking it.
      const problems = requirements(execution.template, this.#deps.store.settings(this.#name), capabilities);
      if (problems.length > 0) {
        const lacking = problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
        return this.#record.prepared(provisionFailed(execution, lacking, this.#record.time), {});
      }
      const references = execution.template.containers.map(({ image }) => image);
      const onPull = (image: string): void => this.#emit({ type: 'image.pulling', image });
      const finding = session.prepare(references, this.#over.signal, onPull).catch(unavailable);
      const found = await this.#unless(() => this.#cancel !== 'no', finding);
      if (!found) return;
      if (found instanceof ImageUnavailable) return this.#withoutImage(found, session);
      for (const { reference, unpinned } of new Set(found)) {
        if (unpinned !== undefined) this.#emit({ type: 'image.unpinned', image: reference, detail: unpinned });
      }
      this.#record.prepared(
        withImages(execution, found, this.#record.time),
        Object.fromEntries(found.map(({ reference, id }) => [reference, id])),
      );
    }
    this.#emit({ type: 'execution.started', execution: this.#record.execution });
  }

  async #withoutImage({ reference, condition, message }: ImageUnavailable, session: AttemptSession): Promise<void> {
    this.#emit({ type: 'image.unavailable', image: reference, detail: message });
    const failed = importFailed(this.#record.execution, condition, this.#record.time);
    // When an execution is recorded as ended, nothing of it is left in the runtime.
    await session.sweep([]);
    this.#record.prepared(failed, {});
  }

  /** The result of `work`; undefined as soon as it is `over`. */
  async #unless<T>(over: () => boolean, work: Promise<T>): Promise<T | undefined> {
    let result: T | undefined;
    this.#beside(work.then((value) => void (result = value)));
    while (result === undefined && !over()) {
      if (this.#failure) throw this.#failure;
      await this.#sleep(undefined);
    }
    return over() ? undefined : result;
  }

  #slots(session: AttemptSession): Slots {
    return new Slots({
      deps: this.#deps,
      record: this.#record,
      session,
      settings: this.#deps.store.settings(this.#name),
      emit: (happening) => this.#emit(happening),
      wake: () => this.#wake(),
      beside: (work) => this.#beside(work),
      cancelled: () => this.#cancel !== 'no',
    });
  }

  /** Resumes the attempts that an earlier process left open. */
  #recover(slots: Slots): void {
    const open = this.#deps.store.openAttempts(this.#name);
    if (open.length > 0) this.#emit({ type: 'execution.adopted', attempts: open.length });
    for (const attempt of open) slots.recover(attempt);
  }

  #situation({ active, settling }: Slots, starts: number): Situation {
    const { parallelism = 1, taskCount, template } = this.#record.execution;
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

  #perform(action: Exclude<Action, { do: 'complete' }>, slots: Slots): void {
    switch (action.do) {
      case 'start':
        return slots.start(action.index, action.attempt);
      case 'stop':
        return slots.stop(action.index, action.reason);
      case 'kill':
        return slots.kill(action.index);
      case 'cancelPending':
        return this.#record.cancelPending();
    }
  }

  /** When the execution is recorded as ended, only kept attempts are left in the runtime. */
  async #complete(session: AttemptSession): Promise<void> {
    const kept = this.#kept();
    await session.sweep(kept);
    if (kept.length === 0) rmSync(runDirectory(this.#deps.home, this.#name), { recursive: true, force: true });
    this.#record.complete(this.#cancel !== 'no');
  }

  #finish(): Execution {
    const { execution } = this.#record;
    this.#emit({ type: 'execution.completed', execution });
    return execution;
  }
}

/** An unavailable image is a result, unlike other failures. */
function unavailable(error: unknown): ImageUnavailable {
  if (error instanceof ImageUnavailable) return error;
  throw error;
}

/** The execution with its images resolved to digests. */
function withImages(execution: Execution, images: readonly Image[], time: Timestamp): Execution {
  const { template } = execution;
  const containers = template.containers.map((container, i) => {
    const { reference: image = container.image } = images[i] ?? {};
    return { ...container, image };
  });
  const pulled = images.some((image) => image.pulled);
  return imported(execution, { ...template, containers }, pulled, time);
}
