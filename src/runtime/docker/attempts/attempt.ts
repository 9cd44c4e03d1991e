import { type Culprit, type EndedAttempt, type EndedContainer, unexecuted } from '../../../model/attempt.js';
import { epochMs, type Timestamp } from '../../../model/time.js';
import type { AttemptUsage, ContainerUsage } from '../../../model/usage.js';
import type { AttemptSink, Output } from '../../port.js';
import type { ContainerSpec } from '../engine-api.js';
import { bringUp, type Past, seeThrough, type Starter } from './container.js';
import { pace } from './pace.js';
import type { AttemptPlan, PlannedContainer } from './plan.js';
import { chargeWrites } from './strict-fs.js';

/** What an attempt needs from its execution. */
export interface AttemptHost extends Starter {
  /** Files that containers write count as memory. */
  strictFs: boolean;
  sink: Pick<AttemptSink, 'started' | 'output' | 'written'>;
  /** The only container has written its last output, so its slot is free. False: it is running after all. */
  onQuiet: (quiet: boolean) => void;
  /** Whether other attempts are running. */
  patient: () => boolean;
}

/** Starts the containers of an attempt that do not exist yet, and follows all of them to their end. */
export class Attempt {
  readonly #plan: AttemptPlan;
  readonly #past: Past;
  readonly #host: AttemptHost;
  /** Settles once a container is up for the containers that depend on it. */
  readonly #up: PromiseWithResolve[];
  /** Detaches the client of each running container that has one. */
  readonly #running = new Map<string, (() => void) | undefined>();
  /** Aborted once no further container may start. */
  readonly #halt = new AbortController();
  readonly #halted: Promise<void>;
  /** Background work. */
  readonly #beside: Promise<void>[] = [];
  readonly #usage: Record<string, ContainerUsage> = {};
  #killed = false;
  #culprit: Culprit | undefined;
  #startedAt: Timestamp | undefined;

  /** @param past what is known about the attempt's main container */
  constructor(plan: AttemptPlan, past: Past, host: AttemptHost) {
    this.#plan = plan;
    this.#past = past;
    this.#host = host;
    this.#up = plan.containers.map(withResolve);
    this.#halted = new Promise((resolve) => this.#halt.signal.addEventListener('abort', () => resolve()));
  }

  async run(): Promise<EndedAttempt> {
    const { containers, main } = this.#plan;
    const other = async (index: number): Promise<void> => {
      const ended = await this.#see(index);
      if (ended) this.#blame(index, ended);
    };
    const toTheEnd = async (): Promise<EndedContainer | undefined> => {
      const ended = await this.#see(main);
      await this.stop();
      return ended;
    };
    const others = [...containers.keys()].filter((i) => i !== main);
    const [ended] = await Promise.all([toTheEnd(), ...others.map(other)]);
    await Promise.all(this.#beside);
    const usage: AttemptUsage | undefined = Object.keys(this.#usage).length > 0 ? this.#usage : undefined;
    return { main: ended ?? { status: 'unstarted' }, startedAt: this.#startedAt, culprit: this.#culprit, usage };
  }

  /** Sends SIGTERM to all containers at once, and SIGKILL to the rest after the grace period. Nothing more starts. */
  async stop(): Promise<void> {
    this.#halt.abort();
    await this.#each((name) => this.#host.engine.stop(name, this.#plan.graceSeconds));
  }

  async kill(): Promise<void> {
    this.#killed = true;
    this.#halt.abort();
    await this.#each((name) => this.#host.engine.kill(name));
  }

  async #each(work: (name: string) => Promise<void>): Promise<void> {
    const ended = [...this.#running].map(async ([name, letGo]) => {
      await this.#host.availability.insist(() => work(name));
      // A client may miss the end of its container.
      if (letGo) setTimeout(() => this.#running.get(name) === letGo && letGo(), pace.lastWords).unref();
    });
    await Promise.all(ended);
  }

  /** Lets work continue in the background. If it fails, so does the run. */
  #also(work: Promise<void>): void {
    this.#beside.push(work);
    work.catch(() => {});
  }

  /** Follows one container from its turn to its end; undefined if its turn never came. */
  async #see(index: number): Promise<EndedContainer | undefined> {
    const { engine, availability, sink, onQuiet, patient } = this.#host;
    const { containers, main, sandbox } = this.#plan;
    const container = containers[index];
    if (!container) return undefined;
    const { spec, label } = container;
    const ready = Promise.all(container.dependsOn.map(async (i) => this.#up[i]?.promise));
    await Promise.race([ready, this.#halted]);
    // A container that an earlier process may have started must be found even if nothing more may start.
    if (this.#halt.signal.aborted && this.#past === 'nothing') return undefined;
    const past = index === main || this.#past === 'nothing' ? this.#past : 'recorded';
    const torn = (): boolean => this.#running.size > 0;
    const log = index === main ? undefined : label;
    const openOutput = (): Output => sink.output(log);
    const state = await bringUp(spec, past, sandbox, this.#host, this.#halt.signal, torn, openOutput);
    if (!state || state.status === 'created' || state.status === 'missing') return state;
    this.#running.set(spec.name, state.status === 'running' ? state.letGo : undefined);
    sink.started(epochMs(state.startedAt), index === main);
    if (this.#halt.signal.aborted) this.#also(this.#killed ? this.kill() : this.stop());
    const over = new AbortController();
    const watch = this.#watch(index, container, over.signal);
    const charge = this.#host.strictFs ? chargeWrites(spec, this.#host, over.signal) : Promise.resolve(false);
    charge.catch(() => {});
    const alone = containers.length === 1;
    const attached = state.status === 'running' ? state.ended : undefined;
    const ended = await seeThrough(spec.name, attached, {
      ...{ engine, availability, openOutput, patient },
      onQuiet: (quiet) => alone && onQuiet(quiet),
    });
    this.#running.delete(spec.name);
    if (ended.status === 'exited') this.#startedAt = earlier(this.#startedAt, ended.startedAt);
    over.abort();
    await watch;
    const full = await charge;
    const usage = await this.#measure(spec, ended);
    if (usage) this.#usage[label] = usage;
    if (ended.status !== 'exited') return ended;
    if (full) return { ...ended, exitCode: killed, oomKilled: true };
    return { ...ended, unexecuted: unexecuted(ended.exitCode, () => sink.written(log)) };
  }

  /** What an ended container has used, as far as that is known. */
  async #measure({ name, memoryBytes }: ContainerSpec, ended: EndedContainer): Promise<ContainerUsage | undefined> {
    const { engine, availability } = this.#host;
    const usage = engine.usage(name);
    if (ended.status !== 'exited') return usage;
    const { peakMemoryBytes = 0, cacheBytes = 0 } = usage ?? {};
    const reached = peakMemoryBytes - cacheBytes >= nearlyAll * memoryBytes;
    const oomKills =
      usage?.oomKills ??
      Number(ended.oomKilled || (reached && (await availability.insist(() => engine.wasOutOfMemory(name, ended)))));
    if (oomKills === 0) return usage && { ...usage, oomKills };
    if (ended.exitCode !== killed) return { ...usage, oomKills, oomVictim: 'child' };
    // Whoever stops a container kills its main process, too.
    return this.#halt.signal.aborted ? { ...usage, oomKills } : { ...usage, oomKills, oomVictim: 'main' };
  }

  /** Finds out when a container is up. If the main container ran before this process began, all others were up. */
  async #watch(index: number, { label, probe }: PlannedContainer, over: AbortSignal): Promise<void> {
    if (probe && this.#past !== 'started') {
      const { engine, availability } = this.#host;
      const sandbox = this.#plan.sandbox?.name ?? '';
      const dial = (port: number) => availability.insist(() => engine.dial(sandbox, port));
      const { startupProbe } = await import('./probe.js');
      const failure = await startupProbe(probe, dial, AbortSignal.any([over, this.#halt.signal]));
      if (failure) return this.#fail({ container: label, failure: 'probe', ...failure });
      if (over.aborted) return;
    }
    this.#up[index]?.resolve();
  }

  /** A container beside the main one has ended: that ends the attempt, unless it succeeded and no other waits for it. */
  #blame(index: number, ended: EndedContainer): void {
    const { containers } = this.#plan;
    const well = ended.status === 'exited' && ended.exitCode === 0;
    const awaited = !this.#up[index]?.settled && containers.some(({ dependsOn }) => dependsOn.includes(index));
    if (well && !awaited) return;
    this.#fail({ container: containers[index]?.label ?? '', failure: 'ended', ended });
  }

  #fail(culprit: Culprit): void {
    if (this.#halt.signal.aborted) return;
    this.#culprit = culprit;
    this.#also(this.stop());
  }
}

const earlier = (one: Timestamp | undefined, other: Timestamp): Timestamp =>
  one === undefined || other < one ? other : one;

/** The exit code of a container that was ended by SIGKILL. */
const killed = 137;

/** The share of its limit that a container has used if the kernel had to kill a process of it, or more. */
const nearlyAll = 0.95;

interface PromiseWithResolve {
  promise: Promise<void>;
  settled: boolean;
  resolve: () => void;
}

function withResolve(): PromiseWithResolve {
  const result: PromiseWithResolve = { promise: Promise.resolve(), settled: false, resolve: () => {} };
  result.promise = new Promise((resolve) => {
    result.resolve = () => {
      result.settled = true;
      resolve();
    };
  });
  return result;
}
