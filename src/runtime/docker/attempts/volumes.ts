import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isWithin } from '../../../model/local/volume-paths.js';
import { type ExecutionScope, type SecretReference, StartRefused } from '../../port.js';
import type { EngineApi, ContainerSpec } from '../engine-api.js';
import type { AttemptPlan } from './plan.js';
import type { SecretFile } from './volume-plan.js';

interface VolumesHost extends Pick<ExecutionScope, 'availability' | 'sources'> {
  engine: EngineApi;
}

/**
 * The volumes and the secrets of an attempt: created when its first container starts, removed after its last has ended.
 */
export class AttemptVolumes {
  readonly #plan: AttemptPlan;
  readonly #host: VolumesHost;
  /** Ends the watch of each secret that may change. */
  readonly #watches: (() => void)[] = [];
  #gone = false;
  #prepared: Promise<Map<string, Record<string, string>>> | undefined;

  constructor(plan: AttemptPlan, host: VolumesHost) {
    this.#plan = plan;
    this.#host = host;
  }

  /**
   * A container ready to start: with the values of its secrets, and everything that it mounts in place. If anything
   * that one container needs is missing, no container of the attempt starts.
   * @throws StartRefused
   */
  async furnish(spec: ContainerSpec): Promise<ContainerSpec> {
    const secrets = await (this.#prepared ??= this.#prepare());
    return { ...spec, secrets: secrets.get(spec.name) };
  }

  /** Whether the engine has no volume of the attempt. */
  get none(): boolean {
    return this.#plan.volumes.volumes.length === 0;
  }

  /** The attempt has ended: nothing changes any longer. */
  close(): void {
    for (const end of this.#watches) end();
    this.#gone = true;
  }

  /** Removes everything, also what an earlier process made. Containers and sandbox must be gone. */
  async dispose(): Promise<void> {
    this.close();
    const { directory, files, volumes } = this.#plan.volumes;
    if (files.length > 0) rmSync(directory, { recursive: true, force: true });
    const { engine, availability } = this.#host;
    await Promise.all(volumes.map(({ name }) => availability.insist(() => engine.removeVolume(name))));
  }

  /** @returns the values of secret variables, by container */
  async #prepare(): Promise<Map<string, Record<string, string>>> {
    const {
      containers,
      volumes: { files, lent, volumes },
    } = this.#plan;
    const { engine, availability, sources } = this.#host;
    for (const place of lent) sources.verify(place);
    const variables = await Promise.all(
      containers.map(async ({ spec, secrets }) => [spec.name, await this.#variables(secrets)] as const),
    );
    for (const file of files) await this.#write(file);
    await Promise.all(volumes.map((volume) => availability.insist(() => engine.createVolume(volume))));
    return new Map(variables);
  }

  async #variables(references: Readonly<Record<string, SecretReference>>): Promise<Record<string, string>> {
    const values = new Map<string, string>();
    for (const [name, reference] of Object.entries(references)) {
      const value = await this.#host.sources.secret(reference);
      const text = value.toString();
      if (!Buffer.from(text).equals(value)) {
        throw new StartRefused(`the secret ${reference.secret} is no text, as the variable ${name} has to be`);
      }
      values.set(name, text);
    }
    return Object.fromEntries(values);
  }

  /** Writes a secret for containers to see, and again whenever `latest` changes. */
  async #write(wanted: SecretFile): Promise<void> {
    const { sources } = this.#host;
    const { directory } = this.#plan.volumes;
    place(directory, wanted, await sources.secret(wanted));
    if (wanted.version !== 'latest') return;
    const onChange = (): void =>
      // The last value stays until there is a new one.
      void sources.secret(wanted).then(
        (changed) => this.#gone || place(directory, wanted, changed),
        () => {},
      );
    this.#watches.push(sources.watchSecret(wanted, onChange));
  }
}

/** Replaces a file atomically. Others reach it only through a container, because `directory` is private. */
function place(directory: string, { file, mode }: SecretFile, value: Buffer): void {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  // Any user of a container may read the file.
  for (let parent = path.dirname(file); isWithin(parent, directory); parent = path.dirname(parent)) {
    chmodSync(parent, 0o755);
  }
  const draft = path.join(directory, 'draft');
  rmSync(draft, { force: true });
  writeFileSync(draft, value, { mode: 0o600 });
  chmodSync(draft, mode);
  renameSync(draft, file);
}
