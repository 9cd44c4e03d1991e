import type { Event, Pod } from 'kubernetes-types/core/v1.js';
import { type Culprit, type EndedAttempt, type EndedContainer, unexecuted } from '../../model/attempt.js';
import { epochMs, type Timestamp } from '../../model/time.js';
import { type AttemptSink, type AttemptSpec, type Availability, type Output, StartRefused } from '../port.js';
import { pause } from '../sleep.js';
import { ApiError, type KubernetesApi, lacksRight } from './api.js';
import { LogPosition, readLog } from './log.js';
import { nodeState } from './nodes.js';
import { pace } from './pace.js';
import { containerNames } from './pod.js';
import { deletePod } from './remnants.js';
import { type PodState, stateOf } from './state.js';
import type { PodWatch } from './watch.js';

/** How far an attempt is known to have come before this process resumed it. */
export type Past = 'nothing' | 'recorded' | 'started';

/** What an attempt needs from its execution. */
export interface AttemptHost {
  api: KubernetesApi;
  availability: Availability;
  pods: PodWatch;
  sink: AttemptSink;
  /** The pod, once everything is there that it needs. @throws StartRefused */
  furnish: () => Promise<Pod>;
  /** Whether a pod of the name is that of this attempt. */
  isOurs: (pod: Pod) => boolean;
  cancelled: () => boolean;
}

/** What is known of a container of the attempt. */
interface Seen {
  startedAt: Timestamp | undefined;
  ended: EndedContainer | undefined;
  /** Its log is written as far as it ever will be. */
  heard: boolean;
  /** Its log cannot be had. */
  unheard: boolean;
}

/** An attempt as a pod, from its creation to its end. */
export class PodAttempt {
  readonly #name: string;
  readonly #spec: AttemptSpec;
  readonly #host: AttemptHost;
  readonly #names: readonly string[];
  readonly #containers: readonly Seen[];
  /** Aborted once nothing of it may start any more. */
  readonly #halt = new AbortController();
  /** Aborted at its end, or once nothing more can be known of it. */
  readonly #over = new AbortController();
  readonly #background: Promise<void>[] = [];
  /** Settles once it is known whether the pod was made. */
  #made: Promise<unknown> = Promise.resolve();
  #exists = false;
  /** The last state before it was known that there is a pod: the watch may still tell of one that has been removed. */
  #early: { pod: Pod | undefined } | undefined;
  #gone = false;
  #state: PodState | undefined;
  /** We have asked for its end. */
  #stopped = false;
  #lost: string | undefined;
  #culprit: Culprit | undefined;
  #placed = false;
  #told: string | undefined;
  /** Why it does not start, as events say. */
  #event: string | undefined;
  #wake: () => void = () => {};
  /** Ends following it, because the run cannot go on. */
  fail: (error: unknown) => void = () => {};

  constructor(name: string, spec: AttemptSpec, host: AttemptHost) {
    this.#name = name;
    this.#spec = spec;
    this.#host = host;
    this.#names = containerNames(spec);
    this.#containers = spec.containers.map(() => ({
      startedAt: undefined,
      ended: undefined,
      heard: false,
      unheard: false,
    }));
  }

  async run(past: Past): Promise<EndedAttempt> {
    const broken = new Promise<never>((_, reject) => (this.fail = reject));
    broken.catch(() => {});
    const leave = this.#host.pods.follow(this.#name, (pod) => this.#take(pod));
    try {
      return await Promise.race([this.#live(past), broken]);
    } finally {
      leave();
      this.#over.abort();
    }
  }

  async #live(past: Past): Promise<EndedAttempt> {
    const making = this.#make(past);
    this.#made = making.catch(() => {});
    const made = await making;
    if (made) return { main: made };
    this.#exists = true;
    if (this.#early) this.#take(this.#early.pod);
    this.#also(this.#tend());
    while (!this.#settled) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#over.abort();
    await Promise.all(this.#background);
    return this.#result();
  }

  /** Makes the pod, or finds the one that is there; otherwise returns how the attempt has ended. */
  async #make(past: Past): Promise<EndedAttempt['main'] | undefined> {
    const { availability, pods, furnish, isOurs, sink } = this.#host;
    if (past !== 'nothing') {
      const found = await this.#find();
      if (found) return this.#adopt(found);
      if (past === 'started') return { status: 'missing' };
    }
    try {
      for (;;) {
        if (this.#mayNotStart) return { status: 'unstarted' };
        const pod = await furnish();
        if (this.#mayNotStart) return { status: 'unstarted' };
        const made = await availability.insist(() => this.#create(pod));
        if (made === 'exists') {
          const found = await this.#find();
          if (found && !isOurs(found)) throw new StartRefused(`there is a pod ${this.#name} that is not localrun's`);
          if (found) return this.#adopt(found);
        } else if ('wait' in made) {
          sink.waiting((this.#told = made.wait));
          await pause(pace.quota, this.#halt.signal);
        } else {
          pods.saw(made);
          return undefined;
        }
      }
    } catch (error) {
      if (!(error instanceof StartRefused)) throw error;
      return { status: 'created', exitCode: error.exitCode, error: error.message };
    }
  }

  get #mayNotStart(): boolean {
    return this.#halt.signal.aborted || this.#host.cancelled();
  }

  #adopt(pod: Pod): undefined {
    this.#host.pods.saw(pod);
    if (this.#halt.signal.aborted) this.#also(this.stop());
  }

  #find(): Promise<Pod | undefined> {
    return this.#host.availability.insist(() => this.#host.api.getPod(this.#name));
  }

  /** The pod; that there is one; or why it has to wait. @throws StartRefused */
  async #create(pod: Pod): Promise<Pod | 'exists' | { wait: string }> {
    try {
      return await this.#host.api.call<Pod>({ method: 'POST', path: 'pods', body: pod });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { status, reason, message } = error;
      if (reason === 'AlreadyExists') return 'exists';
      if (status === 403 && /exceeded quota/.test(message)) return { wait: withoutPod(message) };
      // Who may not make pods at all need not try the next one.
      if (status === 403 && lacksRight.test(message)) throw error;
      if (status === 400 || status === 403 || status === 422) throw new StartRefused(withoutPod(message));
      throw error;
    }
  }

  /** Whether its main container has ended, as its pod has it. */
  isEnded(pod: Pod): boolean {
    const { containers, over } = stateOf(pod, this.#names);
    const main = containers[this.#spec.main]?.status;
    return over || main === 'exited' || main === 'created';
  }

  /** Takes a state of the pod in. */
  #take(pod: Pod | undefined): void {
    if (this.#gone || this.#over.signal.aborted) return;
    if (!this.#exists) this.#early = { pod };
    else if (pod) {
      this.#state = stateOf(pod, this.#names);
      this.#see(this.#state);
    } else this.#gone = true;
    this.#wake();
  }

  #see(state: PodState): void {
    const { sink } = this.#host;
    const { main } = this.#spec;
    if (state.node !== undefined && !this.#placed) {
      this.#placed = true;
      sink.placed(state.node);
      this.#tell(undefined);
    }
    for (const [i, now] of state.containers.entries()) {
      const seen = this.#containers[i];
      if (!seen || now.status === 'waiting') continue;
      if (now.status !== 'created' && seen.startedAt === undefined) {
        seen.startedAt = now.startedAt;
        sink.started(epochMs(now.startedAt), i === main);
        this.#also(this.#hear(i, seen));
      }
      if (now.status === 'running' || seen.ended) continue;
      seen.ended = now;
      const cause = now.status === 'exited' && !this.#stopped ? causeOf(state, now.finishedAt) : undefined;
      if (i === main && cause !== undefined) seen.ended = { status: 'lost', reason: cause };
    }
    if (this.#hasStarted) this.#tell(undefined);
    else this.#tell(state.waiting ?? this.#event ?? this.#told);
    const ended = this.#containers[main]?.ended;
    if (!ended) this.#blame(state);
    else if (!state.over && !this.#stopped && this.#containers.some((one) => !one.ended)) this.#also(this.stop());
    const { deletion, doubtful } = state;
    if (deletion) this.#suspect(deletion.due);
    else if (doubtful && !this.#doubted) {
      this.#doubted = true;
      this.#also(this.#askNode());
    }
  }

  #tell(why: string | undefined): void {
    if (why === this.#told) return;
    this.#told = why;
    this.#host.sink.waiting(why);
  }

  /** A container that failed beside the main one, or that can never start, ends the attempt. */
  #blame({ refused, failure, deletion }: PodState): void {
    const { main, containers } = this.#spec;
    if (this.#halt.signal.aborted || failure !== undefined || deletion) return;
    for (const [i, { ended }] of this.#containers.entries()) {
      if (i === main || !ended || (ended.status === 'exited' && ended.exitCode === 0)) continue;
      this.#culprit = { container: containers[i]?.name ?? '', failure: 'ended', ended };
    }
    const seen = refused && this.#containers[refused.container];
    if (refused && seen && !seen.ended) {
      seen.ended = refused.ended;
      if (refused.container !== main) {
        this.#culprit ??= { container: containers[refused.container]?.name ?? '', failure: 'ended', ended: seen.ended };
      }
    }
    if (this.#culprit || refused) this.#also(this.stop());
  }

  get #hasStarted(): boolean {
    return this.#containers.some(({ startedAt }) => startedAt !== undefined);
  }

  /** Whether nothing more is to come. */
  get #settled(): boolean {
    if (this.#lost !== undefined) return true;
    const over = this.#gone || this.#state?.over === true;
    return this.#containers.every(({ startedAt, ended, heard }) =>
      startedAt ? heard && (ended ?? over) : (ended ?? over),
    );
  }

  #result(): EndedAttempt {
    const { main } = this.#spec;
    const { sink } = this.#host;
    const seen = this.#containers[main];
    const starts = this.#containers.flatMap(({ startedAt }) => startedAt ?? []);
    return { main: this.#endOf(seen, sink), startedAt: starts.toSorted()[0], culprit: this.#culprit };
  }

  #endOf(seen: Seen | undefined, sink: AttemptSink): EndedAttempt['main'] {
    const { failure, deletion } = this.#state ?? {};
    const { ended } = seen ?? {};
    if (ended?.status === 'exited') {
      // The streams are merged: the error of a container runtime is on stdout, too.
      const text = unexecuted(ended.exitCode, () => ({ stdout: '', stderr: sink.written(undefined).stdout }));
      return { ...ended, unexecuted: text, ...(seen?.unheard && { unheard: true }) };
    }
    if (ended) return ended;
    if (failure !== undefined && !this.#stopped) return { status: 'lost', reason: failure };
    if (this.#lost !== undefined) return { status: 'lost', reason: this.#lost };
    if (!this.#stopped && this.#state?.over !== true) {
      return { status: 'lost', reason: deletion?.why ?? 'its pod was deleted' };
    }
    return { status: seen?.startedAt ? 'missing' : 'unstarted' };
  }

  /** Lets work continue in the background. If it fails, so does the attempt. */
  #also(work: Promise<void>): void {
    this.#background.push(work);
    work.catch((error: unknown) => this.fail(error));
  }

  /** Until its first container starts: ends it if it may no longer start, and finds out why it does not. */
  async #tend(): Promise<void> {
    const { cancelled } = this.#host;
    const over = this.#over.signal;
    for (let waited = 0; !over.aborted && !this.#hasStarted; waited += pace.cancelled) {
      if (cancelled() && !this.#halt.signal.aborted) await this.stop();
      if (waited >= pace.events && this.#state?.node !== undefined) {
        waited = 0;
        this.#event = await this.#lastEvent();
        if (this.#state && !over.aborted) this.#see(this.#state);
      }
      await pause(pace.cancelled, over);
    }
  }

  /** The last warning about the pod. Rights to read events are not necessary. */
  async #lastEvent(): Promise<string | undefined> {
    const fieldSelector = `involvedObject.name=${this.#name},type=Warning`;
    try {
      const { items } = await this.#host.api.call<{ items: Event[] }>({
        ...{ method: 'GET', path: 'events', query: { fieldSelector } },
      });
      const time = ({ lastTimestamp, eventTime }: Event): string => lastTimestamp ?? eventTime ?? '';
      const last = items.toSorted((a, b) => (time(a) < time(b) ? -1 : 1)).at(-1);
      return last && `${last.reason}: ${last.message}`.replaceAll(/\s+/g, ' ').trim();
    } catch {
      return this.#event;
    }
  }

  /** Writes the log of a container, to its end. */
  async #hear(index: number, seen: Seen): Promise<void> {
    const { sink, api } = this.#host;
    const { main, containers } = this.#spec;
    const open = (): Output => sink.output(index === main ? undefined : containers[index]?.name);
    const isOver = (): boolean => seen.ended !== undefined || this.#gone || this.#state?.over === true;
    const signal = this.#over.signal;
    let output = open();
    let position = new LogPosition();
    try {
      for (let failures = 0, unkept = 0; !signal.aborted;) {
        const over = isOver();
        const read = { pod: this.#name, container: this.#names[index] ?? '', follow: seen.ended === undefined };
        const { whole, finish } = await readLog(api, read, position, output, signal);
        if (whole && !over) await this.#until(isOver, pace.lastWords);
        if (whole && isOver()) {
          finish();
          output.complete();
          if (!output.failure || ++unkept === pace.logTries) return output.giveUp();
          output.close();
          output = open();
          position = new LogPosition();
        } else if (!whole && !signal.aborted) {
          // If the whole cluster is away, this waits for it.
          const found = await this.#find();
          seen.unheard = isOver() && (!found || ++failures === pace.logTries);
          if (!found) this.#take(undefined);
          if (seen.unheard) return output.giveUp();
        }
        await pause(pace.logAgain, signal);
      }
    } finally {
      output.close();
      seen.heard = true;
      this.#wake();
    }
  }

  async #until(condition: () => boolean, ms: number): Promise<void> {
    for (let waited = 0; waited < ms && !condition(); waited += 20) await pause(20, this.#over.signal);
  }

  /**
   * SIGTERM, and SIGKILL after the grace: its time is over at once. The pod stays, with its logs; that of one that is
   * deleted would go with it.
   */
  async stop(): Promise<void> {
    this.#halt.abort();
    await this.#end(async () => {
      const { api } = this.#host;
      if (this.#state?.node === undefined) return deletePod(api, this.#name, this.#spec.graceSeconds);
      try {
        return await api.callIfThere({
          ...{ method: 'PATCH', path: `pods/${this.#name}`, body: { spec: { activeDeadlineSeconds: 1 } } },
        });
      } catch (error) {
        if (error instanceof ApiError && error.status === 403)
          return deletePod(api, this.#name, this.#spec.graceSeconds);
        throw error;
      }
    });
  }

  /** The shortest grace that does not make the cluster forget a pod whose containers still run. */
  async kill(): Promise<void> {
    this.#halt.abort();
    await this.#end(() => deletePod(this.#host.api, this.#name, 1));
  }

  async #end(work: () => Promise<boolean>): Promise<void> {
    await this.#made;
    if (!this.#exists || this.#over.signal.aborted) return;
    this.#stopped = true;
    // Its node can only know once the server does, which may have been away.
    if (await this.#host.availability.insist(work)) this.#suspect(Date.now() + this.#spec.graceSeconds * 1000);
    else this.#take(undefined);
  }

  #doubted = false;

  /**
   * As long as the cluster does not count on the pod, asks about its node. The cluster deletes the pods of a node that
   * does not answer, unless it forgets to (Kubernetes 1.20 may on a busy machine): then the attempt is lost without that.
   * Only answers count, because while the API server is away nothing is known of nodes.
   */
  async #askNode(): Promise<void> {
    const { availability, api } = this.#host;
    const over = this.#over.signal;
    for (let silentMs = 0; !over.aborted;) {
      await pause(pace.node, over);
      const { node: name, doubtful = false, toleranceMs = 0 } = this.#state ?? {};
      if (over.aborted || this.#suspected) return;
      if (name === undefined || !doubtful) break;
      const node = await availability.insist(() => nodeState(api, name));
      silentMs = typeof node === 'object' ? silentMs + pace.node : 0;
      if (typeof node === 'object' && silentMs > toleranceMs + pace.slowCluster) this.#lose(node.trouble);
    }
    this.#doubted = false;
  }

  /** Nothing more can be known of it. */
  #lose(why: string): void {
    if (this.#over.signal.aborted) return;
    this.#lost = why;
    this.#over.abort();
    this.#wake();
  }

  #suspected = false;

  /** From `due` on, the node of the pod should have ended it: if the node is gone, so is the attempt. */
  #suspect(due: number): void {
    if (this.#suspected) return;
    this.#suspected = true;
    this.#also(this.#watchNode(due));
  }

  async #watchNode(due: number): Promise<void> {
    const { availability, api } = this.#host;
    const over = this.#over.signal;
    const begun = Date.now();
    const patience = Math.max(0, Math.min(due - begun, this.#spec.graceSeconds * 1000)) + pace.slowNode;
    while (!over.aborted) {
      await pause(pace.node, over);
      const name = this.#state?.node;
      if (over.aborted || name === undefined) continue;
      const node = await availability.insist(() => nodeState(api, name));
      if (over.aborted) return;
      const late = Date.now() - begun - patience;
      // A pod that the cluster deletes because of its node needs no patience.
      if (typeof node === 'object' && (late >= 0 || !this.#stopped)) this.#lose(node.trouble);
      if (node === 'unknown' && late >= pace.unknownNode) this.#lose(`its node ${name} does not end it`);
    }
  }
}

/**
 * Why a container ended, if that was the cluster's doing: an evicted or deleted pod ends its containers, with any exit
 * code.
 */
const causeOf = ({ failure, deletion }: PodState, finishedAt: Timestamp): string | undefined =>
  failure ?? (deletion && epochMs(finishedAt) >= deletion.requested ? deletion.why : undefined);

/** The server's message without the name of the pod, which people do not know. */
const withoutPod = (message: string): string => message.replace(/^pods? "[^"]*" is (?:forbidden|invalid): /i, '');
