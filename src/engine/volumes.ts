import { chmodSync, readdirSync, renameSync, rmSync, unwatchFile, watchFile, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Environment, filesOf, realPath, secretValue, Unavailable } from '../local/sources.js';
import { type LocalSettings, type SecretSource } from '../model/local/settings.js';
import { ownProperty } from '../model/own-property.js';
import { isWithin } from '../model/local/volume-paths.js';
import { type ContainerRuntime, type ContainerSpec, StartRefused } from '../runtime/runtime.js';
import { makeDirectory } from '../store/directory.js';
import type { AttemptPlan } from './attempt.js';
import type { Reach } from './reach.js';
import type { SecretFile, SecretReference } from './volume-plan.js';

interface VolumesHost {
  runtime: ContainerRuntime;
  reach: Reach;
  settings: LocalSettings;
  env: Environment;
}

/** How often the file that a secret comes from is looked at, in ms. */
const watchInterval = 1000;

/** The volumes and the secrets of an attempt: made when its first container starts, gone after its last has ended. */
export class AttemptVolumes {
  readonly #plan: AttemptPlan;
  readonly #host: VolumesHost;
  readonly #watched: [file: string, onChange: () => void][] = [];
  #gone = false;
  #prepared: Promise<Map<string, Record<string, string>>> | undefined;

  constructor(plan: AttemptPlan, host: VolumesHost) {
    this.#plan = plan;
    this.#host = host;
  }

  /**
   * A container as it can be started: with the values of its secrets, and all that it mounts in place. No container of
   * an attempt starts if anything is missing that one of them needs.
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

  /** The attempt has ended: nothing changes any more. */
  close(): void {
    for (const [file, onChange] of this.#watched) unwatchFile(file, onChange);
    this.#gone = true;
  }

  /** Everything goes, whoever has made it. Containers and sandbox must be gone. */
  async dispose(): Promise<void> {
    this.close();
    const { directory, files, volumes } = this.#plan.volumes;
    if (files.length > 0) rmSync(directory, { recursive: true, force: true });
    const { runtime, reach } = this.#host;
    await Promise.all(volumes.map(({ name }) => reach.insist(() => runtime.removeVolume(name))));
  }

  /** @returns the values of secret variables, by container */
  async #prepare(): Promise<Map<string, Record<string, string>>> {
    const {
      containers,
      volumes: { files, lent: lentPaths, volumes },
    } = this.#plan;
    const { runtime, reach } = this.#host;
    try {
      for (const lent of lentPaths) {
        if (realPath(lent) !== lent) throw new Unavailable(`${lent} has become a symbolic link to ${realPath(lent)}`);
      }
      const variables = await Promise.all(
        containers.map(async ({ spec, secrets }) => [spec.name, await this.#variables(secrets)] as const),
      );
      for (const file of files) await this.#write(file);
      await Promise.all(volumes.map((volume) => reach.insist(() => runtime.createVolume(volume))));
      return new Map(variables);
    } catch (error) {
      throw error instanceof Unavailable ? new StartRefused(error.message) : error;
    }
  }

  async #variables(references: Readonly<Record<string, SecretReference>>): Promise<Record<string, string>> {
    const values = new Map<string, string>();
    for (const [name, reference] of Object.entries(references)) {
      const value = await this.#value(reference);
      const text = value.toString();
      if (!Buffer.from(text).equals(value)) {
        throw new Unavailable(`the secret ${reference.secret} is no text, as the variable ${name} has to be`);
      }
      values.set(name, text);
    }
    return Object.fromEntries(values);
  }

  #source({ secret, version }: SecretReference): SecretSource | undefined {
    return ownProperty(ownProperty(this.#host.settings.secrets, secret) ?? {}, version);
  }

  async #value(reference: SecretReference): Promise<Buffer> {
    const source = this.#source(reference);
    const what = `the secret ${reference.secret}, version ${reference.version}`;
    if (!source) throw new Unavailable(`${what}, is not mapped`);
    try {
      return await secretValue(source, this.#host.env);
    } catch (error) {
      throw error instanceof Unavailable ? new Unavailable(`${what}, has no value: ${error.message}`) : error;
    }
  }

  /** Writes a secret to where containers see it, and again whenever `latest` changes. */
  async #write(wanted: SecretFile): Promise<void> {
    const value = await this.#value(wanted);
    const { directory } = this.#plan.volumes;
    place(directory, wanted, value);
    const source = this.#source(wanted);
    if (wanted.version !== 'latest' || !source) return;
    for (const file of filesOf(source)) {
      const onChange = (): void =>
        // Until there is a new value, the last one stays.
        void this.#value(wanted).then(
          (changed) => this.#gone || place(directory, wanted, changed),
          () => {},
        );
      this.#watched.push([file, onChange]);
      watchFile(file, { interval: watchInterval, persistent: false }, onChange);
    }
  }
}

/** Puts a file in its place as a whole. Others than us reach it through a container only: `directory` is ours. */
function place(directory: string, { file, mode }: SecretFile, value: Buffer): void {
  makeDirectory(directory);
  makeDirectory(path.dirname(file));
  // Any user of a container may look for the file.
  for (let parent = path.dirname(file); isWithin(parent, directory); parent = path.dirname(parent)) {
    chmodSync(parent, 0o755);
  }
  const draft = path.join(directory, 'draft');
  rmSync(draft, { force: true });
  writeFileSync(draft, value, { mode: 0o600 });
  chmodSync(draft, mode);
  renameSync(draft, file);
}

/** Removes what a process that is gone has left of attempts other than these; `directory` is the execution's. */
export function sweepDirectories(directory: string, keep: readonly string[]): void {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch {
    return;
  }
  for (const name of names) {
    const found = path.join(directory, name);
    if (!keep.includes(found)) rmSync(found, { recursive: true, force: true });
  }
}
