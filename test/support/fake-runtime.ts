import type { Culprit, EndedAttempt, EndedContainer } from '../../src/model/attempt.js';
import type { ContainerEngine } from '../../src/model/container-engine.js';
import { StatusError } from '../../src/model/errors.js';
import { epochMs, timestamp } from '../../src/model/time.js';
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
} from '../../src/runtime/port.js';
import { sleep } from '../../src/runtime/sleep.js';

/** What a container does: it runs for `ms`, unless it is stopped, and then exits. */
export interface Behaviour {
  ms?: number;
  exitCode?: number;
  oomKilled?: boolean;
  /** It does not react to SIGTERM. */
  stubborn?: boolean;
  /** What it writes to stdout when it starts. */
  prints?: string;
  /** Why it cannot start. */
  startError?: string;
}

/** A container of an attempt in memory. */
class FakeContainer {
  readonly spec: AttemptContainer;
  readonly behaviour: Behaviour;
  readonly startedAt: string;
  readonly ended: Promise<EndedContainer>;
  end: (exitCode: number) => void = () => {};

  constructor(spec: AttemptContainer, behaviour: Behaviour, now: () => number) {
    const { startError, ms = 100, oomKilled = false } = behaviour;
    this.spec = spec;
    this.behaviour = behaviour;
    this.startedAt = timestamp(now());
    this.ended = new Promise((resolve) => {
      if (startError !== undefined) return resolve({ status: 'created', exitCode: 127, error: startError });
      const timer = setTimeout(() => this.end(behaviour.exitCode ?? 0), ms);
      this.end = (exitCode) => {
        clearTimeout(timer);
        this.end = () => {};
        resolve({ status: 'exited', startedAt: this.startedAt, finishedAt: timestamp(now()), exitCode, oomKilled });
      };
    });
  }
}

/** An attempt that the runtime holds, whether a process follows it or not. */
interface FakeAttempt {
  owner: Required<Owner>;
  spec: AttemptSpec;
  containers: FakeContainer[];
  ended: Promise<EndedAttempt>;
  running: boolean;
  stop: (graceSeconds: number) => void;
}

/**
 * A runtime in memory, on the clock of the test. `behave` says what each container does, `log` is what the runtime was
 * asked, `most` how many attempts ran at once.
 */
export class FakeRuntime implements AttemptRuntime {
  readonly runtime = this;
  readonly attempts = new Map<string, FakeAttempt>();
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

  constructor(behave: FakeRuntime['behave'] = () => ({})) {
    this.behave = behave;
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

  async identify(): Promise<ContainerEngine> {
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

  belongsTo(attempts: readonly Handle[]): (remnant: Remnant) => boolean {
    return ({ name }) => attempts.includes(name);
  }

  async discard(remnants: readonly Remnant[]): Promise<void> {
    await this.asked();
    for (const { name } of remnants) {
      this.attempts.get(name)?.containers.forEach((container) => container.end(137));
      this.attempts.delete(name);
    }
  }

  close(): void {}
}

class FakeSession implements AttemptSession {
  readonly starts = 4;
  readonly #runtime: FakeRuntime;
  readonly #scope: ExecutionScope;

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
    const { cancelled } = this.#scope;
    if (!this.#runtime.attempts.has(handle)) {
      if (cancelled()) return { main: { status: 'unstarted' } };
      this.#runtime.log.push(`start ${handle}`);
      this.#make(handle, spec);
    }
    return this.#follow(handle, sink);
  }

  recover(handle: Handle, mainStarted: boolean, spec: AttemptSpec, sink: AttemptSink): Promise<EndedAttempt> {
    const isThere = this.#runtime.attempts.has(handle);
    return mainStarted && !isThere ? Promise.resolve({ main: { status: 'missing' } }) : this.start(handle, spec, sink);
  }

  #make(handle: Handle, spec: AttemptSpec): void {
    const runtime = this.#runtime;
    const { home, execution } = this.#scope;
    const containers = spec.containers.map((one) => new FakeContainer(one, runtime.behave(one, spec), runtime.now));
    const stop = (graceSeconds: number): void => {
      const left = containers.filter(({ behaviour }) => behaviour.stubborn && graceSeconds > 0);
      for (const one of containers) if (!left.includes(one)) one.end(graceSeconds > 0 ? 143 : 137);
      setTimeout(() => left.forEach((one) => one.end(137)), graceSeconds * 1000);
    };
    const attempt: FakeAttempt = {
      ...{ owner: { home, execution: execution.name }, spec, containers, stop },
      running: containers.some(({ behaviour }) => behaviour.startError === undefined),
      ended: endOf(spec, containers, () => stop(spec.graceSeconds)).finally(() => (attempt.running = false)),
    };
    runtime.attempts.set(handle, attempt);
    runtime.most = Math.max(runtime.most, runtime.running);
  }

  async #follow(handle: Handle, sink: AttemptSink): Promise<EndedAttempt> {
    const attempt = this.#runtime.attempts.get(handle);
    if (!attempt) return { main: { status: 'missing' } };
    for (const [i, { spec, behaviour, startedAt }] of attempt.containers.entries()) {
      const main = i === attempt.spec.main;
      const output = sink.output(main ? undefined : spec.name);
      if (behaviour.prints !== undefined) {
        output.write('stdout', Buffer.from(`${startedAt} ${behaviour.prints}\n`));
      }
      output.complete();
      output.close();
      if (behaviour.startError === undefined) sink.started(epochMs(startedAt), main);
    }
    const ended = await attempt.ended;
    sink.quiet(true);
    // Nothing is known of an end while the runtime is away.
    await this.#ask();
    return this.#runtime.attempts.has(handle) ? ended : { main: { status: 'missing' } };
  }

  async hasEnded(handle: Handle): Promise<boolean> {
    await this.#ask();
    return this.#runtime.attempts.get(handle)?.running === false;
  }

  async stop(handle: Handle): Promise<void> {
    await this.#ask(`stop ${handle}`);
    const attempt = this.#runtime.attempts.get(handle);
    attempt?.stop(attempt.spec.graceSeconds);
  }

  async kill(handle: Handle): Promise<void> {
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
    });
  }

  async close(): Promise<void> {}
}

/** An attempt ends with its main container, or with the failure of another one. */
async function endOf(
  { main, containers: specs }: AttemptSpec,
  containers: readonly FakeContainer[],
  stop: () => void,
): Promise<EndedAttempt> {
  let over = false;
  let culprit: Culprit | undefined;
  const ends = containers.map(async (container, i) => {
    const ended = await container.ended;
    const well = ended.status === 'exited' && ended.exitCode === 0;
    if (over || (i !== main && well)) return ended;
    over = true;
    if (i !== main) culprit = { container: specs[i]?.name ?? '', failure: 'ended', ended };
    stop();
    return ended;
  });
  const ended = await Promise.all(ends);
  const [startedAt] = ended.flatMap((one) => (one.status === 'exited' ? one.startedAt : [])).toSorted();
  return { main: ended[main] ?? { status: 'missing' }, startedAt, culprit };
}
