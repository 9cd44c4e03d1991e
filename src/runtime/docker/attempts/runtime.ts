import { randomBytes } from 'node:crypto';
import type {
  AttemptRuntime,
  Capabilities,
  ExecutionScope,
  Handle,
  Owner,
  Remnant,
  ShellRequest,
  SlowCall,
} from '../../port.js';
import type { EngineApi } from '../engine-api.js';
import { attemptLabels, belongsTo, isForShell, labels, memberName, ownerLabels, placeOf, shellName } from './names.js';
import { DockerSession } from './session.js';

/** Runs attempts on a container engine, with one of its containers for each container of the attempt. */
export class DockerRuntime implements AttemptRuntime {
  readonly #engine: EngineApi;

  constructor(engine: EngineApi) {
    this.#engine = engine;
  }

  identify(): ReturnType<AttemptRuntime['identify']> {
    return this.#engine.engine();
  }

  async capabilities(): Promise<Capabilities> {
    const { gpus } = await this.#engine.capacity();
    const noGpu =
      "the container engine has no GPU: it knows no runtime called nvidia, which NVIDIA's container toolkit adds";
    return { lacks: gpus ? {} : { gpus: noGpu } };
  }

  networks(): Promise<string[]> {
    return this.#engine.networks();
  }

  async open(scope: ExecutionScope): Promise<DockerSession> {
    const { cpus } = await scope.availability.insist(() => this.#engine.capacity());
    const session = new DockerSession(this.#engine, cpus, scope);
    await session.endStrays();
    await session.freePorts();
    return session;
  }

  async list(owner: Owner): Promise<Remnant[]> {
    const own = ownerLabels(owner);
    const containers = await this.#engine.list(own);
    const volumes = await this.#engine.listVolumes(own);
    const images = await this.#engine.listImages({ ...own, [labels.shell]: '' });
    return [
      ...images.map((name) => ({ kind: 'image', name })),
      ...containers.map((name) => ({ kind: 'container', name })),
      ...volumes.map((name) => ({ kind: 'volume', name })),
    ];
  }

  belongsTo(attempts: readonly Handle[]): (remnant: Remnant) => boolean {
    const ofAttempts = belongsTo(attempts);
    return (remnant) => ofAttempts(remnant) && !isForShell(remnant.name);
  }

  async discard(remnants: readonly Remnant[]): Promise<void> {
    const names = (kind: string): string[] =>
      remnants.flatMap((remnant) => (remnant.kind === kind ? remnant.name : []));
    await this.#engine.removeAll(names('container'));
    await Promise.all([
      ...names('volume').map((name) => this.#engine.removeVolume(name)),
      ...names('image').map((id) => this.#engine.removeImage(id)),
    ]);
  }

  async openShell(request: ShellRequest): ReturnType<AttemptRuntime['openShell']> {
    const { handle, home, execution, task, attempt, containers, container, main, settings } = request;
    const place = placeOf(handle);
    return this.#engine.openShell({
      ...request,
      container: memberName(place, { name: containers[container] ?? '', index: container, main: container === main }),
      name: shellName(place, randomBytes(4).toString('hex')),
      labels: { ...attemptLabels({ home, execution }, { task, attempt }), [labels.shell]: '' },
      network: { hosts: containers, network: settings.network, hostAccess: settings.hostAccess },
    });
  }

  get slowest(): SlowCall | undefined {
    return this.#engine.slowest;
  }

  close(): void {
    this.#engine.close();
  }
}
