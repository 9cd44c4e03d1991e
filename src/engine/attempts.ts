import { createHash } from 'node:crypto';
import pLimit from 'p-limit';
import type { AttemptRecord, StopReason } from '../model/attempt.js';
import type { ActiveAttempt } from '../model/next-actions.js';
import type { ExecutionEvent } from '../model/events.js';
import { isKept, keptAttempts, keptNames } from '../model/kept-containers.js';
import type { Instance } from '../model/metadata-server.js';
import { parseName } from '../model/names.js';
import { epochMs, timestamp } from '../model/time.js';
import { Attempt, type AttemptHost } from './attempt.js';
import type { Past } from './container.js';
import type { EngineDeps } from './engine.js';
import type { Ledger } from './ledger.js';
import { MetadataServers } from './metadata.js';
import { attemptPlan, executionLabels, type PlanContext, sandboxSpec } from './plan.js';
import type { Reach } from './reach.js';
import { Sandboxes } from './sandboxes.js';
import { sharesMemory } from './volume-plan.js';
import { AttemptVolumes } from './volumes.js';

/** An event without its time. */
export type Happening = ExecutionEvent extends infer E ? (E extends unknown ? Omit<E, 'time'> : never) : never;

/** What the attempts need of the run that they belong to. */
export interface AttemptsHost {
  deps: EngineDeps;
  ledger: Ledger;
  reach: Reach;
  context: PlanContext;
  emit: (happening: Happening) => void;
  /** Something has changed that decides what to do next. */
  wake: () => void;
  /** Lets work go on beside the run. */
  beside: (work: Promise<void>) => void;
  cancelled: () => boolean;
}

/** An attempt that holds a slot. */
interface Active {
  record: AttemptRecord;
  attempt: Attempt;
  volumes: AttemptVolumes;
  sandbox: string | undefined;
  /** By a clock that nobody sets. */
  startedAt?: number;
  stopping?: StopReason;
  killed?: boolean;
  /** Its log could not be written, which has been told. */
  logTrouble?: boolean;
}

/** The attempts of an execution that are under way: their slots, their sandboxes, and what becomes of them. */
export class Attempts {
  readonly #host: AttemptsHost;
  readonly #sandboxes: Sandboxes;
  readonly #metadata: MetadataServers;
  readonly #active = new Map<number, Active>();
  readonly #startGate: <T>(start: () => Promise<T>) => Promise<T>;
  /** Containers that are in the engine, those of sandboxes among them, as far as this process knows. */
  readonly #present = new Set<string>();
  #settling = 0;

  constructor(host: AttemptsHost) {
    this.#host = host;
    const { ledger, reach, deps, context } = host;
    this.#startGate = pLimit(this.starts);
    this.#metadata = new MetadataServers({
      runtime: deps.runtime,
      tokens: deps.credentials,
      ...{ reach, beside: host.beside },
      instance: (sandbox) => this.#instance(sandbox),
    });
    // Memory that containers share is held by their sandbox, and must not be there for the next attempt.
    const fresh = context.settings.freshSandbox || sharesMemory(ledger.execution.template);
    const settings = { ...context.settings, freshSandbox: fresh };
    this.#sandboxes = new Sandboxes(ledger.execution, settings, async (sandbox) => {
      this.#present.add(sandbox.name);
      await reach.insist(() => deps.runtime.openSandbox(sandbox));
      if (settings.metadata) await this.#metadata.open(sandbox.name);
    });
    if (fresh) {
      for (const { sandbox } of keptAttempts(deps.store, ledger.execution.name)) {
        if (sandbox) this.#sandboxes.keep(sandbox);
      }
    }
  }

  /**
   * How many attempts, or containers, are started at once: more only make each of them slower. Those that have to make a
   * network namespace wait for the kernel meanwhile (bench/throughput.mjs: 0.91 instead of 0.85 at P = 8 on 2 CPUs).
   */
  get starts(): number {
    const { settings, cpus } = this.#host.context;
    return (settings.freshSandbox ? 4 : 2) * cpus;
  }

  /** Opens the sandboxes that will be needed first, while images are looked for. */
  openAhead(): void {
    const { ledger, context } = this.#host;
    for (const name of this.#sandboxes.ahead(this.starts)) {
      // Who needs one that cannot be opened finds out.
      this.#sandboxes.open(sandboxSpec(ledger.execution, name, context), false).catch(() => {});
    }
  }

  /** Ends what goes on beside the attempts. */
  async close(): Promise<void> {
    this.#metadata.closeAll();
    await this.#sandboxes.settled();
  }

  get active(): ActiveAttempt[] {
    return [...this.#active.values()].map(({ record, startedAt, stopping, killed }) => ({
      index: record.task,
      attempt: record.attempt,
      ...{ startedAt, stopping, killed },
    }));
  }

  /** Attempts whose containers have ended and whose result is not recorded yet. */
  get settling(): number {
    return this.#settling;
  }

  /** Takes up the attempts that a process before this one has left open. */
  adopt(records: readonly AttemptRecord[]): void {
    const { context, beside } = this.#host;
    for (const { sandbox } of records) {
      if (!sandbox) continue;
      this.#sandboxes.keep(sandbox);
      if (context.settings.metadata) beside(this.#metadata.open(sandbox));
    }
    for (const record of records) this.#begin(record, record.mainStartTime ? 'started' : 'recorded');
  }

  start(index: number): void {
    this.#begin(this.#host.ledger.schedule(index, this.#sandboxes.take()), 'nothing');
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

  /** What has ended by itself, which this process may not have noticed, is not said to have been stopped. */
  async #end(active: Active, reason: StopReason): Promise<void> {
    const { deps, reach, ledger, emit } = this.#host;
    const { task, attempt, container } = active.record;
    const state = await reach.insist(() => deps.runtime.inspect(container));
    if (this.#active.get(task) !== active) return;
    if (state?.status !== 'exited') {
      active.record = ledger.stop(active.record, reason);
      if (!active.killed) emit({ type: 'attempt.stopping', task, attempt, reason });
    }
    await (active.killed ? active.attempt.kill() : active.attempt.stop());
  }

  #begin(record: AttemptRecord, past: Past): void {
    const { deps, ledger, reach, context, beside, cancelled } = this.#host;
    const { task, sandbox } = record;
    const plan = attemptPlan(ledger.execution, record, context);
    const { runtime, env } = deps;
    const volumes = new AttemptVolumes(plan, { runtime, reach, settings: context.settings, env });
    const host = {
      runtime,
      reach,
      furnish: volumes.furnish.bind(volumes),
      strictFs: context.settings.strictFs,
      openSandbox: this.#sandboxes.open.bind(this.#sandboxes),
      startGate: this.#startGate,
      cancelled,
      openOutput: (label: string | undefined) => this.#openLog(active, label),
      written: (label: string | undefined) => {
        const { attempt } = active.record;
        return deps.logs.beginning(ledger.execution.name, { task, attempt, container: label });
      },
      patient: () => [...this.#active.keys()].some((other) => other !== task),
      onStarted: (startedAt: number, main: boolean) => this.#started(active, startedAt, main),
      onQuiet: (quiet: boolean) => (quiet ? this.#release(active) : this.#retake(active)),
    };
    const active: Active = { record, sandbox, volumes, attempt: new Attempt(plan, past, host) };
    this.#active.set(task, active);
    const names = plan.containers.map(({ spec }) => spec.name);
    for (const name of names) this.#present.add(name);
    beside(this.#seeThrough(active, names));
  }

  /** The log of a container; that something of it is missing is told once, and once more if it stays so. */
  #openLog(active: Active, container: string | undefined): ReturnType<AttemptHost['openOutput']> {
    const { deps, ledger, emit } = this.#host;
    const { task, attempt } = active.record;
    return deps.logs.create(ledger.execution.name, { task, attempt, container }, ({ message }, lost) => {
      if (!lost && active.logTrouble) return;
      active.logTrouble = true;
      emit({ type: 'log.trouble', task, attempt, message, lost });
    });
  }

  #started(active: Active, startedAt: number, main: boolean): void {
    const { deps, ledger, emit, wake } = this.#host;
    const { task, attempt, startTime, mainStartTime } = active.record;
    if (!startTime || (main && !mainStartTime)) {
      active.record = ledger.start(active.record, timestamp(startedAt), main);
    }
    if (active.startedAt === undefined) emit({ type: 'attempt.started', task, attempt });
    // By a clock that is not ours it may have started before it was made.
    const since = Math.max(startedAt, epochMs(active.record.createTime));
    active.startedAt ??= performance.now() - Math.max(0, deps.now() - since);
    wake();
  }

  async #seeThrough(active: Active, containers: readonly string[]): Promise<void> {
    const { ledger, context, emit, wake, cancelled } = this.#host;
    const { task, attempt } = active.record;
    const ended = await active.attempt.run();
    this.#release(active);
    const ran = ended.main.status !== 'unstarted' && ended.main.status !== 'created';
    if (!ran && cancelled()) active.record = ledger.stop(active.record, 'cancel');
    const { outcome, task: record } = ledger.end(active.record, ended, cancelled());
    this.#settling--;
    emit({ type: 'attempt.ended', task, attempt, outcome, state: record.state });
    wake();
    const { sandbox, volumes } = active;
    const used = sandbox !== undefined && this.#sandboxes.release(sandbox) ? [sandbox] : [];
    for (const name of used) this.#metadata.close(name);
    if (isKept(context.settings, { ...active.record, outcome })) return volumes.close();
    // Volumes go after what uses them.
    const patient = volumes.none;
    await Promise.all([...containers, ...used].map((name) => this.#remove(name, patient)));
    await volumes.dispose();
  }

  async #remove(name: string, patient: boolean): Promise<void> {
    const { deps, reach } = this.#host;
    await reach.insist(() => deps.runtime.remove(name, patient));
    this.#present.delete(name);
  }

  /** Removes all that the execution has left in the engine, but what is kept, which is stopped. */
  async sweep(): Promise<void> {
    const { deps, reach, ledger, context } = this.#host;
    await this.close();
    const own = executionLabels(context.home, ledger.execution.name);
    const stays = keptNames(deps.store, ledger.execution.name);
    const clear = async (names: readonly string[]): Promise<void> => {
      const ended = names.filter((name) => !stays(name));
      const kept = names.filter(stays).map((name) => reach.insist(() => deps.runtime.kill(name)));
      await Promise.all([...kept, reach.insist(() => deps.runtime.removeAll(ended))]);
      for (const name of ended) this.#present.delete(name);
    };
    const known = new Set(this.#present);
    const unknown = async (): Promise<void> => {
      const left = await reach.insist(() => deps.runtime.list(own));
      await clear(left.filter((name) => !known.has(name)));
    };
    await Promise.all([clear([...known]), unknown()]);
    if (!ledger.execution.template.volumes) return;
    const volumes = await reach.insist(() => deps.runtime.listVolumes(own));
    const unused = volumes.filter((volume) => !stays(volume));
    await Promise.all(unused.map((volume) => reach.insist(() => deps.runtime.removeVolume(volume))));
  }

  /** What the attempt in a sandbox is told about itself. */
  #instance(sandbox: string): Instance {
    const { ledger, deps } = this.#host;
    const { name, template } = ledger.execution;
    const { project, location } = parseName(name);
    const guest = [...this.#active.values()].find((active) => active.sandbox === sandbox);
    return {
      project,
      projectNumber: deps.projectNumber,
      region: location,
      id: createHash('sha256')
        .update(guest?.record.container ?? sandbox)
        .digest('hex'),
      serviceAccount: template.serviceAccount ?? '',
    };
  }

  /** The slot and its sandbox are free; the attempt's result is still to come. */
  #release({ record, sandbox }: Active): void {
    if (this.#active.delete(record.task)) {
      this.#settling++;
      if (record.startTime) this.#settle(record, true);
      if (sandbox !== undefined) this.#sandboxes.release(sandbox);
    }
    this.#host.wake();
  }

  #retake(active: Active): void {
    this.#active.set(active.record.task, active);
    this.#settle(active.record, false);
    if (active.sandbox !== undefined) this.#sandboxes.keep(active.sandbox);
    this.#settling--;
  }
  #settle(record: AttemptRecord, settling: boolean): void {
    const { task, attempt } = record;
    this.#host.ledger.settle(record, settling);
    this.#host.emit({ type: 'attempt.settling', task, attempt, settling });
  }
}
