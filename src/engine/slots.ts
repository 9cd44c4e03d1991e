import type { AttemptRecord, EndedAttempt, StopReason } from '../model/attempt.js';
import type { ActiveAttempt } from '../model/next-actions.js';
import { isKept } from '../model/kept-containers.js';
import type { LocalSettings } from '../model/local/settings.js';
import { epochMs, timestamp } from '../model/time.js';
import type { AttemptSession, AttemptSink, AttemptSpec, Output } from '../runtime/port.js';
import { attemptSpec } from './attempt-spec.js';
import type { EngineDeps, Happening } from './engine.js';
import type { ExecutionRecord } from './record.js';

/** What the slots need from their run. */
export interface SlotsHost {
  deps: EngineDeps;
  record: ExecutionRecord;
  session: AttemptSession;
  settings: LocalSettings;
  emit: (happening: Happening) => void;
  /** Something has changed that affects what to do next. */
  wake: () => void;
  /** Lets work continue beside the run. */
  beside: (work: Promise<void>) => void;
  cancelled: () => boolean;
}

/** An attempt that holds a slot. */
interface Active {
  record: AttemptRecord;
  /** By a monotonic clock. */
  startedAt?: number;
  stopping?: StopReason;
  killed?: boolean;
  /** A failure to write its log was reported. */
  logTrouble?: boolean;
}

/** The running attempts of an execution, from their start to their recorded result. */
export class Slots {
  readonly #host: SlotsHost;
  readonly #active = new Map<number, Active>();
  #settling = 0;

  constructor(host: SlotsHost) {
    this.#host = host;
  }

  get active(): ActiveAttempt[] {
    return [...this.#active.values()].map(({ record, startedAt, stopping, killed }) => ({
      index: record.task,
      attempt: record.attempt,
      ...{ startedAt, stopping, killed },
    }));
  }

  /** Ended attempts whose result is not recorded yet. */
  get settling(): number {
    return this.#settling;
  }

  /** Resumes an attempt that an earlier process left open. */
  recover(record: AttemptRecord): void {
    const { session } = this.#host;
    const mainStarted = record.mainStartTime !== undefined;
    this.#begin(record, (spec, sink) => session.recover(record.handle, mainStarted, spec, sink));
  }

  start(index: number, attempt: number): void {
    const { session, record } = this.#host;
    const placement = session.place({ task: index, attempt });
    this.#begin(record.schedule(index, placement), (spec, sink) => session.start(placement.handle, spec, sink));
  }

  stop(index: number, reason: StopReason): void {
    const active = this.#active.get(index);
    if (!active) return;
    active.stopping = reason;
    this.#host.beside(this.#end(active, reason));
  }

  kill(index: number): void {
    const active = this.#active.get(index);
    if (!active) return;
    active.killed = true;
    this.#host.beside(this.#end(active, 'cancel'));
  }

  /** If an attempt has ended by itself, possibly unnoticed by this process, it is not recorded as stopped. */
  async #end(active: Active, reason: StopReason): Promise<void> {
    const { session, record, emit } = this.#host;
    const { task, attempt, handle } = active.record;
    const hasEnded = await session.hasEnded(handle);
    if (this.#active.get(task) !== active) return;
    if (!hasEnded) {
      active.record = record.stop(active.record, reason);
      if (!active.killed) emit({ type: 'attempt.stopping', task, attempt, reason });
    }
    await (active.killed ? session.kill(handle) : session.stop(handle));
  }

  #begin(begun: AttemptRecord, run: (spec: AttemptSpec, sink: AttemptSink) => Promise<EndedAttempt>): void {
    const { deps, record, emit, beside } = this.#host;
    const { name } = record.execution;
    const { task, attempt } = begun;
    const active: Active = { record: begun };
    this.#active.set(task, active);
    emit({ type: 'attempt.starting', task, attempt });
    const spec = attemptSpec(record.execution, { task, attempt }, deps.store.images(name));
    const ended = run(spec, {
      placed: (node) => void (active.record = record.locate(active.record, { node, waiting: undefined })),
      waiting: (why) => this.#waiting(active, why),
      published: (ports) => this.#published(active, ports),
      started: (startedAt, main) => this.#started(active, startedAt, main),
      output: (container) => this.#openLog(active, container),
      written: (container) => deps.logs.beginning(name, { task, attempt, container }),
      quiet: (quiet) => (quiet ? this.#release(active) : this.#retake(active)),
    });
    beside(this.#conclude(active, ended));
  }

  /** The log of a container. Reports once that part of it is missing, and once more if that stays so. */
  #openLog(active: Active, container: string | undefined): Output {
    const { deps, record, emit } = this.#host;
    const { task, attempt } = active.record;
    return deps.logs.create(record.execution.name, { task, attempt, container }, ({ message }, lost) => {
      if (!lost && active.logTrouble) return;
      active.logTrouble = true;
      emit({ type: 'log.trouble', task, attempt, message, lost });
    });
  }

  #waiting(active: Active, why: string | undefined): void {
    const { record, emit } = this.#host;
    const { task, attempt, waiting } = active.record;
    if (why === waiting) return;
    active.record = record.locate(active.record, { waiting: why });
    emit({ type: 'attempt.waiting', task, attempt, why });
  }

  #published(active: Active, published: Readonly<Record<string, string>>): void {
    const { record, emit } = this.#host;
    const { task, attempt } = active.record;
    active.record = record.locate(active.record, { published });
    emit({ type: 'attempt.published', task, attempt, ports: published });
  }

  #started(active: Active, startedAt: number, main: boolean): void {
    const { deps, record, emit, wake } = this.#host;
    const { task, attempt, node, startTime, mainStartTime } = active.record;
    if (!startTime || (main && !mainStartTime)) {
      active.record = record.start(active.record, timestamp(startedAt), main);
    }
    if (active.startedAt === undefined) emit({ type: 'attempt.started', task, attempt, node });
    // By another clock it may have started before it was created.
    const since = Math.max(startedAt, epochMs(active.record.createTime));
    active.startedAt ??= performance.now() - Math.max(0, deps.now() - since);
    wake();
  }

  /** Records the end of an attempt, and removes what it left. */
  async #conclude(active: Active, end: Promise<EndedAttempt>): Promise<void> {
    const { record, session, settings, emit, wake, cancelled } = this.#host;
    const { task, attempt, handle } = active.record;
    const ended = await end;
    this.#release(active);
    const ran = ended.main.status !== 'unstarted' && ended.main.status !== 'created';
    if (!ran && cancelled()) active.record = record.stop(active.record, 'cancel');
    const { outcome, task: after } = record.end(active.record, ended, cancelled());
    this.#settling--;
    emit({ type: 'attempt.ended', task, attempt, outcome, state: after.state });
    wake();
    if (isKept(settings, { ...active.record, outcome })) session.keep(handle);
    else await session.remove(handle);
  }

  /** The slot is free; the attempt's result is still to come. */
  #release({ record }: Active): void {
    if (this.#active.delete(record.task)) {
      this.#settling++;
      if (record.startTime) this.#settle(record, true);
    }
    this.#host.wake();
  }

  #retake(active: Active): void {
    this.#active.set(active.record.task, active);
    this.#settle(active.record, false);
    this.#settling--;
  }

  #settle(attempt: AttemptRecord, settling: boolean): void {
    this.#host.record.settle(attempt, settling);
    this.#host.emit({ type: 'attempt.settling', task: attempt.task, attempt: attempt.attempt, settling });
  }
}
