import { createHash } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import pLimit from 'p-limit';
import type { EndedAttempt } from '../../../model/attempt.js';
import type { Instance } from '../../../model/metadata-server.js';
import { parseName } from '../../../model/names.js';
import type { LocalSettings } from '../../../model/local/settings.js';
import type {
  AttemptId,
  AttemptSession,
  AttemptSink,
  AttemptSpec,
  ExecutionScope,
  Handle,
  Image,
  Placement,
} from '../../port.js';
import { containerPort } from '../../../model/local/one-run.js';
import type { EngineApi, SandboxSpec } from '../engine-api.js';
import { Attempt } from './attempt.js';
import { openCloudSql } from './cloud-sql.js';
import type { Past } from './container.js';
import { prepareImages } from './images.js';
import { MetadataServers } from './metadata.js';
import {
  attemptDirectory,
  belongsTo,
  containerName,
  containerPrefix,
  handleOf,
  isForShell,
  labels,
  namesOf,
  ownerLabels,
  type Place,
  placeOf,
  socketDirectory,
} from './names.js';
import { attemptPlan, sandboxSpec } from './plan.js';
import { PortTurns } from './port-turns.js';
import { Sandboxes } from './sandboxes.js';
import { sharesMemory } from './volume-plan.js';
import { AttemptVolumes } from './volumes.js';

/** An attempt that is neither removed nor kept yet. */
interface Active {
  place: Place;
  attempt: Attempt;
  volumes: AttemptVolumes;
  containers: readonly string[];
}

/** The attempts of an execution on a container engine, their sandboxes, and what they share. */
export class DockerSession implements AttemptSession {
  readonly #engine: EngineApi;
  readonly #cpus: number;
  readonly #scope: ExecutionScope;
  /** The scope's settings; `freshSandbox` also if attempts must not share a sandbox. */
  readonly #settings: LocalSettings;
  readonly #sandboxes: Sandboxes;
  readonly #ports: PortTurns;
  readonly #metadata: MetadataServers;
  readonly #startGate: <T>(start: () => Promise<T>) => Promise<T>;
  readonly #attempts = new Map<Handle, Active>();
  /** Attempts that still write output. */
  readonly #holding = new Set<Active>();
  /** Containers in the engine, including those of sandboxes, as far as this process knows. */
  readonly #present = new Set<string>();
  #cloudSql: Promise<() => void> | undefined;

  constructor(engine: EngineApi, cpus: number, scope: ExecutionScope) {
    const { execution, availability, credentials, open, kept } = scope;
    this.#engine = engine;
    this.#cpus = cpus;
    this.#scope = scope;
    // Shared memory is held by the sandbox, and must not exist for the next attempt.
    const freshSandbox = scope.settings.freshSandbox || sharesMemory(execution.template);
    this.#settings = { ...scope.settings, freshSandbox };
    this.#ports = new PortTurns(this.#settings);
    this.#startGate = pLimit(this.starts);
    this.#metadata = new MetadataServers({
      engine,
      tokens: credentials,
      availability,
      beside: (work) => void work.catch(scope.onFailure),
      instance: (sandbox) => this.#instance(sandbox),
    });
    this.#sandboxes = new Sandboxes(execution, this.#settings, async (sandbox) => {
      this.#present.add(sandbox.name);
      await this.#ports.come(sandbox.name);
      await availability.insist(() => engine.openSandbox(sandbox));
      if (this.#settings.metadata) await this.#metadata.open(sandbox.name);
    });
    for (const { sandbox } of [...open, ...(freshSandbox ? kept : [])].map(placeOf)) {
      if (sandbox !== undefined) this.#sandboxes.keep(sandbox);
    }
    this.#sweepDirectory();
  }

  /**
   * A late client of a killed process could create a container again that has been removed, or remove one that has been
   * created again.
   */
  async endStrays(): Promise<void> {
    const { resumed, availability, execution } = this.#scope;
    if (resumed) await availability.insist(() => this.#engine.endStrays(namesOf(execution.name)));
  }

  /** Frees the ports of sandboxes that a killed process has left, and that belong to no open attempt. */
  async freePorts(): Promise<void> {
    const { resumed, availability, home, execution, open } = this.#scope;
    if (!resumed || !this.#ports.exclusive) return;
    const own = { ...ownerLabels({ home, execution: execution.name }), [labels.sandbox]: '' };
    const used = belongsTo(open);
    const left = (await availability.insist(() => this.#engine.list(own))).filter((name) => !used({ name }));
    await Promise.all(left.map((name) => availability.insist(() => this.#engine.kill(name))));
  }

  /** Removes the files of attempts that are neither open nor kept. */
  #sweepDirectory(): void {
    const { directory, open, kept } = this.#scope;
    const used = [...open, ...kept].map((handle) => attemptDirectory(directory, placeOf(handle)));
    let names: string[];
    try {
      names = readdirSync(directory);
    } catch {
      return;
    }
    for (const found of names.map((name) => path.join(directory, name))) {
      if (found !== socketDirectory(directory) && !used.includes(found))
        rmSync(found, { recursive: true, force: true });
    }
  }

  /**
   * More only slow each other down. Those that must create a network namespace wait for the kernel in the meantime
   * (bench/throughput.mjs: 0.91 instead of 0.85 at P = 8 on 2 CPUs).
   */
  get starts(): number {
    return (this.#scope.settings.freshSandbox ? 4 : 2) * this.#cpus;
  }

  prepare(references: readonly string[], signal: AbortSignal, onPull: (reference: string) => void): Promise<Image[]> {
    // Opens the sandboxes that are needed first. An attempt notices if its sandbox cannot be opened.
    for (const name of this.#sandboxes.ahead(this.starts)) {
      this.#sandboxes.open(sandboxSpec(this.#scope, name), false).catch(() => {});
    }
    const { settings, availability } = this.#scope;
    return availability.insist(() => prepareImages(references, settings, this.#engine, signal, onPull));
  }

  place(id: AttemptId): Placement {
    const name = containerName(this.#scope.execution.name, id);
    return { name, handle: handleOf({ container: name, sandbox: this.#sandboxes.take() }) };
  }

  start(handle: Handle, spec: AttemptSpec, sink: AttemptSink): Promise<EndedAttempt> {
    return this.#run(handle, 'nothing', spec, sink);
  }

  recover(handle: Handle, mainStarted: boolean, spec: AttemptSpec, sink: AttemptSink): Promise<EndedAttempt> {
    const { sandbox } = placeOf(handle);
    if (sandbox !== undefined && this.#settings.metadata) {
      void this.#metadata.open(sandbox).catch(this.#scope.onFailure);
    }
    return this.#run(handle, mainStarted ? 'started' : 'recorded', spec, sink);
  }

  async #run(handle: Handle, past: Past, spec: AttemptSpec, sink: AttemptSink): Promise<EndedAttempt> {
    const { availability, sources, settings, cancelled } = this.#scope;
    const engine = this.#engine;
    const place = placeOf(handle);
    const plan = attemptPlan(this.#scope, spec, place, this.#cpus);
    let announced: string | undefined;
    const volumes = new AttemptVolumes(plan, { engine, availability, sources });
    const attempt = new Attempt(plan, past, {
      engine,
      availability,
      cancelled,
      sink,
      furnish: volumes.furnish.bind(volumes),
      strictFs: settings.strictFs,
      openSandbox: async (sandbox, lost) => {
        await this.#sandboxes.open(sandbox, lost);
        const ports = await this.#freePortsOf(sandbox);
        const addresses = JSON.stringify(ports);
        if (ports && addresses !== announced) sink.published(ports);
        announced = addresses;
      },
      startGate: this.#startGate,
      patient: () => [...this.#holding].some((other) => other !== active),
      onQuiet: (quiet) => {
        if (quiet) this.#release(active);
        else this.#retake(active);
        sink.quiet(quiet);
      },
    });
    const active: Active = { place, attempt, volumes, containers: plan.containers.map(({ spec: { name } }) => name) };
    this.#attempts.set(handle, active);
    if (place.sandbox !== undefined) this.#ports.enter(place.sandbox);
    this.#holding.add(active);
    for (const name of active.containers) this.#present.add(name);
    await this.#openCloudSql();
    const ended = await attempt.run();
    this.#release(active);
    return ended;
  }

  /**
   * The ports of a sandbox without a fixed address on the engine's machine, and the addresses that they got; undefined if
   * there are none, or the sandbox is gone.
   */
  async #freePortsOf({ name, publish = [] }: SandboxSpec): Promise<Record<string, string> | undefined> {
    const free = new Set(publish.filter(({ hostPort }) => hostPort === undefined).map(containerPort));
    if (free.size === 0) return undefined;
    const ports = await this.#scope.availability.insist(() => this.#engine.ports(name));
    const own = Object.entries(ports).filter(([port]) => free.has(port));
    return own.length > 0 ? Object.fromEntries(own) : undefined;
  }

  async #openCloudSql(): Promise<void> {
    const { directory, execution, settings } = this.#scope;
    this.#cloudSql ??= openCloudSql(socketDirectory(directory), execution.template, settings);
    await this.#cloudSql;
  }

  /** The attempt has written its last output: its sandbox is free. */
  #release(active: Active): void {
    const { sandbox } = active.place;
    if (this.#holding.delete(active) && sandbox !== undefined) this.#sandboxes.release(sandbox);
  }

  #retake(active: Active): void {
    this.#holding.add(active);
    if (active.place.sandbox !== undefined) this.#sandboxes.keep(active.place.sandbox);
  }

  async hasEnded(handle: Handle): Promise<boolean> {
    const { container } = placeOf(handle);
    const state = await this.#scope.availability.insist(() => this.#engine.inspect(container));
    return state?.status === 'exited';
  }

  async stop(handle: Handle): Promise<void> {
    await this.#attempts.get(handle)?.attempt.stop();
  }

  async kill(handle: Handle): Promise<void> {
    await this.#attempts.get(handle)?.attempt.kill();
  }

  keep(handle: Handle): void {
    const active = this.#leave(handle);
    active?.volumes.close();
    const sandbox = active?.place.sandbox;
    if (sandbox === undefined || !this.#ports.exclusive) return;
    const { availability, onFailure } = this.#scope;
    void availability
      .insist(() => this.#engine.kill(sandbox))
      .then(() => this.#ports.leave(sandbox))
      .catch(onFailure);
  }

  async remove(handle: Handle): Promise<void> {
    const active = this.#leave(handle);
    if (!active) return;
    const { place, containers, volumes } = active;
    const sandbox = this.#settings.freshSandbox && place.sandbox !== undefined ? [place.sandbox] : [];
    const patient = volumes.none && !this.#ports.exclusive;
    const remove = async (name: string): Promise<void> => {
      await this.#scope.availability.insist(() => this.#engine.remove(name, patient));
      this.#present.delete(name);
    };
    // Volumes are removed after what uses them.
    await Promise.all([...containers, ...sandbox].map(remove));
    for (const name of sandbox) this.#ports.leave(name);
    await volumes.dispose();
  }

  #leave(handle: Handle): Active | undefined {
    const active = this.#attempts.get(handle);
    this.#attempts.delete(handle);
    const sandbox = active?.place.sandbox;
    if (sandbox !== undefined && this.#settings.freshSandbox) this.#metadata.close(sandbox);
    return active;
  }

  async sweep(keep: readonly Handle[]): Promise<void> {
    // On a very busy machine a client may have been too late to be seen at the beginning.
    await this.endStrays();
    await this.close();
    const { home, execution, availability } = this.#scope;
    const engine = this.#engine;
    const own = ownerLabels({ home, execution: execution.name });
    const isKept = belongsTo(keep);
    const stays = (name: string): boolean => isKept({ name });
    const clear = async (names: readonly string[]): Promise<void> => {
      const ended = names.filter((name) => !stays(name));
      const kept = names.filter((name) => stays(name) && !isForShell(name));
      const stopped = kept.map((name) => availability.insist(() => engine.kill(name)));
      await Promise.all([...stopped, availability.insist(() => engine.removeAll(ended))]);
      for (const name of ended) this.#present.delete(name);
    };
    const known = new Set(this.#present);
    const unknown = async (): Promise<void> => {
      const left = await availability.insist(() => engine.list(own));
      await clear(left.filter((name) => !known.has(name)));
    };
    await Promise.all([clear([...known]), unknown()]);
    await engine.forgetUsage(containerPrefix(execution.name));
    if (!execution.template.volumes) return;
    const volumes = await availability.insist(() => engine.listVolumes(own));
    const unused = volumes.filter((volume) => !stays(volume));
    await Promise.all(unused.map((volume) => availability.insist(() => engine.removeVolume(volume))));
  }

  async close(): Promise<void> {
    this.#metadata.closeAll();
    this.#ports.close();
    const cloudSql = this.#cloudSql;
    this.#cloudSql = undefined;
    const closeSockets = await cloudSql?.catch(() => undefined);
    closeSockets?.();
    await this.#sandboxes.settled();
  }

  /** What the metadata server tells the attempt in a sandbox. */
  #instance(sandbox: string): Instance {
    const { execution, projectNumber } = this.#scope;
    const { project, location } = parseName(execution.name);
    const guest = [...this.#holding].find(({ place }) => place.sandbox === sandbox);
    return {
      project,
      projectNumber,
      region: location,
      id: createHash('sha256')
        .update(guest?.place.container ?? sandbox)
        .digest('hex'),
      serviceAccount: execution.template.serviceAccount ?? '',
    };
  }
}
