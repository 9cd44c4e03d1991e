import type { Culprit, EndedAttempt, EndedContainer } from '../../src/model/attempt.js';
import type { RuntimeIdentity } from '../../src/model/runtime-identity.js';
import { StatusError } from '../../src/model/errors.js';
import { timestamp } from '../../src/model/time.js';
import type { ContainerUsage } from '../../src/model/usage.js';
import {
  type AttemptContainer,
  type AttemptId,
  type AttemptRuntime,
  type AttemptSession,
  type AttemptSink,
  type AttemptSpec,
  type Capabilities,
  type ExecutionScope,
  type Handle,
  type Image,
  ImageUnavailable,
  type Owner,
  type Placement,
  type Remnant,
  type SlowCall,
  StartRefused,
  type Stream,
} from '../../src/runtime/port.js';
import { pause, sleep } from '../../src/runtime/sleep.js';

/** What a container writes, as it is. */
type Written = Partial<Record<Stream, string | Buffer>>;

/** What a container does: it runs for `ms`, unless it is stopped, and then exits. */
export interface Behaviour {
  ms?: number;
  exitCode?: number;
  oomKilled?: boolean;
  /** It does not react to SIGTERM. */
  stubborn?: boolean;
  /** What it does on SIGTERM instead of dying of it; without an exit code it goes on. */
  onTerm?: { exitCode?: number; writes?: Written };
  /** What it writes when it starts. */
  writes?: Written;
  /** When its probe succeeds, in ms after its start. */
  up?: number;
  /** Why it cannot start, and the exit code that stands for that. */
  startError?: string;
  startCode?: number;
  /** The node that its attempt is given to. */
  node?: string;
  /** Why its attempt cannot start at first, and for how long, in ms. */
  waits?: string;
  waitMs?: number;
  /** After `ms` its node is gone, for this reason. */
  lost?: string;
  /** What it has used at its end. */
  usage?: ContainerUsage;
}

/** A container of an attempt in memory. */
class FakeContainer {
  readonly spec: AttemptContainer;
  readonly behaviour: Behaviour;
  /** When it started, in ms since 1970; undefined if it never does. */
  readonly started: Promise<number | undefined>;
  /** Resolved by `isUp`, once those may start that depend on it. */
  readonly up: Promise<void>;
  /** How it ended; undefined if it never started. */
  readonly ended: Promise<EndedContainer | undefined>;
  /** Called when it writes. */
  readonly readers = new Set<() => void>();
  readonly written: { stream: Stream; data: Buffer }[] = [];
  readonly #now: () => number;
  isUp: () => void = () => {};
  #start: (at: number | undefined) => void = () => {};
  #end: (ended: EndedContainer | undefined) => void = () => {};
  #startedAt: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #over = false;

  constructor(spec: AttemptContainer, behaviour: Behaviour, now: () => number) {
    this.spec = spec;
    this.behaviour = behaviour;
    this.#now = now;
    this.started = new Promise((resolve) => (this.#start = resolve));
    this.up = new Promise((resolve) => (this.isUp = resolve));
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }

  get startedAt(): string | undefined {
    return this.#startedAt === undefined ? undefined : timestamp(this.#startedAt);
  }

  start(): void {
    const { startError, startCode = 127, ms = 100, exitCode = 0, writes } = this.behaviour;
    if (this.#over) return;
    if (startError !== undefined) return this.#conclude({ status: 'created', exitCode: startCode, error: startError });
    this.#startedAt = this.#now();
    this.#start(this.#startedAt);
    this.#write(writes);
    const { lost } = this.behaviour;
    const end = (): void => {
      if (lost === undefined) this.end(exitCode, this.behaviour.oomKilled);
      else this.#conclude({ status: 'lost', reason: lost });
    };
    this.#timer = setTimeout(end, ms);
  }

  /** It exits; one that has not started never does. */
  end(exitCode: number, oomKilled = false): void {
    const { startedAt } = this;
    if (startedAt === undefined) return this.#conclude(undefined);
    this.#conclude({ status: 'exited', startedAt, finishedAt: timestamp(this.#now()), exitCode, oomKilled });
  }

  term(): void {
    const { stubborn, onTerm } = this.behaviour;
    if (stubborn || this.#over) return;
    this.#write(onTerm?.writes);
    if (!onTerm) this.end(143);
    else if (onTerm.exitCode !== undefined) this.end(onTerm.exitCode);
  }

  #conclude(ended: EndedContainer | undefined): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#start(undefined);
    this.#end(ended);
  }

  #write(writes: Written = {}): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      if (writes[stream] !== undefined) this.written.push({ stream, data: this.#stamped(Buffer.from(writes[stream])) });
    }
    for (const read of this.readers) read();
  }

  /** Each line after the time. */
  #stamped(data: Buffer): Buffer {
    const stamp = Buffer.from(`${timestamp(this.#now())} `);
    const parts: Buffer[] = [];
    for (let at = 0; at < data.length;) {
      const end = data.indexOf(0x0a, at) + 1 || data.length;
      parts.push(stamp, data.subarray(at, end));
      at = end;
    }
    return Buffer.concat(parts);
  }
}

/** An attempt that the runtime holds, whether a process follows it or not. */
class FakeAttempt {
  readonly owner: Required<Owner>;
  readonly spec: AttemptSpec;
  readonly containers: readonly FakeContainer[];
  readonly ended: Promise<EndedAttempt>;
  running = true;
  readonly #halt = new AbortController();
  #culprit: Culprit | undefined;

  constructor(owner: Required<Owner>, spec: AttemptSpec, containers: readonly FakeContainer[]) {
    this.owner = owner;
    this.spec = spec;
    this.containers = containers;
    this.ended = this.#live().finally(() => (this.running = false));
  }

  /** SIGTERM, and SIGKILL after the grace; nothing more starts. */
  stop(graceSeconds: number): void {
    this.#halt.abort();
    for (const container of this.containers) {
      if (container.startedAt === undefined || graceSeconds === 0) container.end(137);
      else container.term();
    }
    setTimeout(() => this.containers.forEach((container) => container.end(137)), graceSeconds * 1000);
  }

  /** An attempt ends with its main container, or with the failure of another one. */
  async #live(): Promise<EndedAttempt> {
    const { containers } = this;
    const { main } = this.spec;
    const ends = containers.map(async (container, i) => {
      const needs = container.spec.dependsOn.map(async (other) => containers[other]?.up);
      await Promise.race([Promise.all(needs), container.ended]);
      const { waitMs } = containers[main]?.behaviour ?? {};
      if (waitMs !== undefined) await pause(waitMs, this.#halt.signal);
      container.start();
      void this.#watch(container);
      const ended = await container.ended;
      if (i === main) this.stop(this.spec.graceSeconds);
      else if (ended) this.#blame(i, ended);
      return ended;
    });
    const ended = await Promise.all(ends);
    const [startedAt] = ended.flatMap((one) => (one?.status === 'exited' ? one.startedAt : [])).toSorted();
    const used = containers.flatMap(({ spec, behaviour: { usage } }) => (usage ? [[spec.name, usage] as const] : []));
    const usage = used.length > 0 ? Object.fromEntries(used) : undefined;
    return { main: ended[main] ?? { status: 'unstarted' }, startedAt, culprit: this.#culprit, usage };
  }

  async #watch(container: FakeContainer): Promise<void> {
    const { spec, behaviour } = container;
    if ((await container.started) === undefined) return;
    if (spec.probe) {
      const { initialDelaySeconds = 0, periodSeconds, failureThreshold, tcpSocket } = spec.probe;
      const [failures, period] = [failureThreshold || 3, periodSeconds || 10];
      const patience = (initialDelaySeconds + (failures - 1) * period) * 1000;
      const { up = 0 } = behaviour;
      await pause(Math.min(up, patience), this.#halt.signal);
      if (up > patience) {
        const probe = `TCP (port ${tcpSocket?.port})`;
        return this.#fail({ container: spec.name, failure: 'probe', probe, failures, detail: 'connection refused' });
      }
    }
    container.isUp();
  }

  #blame(index: number, ended: EndedContainer): void {
    const container = this.containers[index];
    const awaited = this.containers.some(({ spec, startedAt }) => spec.dependsOn.includes(index) && !startedAt);
    if (ended.status === 'exited' && ended.exitCode === 0 && !awaited) return;
    this.#fail({ container: container?.spec.name ?? '', failure: 'ended', ended });
  }

  #fail(culprit: Culprit): void {
    if (this.#halt.signal.aborted) return;
    this.#culprit = culprit;
    this.stop(this.spec.graceSeconds);
  }
}

/**
 * A runtime in memory, on the clock of the test. `behave` says what each container does, `log` is what the runtime was
 * asked, `most` how many attempts ran at once.
 */
export class FakeRuntime implements AttemptRuntime {
  readonly runtime = this;
  readonly attempts: Map<string, FakeAttempt>;
  readonly log: string[] = [];
  images = new Map<string, Image>([
    ['localrun/busybox:latest', { reference: 'localrun/busybox:latest', id: 'sha256:1', pulled: false }],
  ]);
  /** Which runtime it is. */
  id = 'here';
  slowest: SlowCall | undefined;
  lacks: Capabilities['lacks'] = {};
  /** How far its clock is ahead of ours, in ms. */
  skew = 0;
  /** While it is set, no request is answered. */
  gone = false;
  /** How long requests take, in ms. */
  latency = 1;
  most = 0;
  readonly behave: (container: AttemptContainer, attempt: AttemptSpec) => Behaviour;

  readonly closed: Promise<never>;
  close: () => void = () => {};

  constructor(behave: FakeRuntime['behave'] = () => ({}), attempts = new Map<string, FakeAttempt>()) {
    this.behave = behave;
    this.attempts = attempts;
    this.closed = new Promise((_, reject) => {
      this.close = () => reject(new StatusError('UNAVAILABLE', 'The runtime is no longer used.'));
    });
    this.closed.catch(() => {});
  }

  /** The same runtime, as another process has it. */
  another(): FakeRuntime {
    return new FakeRuntime(this.behave, this.attempts);
  }

  get running(): number {
    return [...this.attempts.values()].filter(({ running }) => running).length;
  }

  now = (): number => Date.now() + this.skew;

  /** A request, which is written down if it has a name. @throws StatusError UNAVAILABLE */
  async asked(request = ''): Promise<void> {
    await sleep(this.latency);
    if (this.gone) throw new StatusError('UNAVAILABLE', 'The runtime is gone.');
    if (request) this.log.push(request);
  }

  async identify(): Promise<RuntimeIdentity> {
    if (this.gone) throw new StatusError('UNAVAILABLE', 'The runtime is gone.');
    return { id: this.id, client: 'docker', host: `tcp://${this.id}` };
  }

  async capabilities(): Promise<Capabilities> {
    await this.asked();
    return { lacks: this.lacks };
  }

  async networks(): Promise<string[]> {
    await this.asked();
    return ['bridge', 'shop_default'];
  }

  async open(scope: ExecutionScope): Promise<AttemptSession> {
    await scope.availability.insist(() => this.asked());
    return new FakeSession(this, scope);
  }

  async list({ home, execution }: Owner): Promise<Remnant[]> {
    await this.asked();
    return [...this.attempts].flatMap(([name, { owner }]) =>
      owner.home === home && (execution === undefined || owner.execution === execution)
        ? [{ kind: 'attempt', name }]
        : [],
    );
  }

  async openShell(): Promise<'missing'> {
    return 'missing';
  }

  belongsTo(attempts: readonly Handle[]): (remnant: Remnant) => boolean {
    return ({ name }) => attempts.includes(name);
  }

  async discard(remnants: readonly Remnant[]): Promise<void> {
    await this.asked();
    for (const { name } of remnants) {
      this.attempts.get(name)?.stop(0);
      this.attempts.delete(name);
    }
  }
}

class FakeSession implements AttemptSession {
  readonly starts = 4;
  readonly #runtime: FakeRuntime;
  readonly #scope: ExecutionScope;
  /** Attempts of which nothing starts any more. */
  readonly #halted = new Set<Handle>();

  constructor(runtime: FakeRuntime, scope: ExecutionScope) {
    this.#runtime = runtime;
    this.#scope = scope;
  }

  #ask(request?: string): Promise<void> {
    return this.#scope.availability.insist(() => this.#runtime.asked(request));
  }

  async prepare(references: readonly string[]): Promise<Image[]> {
    await this.#ask();
    return references.map((reference) => {
      const image = this.#runtime.images.get(reference);
      if (image) return image;
      const message = `Image '${reference}' not found.`;
      throw new ImageUnavailable(reference, { reason: 'CONTAINER_MISSING', message }, `${reference}: manifest unknown`);
    });
  }

  place({ task, attempt }: AttemptId): Placement {
    const name = `${this.#scope.execution.name.split('/').at(-1)}-task${task}-attempt${attempt}`;
    return { name, handle: name };
  }

  async start(handle: Handle, spec: AttemptSpec, sink: AttemptSink): Promise<EndedAttempt> {
    await this.#ask();
    const { attempts, log } = this.#runtime;
    if (!attempts.has(handle)) {
      const furnished = await this.#furnish(spec);
      if (this.#scope.cancelled() || this.#halted.has(handle)) return { main: { status: 'unstarted' } };
      if (furnished instanceof StartRefused) {
        return { main: { status: 'created', exitCode: 0, error: furnished.message } };
      }
      log.push(`start ${handle}`);
      this.#make(handle, furnished);
    }
    return this.#follow(handle, sink);
  }

  async recover(handle: Handle, mainStarted: boolean, spec: AttemptSpec, sink: AttemptSink): Promise<EndedAttempt> {
    if (!mainStarted || this.#runtime.attempts.has(handle)) return this.start(handle, spec, sink);
    return { main: { status: 'missing' } };
  }

  /** Secrets are variables like others, once they have values. */
  async #furnish(spec: AttemptSpec): Promise<AttemptSpec | StartRefused> {
    try {
      const containers = spec.containers.map(async (container) => {
        const env = { ...container.env };
        for (const [variable, reference] of Object.entries(container.secrets)) {
          env[variable] = String(await this.#scope.sources.secret(reference));
        }
        return { ...container, env };
      });
      return { ...spec, containers: await Promise.all(containers) };
    } catch (error) {
      if (error instanceof StartRefused) return error;
      throw error;
    }
  }

  #make(handle: Handle, spec: AttemptSpec): void {
    const runtime = this.#runtime;
    const { home, execution } = this.#scope;
    const containers = spec.containers.map((one) => new FakeContainer(one, runtime.behave(one, spec), runtime.now));
    runtime.attempts.set(handle, new FakeAttempt({ home, execution: execution.name }, spec, containers));
    runtime.most = Math.max(runtime.most, runtime.running);
  }

  async #follow(handle: Handle, sink: AttemptSink): Promise<EndedAttempt> {
    const { attempts, closed } = this.#runtime;
    const attempt = attempts.get(handle);
    if (!attempt) return { main: { status: 'missing' } };
    const main = attempt.containers[attempt.spec.main];
    if (main) void announce(main, sink);
    if (main?.behaviour.waits !== undefined) void this.#tend(attempt, main);
    const followed = attempt.containers.map((container, i) => follow(container, i === attempt.spec.main, sink));
    await Promise.race([Promise.all(followed), closed]);
    const ended = await attempt.ended;
    sink.quiet(true);
    // Nothing is known of an end while the runtime is away.
    await this.#ask();
    return attempts.has(handle) ? ended : { main: { status: 'missing' } };
  }

  /** An attempt that waits does not start any more once the execution is cancelled. */
  async #tend(attempt: FakeAttempt, { started }: FakeContainer): Promise<void> {
    let over = false;
    void started.then(() => (over = true));
    for (; !over; await sleep(250)) if (this.#scope.cancelled()) attempt.stop(0);
  }

  async hasEnded(handle: Handle): Promise<boolean> {
    await this.#ask();
    return this.#runtime.attempts.get(handle)?.running === false;
  }

  async stop(handle: Handle): Promise<void> {
    this.#halted.add(handle);
    await this.#ask(`stop ${handle}`);
    const attempt = this.#runtime.attempts.get(handle);
    attempt?.stop(attempt.spec.graceSeconds);
  }

  async kill(handle: Handle): Promise<void> {
    this.#halted.add(handle);
    await this.#ask(`kill ${handle}`);
    this.#runtime.attempts.get(handle)?.stop(0);
  }

  keep(): void {}

  async remove(handle: Handle): Promise<void> {
    await this.#ask(`remove ${handle}`);
    this.#runtime.attempts.delete(handle);
  }

  async sweep(keep: readonly Handle[]): Promise<void> {
    const { home, execution, availability } = this.#scope;
    await availability.insist(async () => {
      const left = await this.#runtime.list({ home, execution: execution.name });
      await this.#runtime.discard(left.filter(({ name }) => !keep.includes(name)));
      for (const handle of keep) this.#runtime.attempts.get(handle)?.stop(0);
    });
  }

  async close(): Promise<void> {}
}

/** Says what an attempt waits for, and where it is once it waits no longer. */
async function announce({ behaviour, started }: FakeContainer, sink: AttemptSink): Promise<void> {
  const { waits, node } = behaviour;
  if (waits !== undefined) sink.waiting(waits);
  if ((await started) === undefined) return;
  if (waits !== undefined) sink.waiting(undefined);
  if (node !== undefined) sink.placed(node);
}

/** Hears a container out, from the beginning of its output. */
async function follow(container: FakeContainer, main: boolean, sink: AttemptSink): Promise<void> {
  const startedAt = await container.started;
  if (startedAt === undefined) return;
  const output = sink.output(main ? undefined : container.spec.name);
  sink.started(startedAt, main);
  let heard = 0;
  const read = (): void => {
    for (const { stream, data } of container.written.slice(heard)) output.write(stream, data);
    heard = container.written.length;
  };
  container.readers.add(read);
  read();
  await container.ended;
  container.readers.delete(read);
  output.complete();
  output.close();
}
