import { PassThrough, type Duplex } from 'node:stream';
import type { ContainerEngine } from '../../src/model/runtime-identity.js';
import { containerPort, hostAddress } from '../../src/model/local/one-run.js';
import { StatusError } from '../../src/model/errors.js';
import { timestamp } from '../../src/model/time.js';
import type { ContainerUsage } from '../../src/model/usage.js';
import { DockerRuntime } from '../../src/runtime/docker/attempts/runtime.js';
import {
  type EngineApi,
  type ContainerOutput,
  type ContainerSpec,
  type ContainerState,
  type Image,
  ImageFailure,
  type SandboxSpec,
  type ShellSpec,
  type VolumeSpec,
} from '../../src/runtime/docker/engine-api.js';
import { type Shell, type SlowCall, StartRefused } from '../../src/runtime/port.js';

/** What a container of the fake does: runs for `ms`, unless it is stopped, and then exits. */
export interface Behaviour {
  ms?: number;
  exitCode?: number;
  oomKilled?: boolean;
  /** It does not react to SIGTERM. */
  stubborn?: boolean;
  /** A line that it writes. */
  prints?: string;
  /** It cannot be started. */
  startError?: string;
  refused?: string;
  /** Its client does not notice that it has ended. */
  deaf?: boolean;
  /** How many bytes it has written to its file system, at the end and before. */
  writes?: number;
  /** How much memory it needs. */
  needs?: number;
  /** What it has used at its end. */
  usage?: ContainerUsage;
  /** The engine has heard that it was out of memory, only after its end. */
  heardLate?: boolean;
}

interface Container {
  spec: ContainerSpec;
  behaviour: Behaviour;
  state: ContainerState;
  ended: Promise<void>;
  end: (exitCode: number) => void;
}

/**
 * A container engine in memory, on the clock of the test. `behave` says what each container does; `log` is what was
 * asked of it, `most` how many ran at once.
 */
export class FakeEngine implements EngineApi {
  /** Runs attempts on it. */
  readonly runtime = new DockerRuntime(this);
  readonly containers = new Map<string, Container>();
  readonly sandboxes = new Map<string, SandboxSpec>();
  readonly volumes = new Map<string, VolumeSpec>();
  /** All that there ever were. */
  readonly opened: SandboxSpec[] = [];
  /** Of which containers the clients of other processes were ended. */
  readonly strays: RegExp[] = [];
  /** The beginnings of the names of containers whose usage is gone. */
  readonly forgotten: string[] = [];
  /** Ports on which somebody listens. */
  readonly listening = new Set<number>();
  /** Who takes the connections of a sandbox. */
  readonly listeners = new Map<string, { onConnection: (connection: Duplex) => void; close: () => void }>();
  /** The shells that were opened. */
  readonly shells: ShellSpec[] = [];
  readonly log: string[] = [];
  images = new Map<string, Image>([
    ['localrun/busybox:latest', { id: 'sha256:1', digest: undefined, platform: 'linux/amd64' }],
  ]);
  /** Which engine it is. */
  id = 'here';
  slowest: SlowCall | undefined;
  gpus = false;
  /** How far its clock is ahead of ours, in ms. */
  skew = 0;
  /** While it is set, no call is answered. */
  gone = false;
  most = 0;
  readonly #behave: (spec: ContainerSpec) => Behaviour;

  constructor(behave: (spec: ContainerSpec) => Behaviour = () => ({})) {
    this.#behave = behave;
  }

  get running(): number {
    return [...this.containers.values()].filter(({ state }) => state.status === 'running').length;
  }

  async #reached(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 1));
    if (this.gone) throw new StatusError('UNAVAILABLE', 'The engine is gone.');
  }

  async engine(): Promise<ContainerEngine> {
    if (this.gone) throw new StatusError('UNAVAILABLE', 'The engine is gone.');
    return { id: this.id, client: 'docker', host: `tcp://${this.id}` };
  }

  async capacity(): ReturnType<EngineApi['capacity']> {
    await this.#reached();
    return { cpus: 2, memoryBytes: 2 ** 34, gpus: this.gpus };
  }

  async networks(): Promise<string[]> {
    await this.#reached();
    return ['bridge', 'shop_default'];
  }

  async localImage(reference: string): ReturnType<EngineApi['localImage']> {
    await this.#reached();
    return this.images.get(reference);
  }

  async pullImage(
    reference: string,
    _platform: string | undefined,
    _signal: AbortSignal,
  ): ReturnType<EngineApi['pullImage']> {
    await this.#reached();
    throw new ImageFailure('missing', `${reference}: manifest unknown`);
  }

  async start(spec: ContainerSpec, output: ContainerOutput): ReturnType<EngineApi['start']> {
    await this.#reached();
    if (this.containers.has(spec.name)) return 'exists';
    if ('sandbox' in spec.network && !this.sandboxes.has(spec.network.sandbox)) return 'homeless';
    const behaviour = this.#behave(spec);
    if (behaviour.refused) throw new StartRefused(behaviour.refused);
    this.log.push(`start ${spec.name}`);
    const container = this.#create(spec, behaviour);
    if (behaviour.startError) {
      container.state = { status: 'created', exitCode: 127, error: behaviour.startError };
      throw new StartRefused(behaviour.startError, 127);
    }
    const startedAt = timestamp(Date.now() + this.skew);
    container.state = { status: 'running', startedAt };
    this.most = Math.max(this.most, this.running);
    if (behaviour.prints !== undefined) output.write('stdout', Buffer.from(`${startedAt} ${behaviour.prints}\n`));
    const timer = setTimeout(() => container.end(behaviour.exitCode ?? 0), behaviour.ms ?? 100);
    container.ended = new Promise((resolve) => {
      container.end = (exitCode) => {
        if (container.state.status !== 'running') return;
        clearTimeout(timer);
        const oomKilled = behaviour.oomKilled ?? false;
        const finishedAt = timestamp(Date.now() + this.skew);
        container.state = { status: 'exited', startedAt, finishedAt, exitCode, oomKilled };
        resolve();
      };
    });
    let letGo = (): void => {};
    const gone = new Promise<undefined>((resolve) => (letGo = () => resolve(undefined)));
    const heard = behaviour.deaf ? new Promise<never>(() => {}) : container.ended;
    const ended = heard.then(() => (container.state as { exitCode: number }).exitCode);
    return { startedAt, ended: Promise.race([ended, gone]), letGo };
  }

  #create(spec: ContainerSpec, behaviour: Behaviour): Container {
    const state: ContainerState = { status: 'created', exitCode: 0, error: '' };
    const container = { spec, behaviour, state, ended: Promise.resolve(), end: () => {} };
    this.containers.set(spec.name, container);
    return container;
  }

  async openSandbox(spec: SandboxSpec): Promise<void> {
    await this.#reached();
    this.opened.push(spec);
    this.sandboxes.set(spec.name, spec);
  }

  async ports(sandbox: string): Promise<Record<string, string>> {
    await this.#reached();
    const { publish = [] } = this.sandboxes.get(sandbox) ?? {};
    return Object.fromEntries(
      publish.map((of) => [containerPort(of), hostAddress(of.address, of.hostPort ?? 49_152 + of.port)]),
    );
  }

  async openShell(spec: ShellSpec): Promise<Shell | 'missing' | 'unstarted'> {
    await this.#reached();
    const state = this.containers.get(spec.container)?.state;
    if (!state) return 'missing';
    if (state.status === 'created') return 'unstarted';
    this.shells.push(spec);
    return {
      program: { command: 'true', args: [spec.container, ...(spec.command ?? [])], env: {} },
      copy: state.status === 'exited',
      hasEnded: async () => this.containers.get(spec.container)?.state.status !== 'running',
      close: async () => void this.log.push(`close ${spec.name}`),
    };
  }

  async listImages(): Promise<string[]> {
    await this.#reached();
    return [];
  }

  async removeImage(): Promise<void> {
    await this.#reached();
  }

  async dial(sandbox: string, port: number): Promise<Duplex | 'refused' | 'homeless'> {
    await this.#reached();
    if (!this.sandboxes.has(sandbox)) return 'homeless';
    return this.listening.has(port) ? new PassThrough() : 'refused';
  }

  async listen(
    sandbox: string,
    _port: number,
    onConnection: (connection: Duplex) => void,
  ): ReturnType<EngineApi['listen']> {
    await this.#reached();
    if (!this.sandboxes.has(sandbox)) return 'homeless';
    if (this.listeners.has(sandbox)) return 'refused';
    return new Promise((resolve) => {
      const ended = new Promise<void>((end) => {
        const close = (): void => {
          this.listeners.delete(sandbox);
          end();
        };
        this.listeners.set(sandbox, { onConnection, close });
        this.log.push(`listen ${sandbox}`);
      });
      resolve({ ended, close: () => this.listeners.get(sandbox)?.close() });
    });
  }

  async follow(name: string, _output: ContainerOutput): Promise<boolean> {
    await this.containers.get(name)?.ended;
    return true;
  }

  async inspect(name: string): Promise<ContainerState | undefined> {
    await this.#reached();
    return this.containers.get(name)?.state;
  }

  async stop(name: string, graceSeconds: number): Promise<void> {
    await this.#reached();
    this.log.push(`stop ${name}`);
    const container = this.containers.get(name);
    if (!container) return;
    if (!container.behaviour.stubborn) container.end(143);
    await Promise.race([container.ended, new Promise((resolve) => setTimeout(resolve, graceSeconds * 1000))]);
    container.end(137);
  }

  async kill(name: string): Promise<void> {
    await this.#reached();
    this.log.push(`kill ${name}`);
    this.containers.get(name)?.end(137);
  }

  usage(name: string): ContainerUsage | undefined {
    return this.containers.get(name)?.behaviour.usage;
  }

  async wasOutOfMemory(name: string): Promise<boolean> {
    await this.#reached();
    return this.containers.get(name)?.behaviour.heardLate ?? false;
  }

  async forgetUsage(prefix: string): Promise<void> {
    this.forgotten.push(prefix);
  }

  async written(name: string): Promise<number | undefined> {
    await this.#reached();
    const container = this.containers.get(name);
    return container && (container.behaviour.writes ?? 0);
  }

  async limitMemory(name: string, bytes: number): Promise<boolean> {
    await this.#reached();
    this.log.push(`limit ${name} ${bytes}`);
    return bytes >= (this.containers.get(name)?.behaviour.needs ?? 0);
  }

  async remove(name: string): Promise<void> {
    await this.#reached();
    if (this.sandboxes.delete(name)) return this.listeners.get(name)?.close();
    if (!this.containers.has(name)) return;
    this.log.push(`remove ${name}`);
    this.containers.get(name)?.end(137);
    this.containers.delete(name);
  }

  async removeAll(names: readonly string[]): Promise<void> {
    await Promise.all(names.map((name) => this.remove(name)));
  }

  close(): void {}

  async list(labels: Record<string, string>): Promise<string[]> {
    await this.#reached();
    const specs = [...[...this.containers.values()].map(({ spec }) => spec), ...this.sandboxes.values()];
    return specs.filter(labelled(labels)).map(({ name }) => name);
  }

  async endStrays(names: RegExp): Promise<void> {
    this.strays.push(names);
  }

  async createVolume(spec: VolumeSpec): Promise<void> {
    await this.#reached();
    this.log.push(`create volume ${spec.name}`);
    this.volumes.set(spec.name, spec);
  }

  async removeVolume(name: string): Promise<void> {
    await this.#reached();
    const mounts = [...this.containers.values()].flatMap(({ spec }) => spec.mounts ?? []);
    if (mounts.some((mount) => mount.kind === 'volume' && mount.source === name)) throw new Error(`${name} is in use`);
    this.volumes.delete(name);
  }

  async listVolumes(labels: Record<string, string>): Promise<string[]> {
    await this.#reached();
    return [...this.volumes.values()].filter(labelled(labels)).map(({ name }) => name);
  }
}

const labelled =
  (labels: Record<string, string>) =>
  (spec: { labels: Record<string, string> }): boolean =>
    Object.entries(labels).every(([key, value]) => spec.labels[key] === value);
