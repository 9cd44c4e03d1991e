import { existsSync, mkdirSync } from 'node:fs';
import { StatusError } from '../../model/errors.js';
import { timestamp, type Timestamp } from '../../model/time.js';
import { StartRefused } from '../port.js';
import { runArguments, type Traits } from './arguments.js';
import { type DockerClient, throwIfUnreachable } from './client.js';
import type { Cgroups } from './cgroups.js';
import type { ContainerOutput, ContainerSpec, Started } from './engine-api.js';
import { type Containers, monitorDirectory } from './containers.js';
import { StampedOutput } from './output.js';
import type { Starts } from './starts.js';
import { startError } from './state.js';

/** The exit codes of a client that has lost its container or was killed; containers exit with them, too. */
const lost = [125, 255];

/** How long to wait for the event of a start before asking the engine, in ms. */
const patience = 2000;

/** What the engine prints for a network namespace whose holder has ended or does not exist. */
export const homeless =
  /cannot join network of a non running container|no such container|container \S+ is not running/i;

/** What docker and podman print for a name that is in use. */
export const taken = /\bname "?\/?[\w.-]+"? is (?:already )?in use/i;

/** What it prints for an image whose user name is unknown in the image. */
const unknownUser = /unable to find (user|group) /i;

/** Starts containers, each with a client that is attached from beginning to end. */
export class Launcher {
  readonly #client: DockerClient;
  readonly #containers: Containers;
  readonly #starts: Starts;
  readonly #cgroups: Cgroups;
  readonly #traits: () => Promise<Traits>;
  /** Images whose user is unknown: they run as root (container contract). */
  readonly #rootImages = new Set<string>();

  constructor(
    client: DockerClient,
    containers: Containers,
    starts: Starts,
    cgroups: Cgroups,
    traits: () => Promise<Traits>,
  ) {
    this.#client = client;
    this.#containers = containers;
    this.#starts = starts;
    this.#cgroups = cgroups;
    this.#traits = traits;
  }

  /** See EngineApi.start. */
  async start(spec: ContainerSpec, output: ContainerOutput): Promise<Started | 'exists' | 'homeless'> {
    const files = {
      stdout: new StampedOutput((data) => output.write('stdout', data)),
      stderr: new StampedOutput((data) => output.write('stderr', data)),
    };
    const giveUp = new AbortController();
    const watch = this.#client.watch(['run'], () => giveUp.abort());
    const start = this.#starts.next();
    const ended = this.#run({ ...spec, labels: { ...spec.labels, ...start.label } }, files, giveUp.signal);
    const startedAt = await this.#startOf(spec.name, start.at, ended, files.stderr)
      .catch(async (error: unknown) => {
        // The caller closes the output, so nothing may write to it any more.
        giveUp.abort();
        await ended.catch(() => {});
        throw error;
      })
      .finally(() => {
        start.forget();
        watch.over();
      });
    if (startedAt !== undefined) {
      const broken = (exitCode: number): boolean => lost.includes(exitCode) || files.stderr.complains;
      return {
        startedAt,
        ended: ended.then((exitCode) => (broken(exitCode) ? undefined : exitCode)),
        letGo: () => giveUp.abort(),
      };
    }
    const exitCode = await ended;
    output.clear();
    if (watch.hung !== undefined) {
      await this.#containers.remove(spec.name);
      throw new StartRefused(watch.hung);
    }

    const { head } = files.stderr;
    throwIfUnreachable(head);
    const exists = taken.test(head);
    // If the client of an earlier start lost the engine, the container knows why it did not start.
    const reason = exists ? await this.#startError(spec.name) : head;
    if ('sandbox' in spec.network && homeless.test(reason)) {
      await this.#containers.remove(spec.name);
      return 'homeless';
    }
    if (exists) return 'exists';
    if (unknownUser.test(head) && !this.#rootImages.has(spec.image)) {
      this.#rootImages.add(spec.image);
      await this.#containers.remove(spec.name);
      return this.start(spec, output);
    }
    const said = startError(refusal(head), spec.mounts);
    // The client may have been killed after it made the container and before it started it.
    const left = said ? undefined : await this.#containers.inspect(spec.name);
    if (left?.status === 'created' && !left.error) return 'exists';
    throw new StartRefused(
      said || (left?.status === 'created' ? left.error : ''),
      exitCode === 126 || exitCode === 127 ? exitCode : 0,
    );
  }

  async #startError(name: string): Promise<string> {
    const state = await this.#containers.inspect(name);
    return state?.status === 'created' ? state.error : '';
  }

  async #run(
    spec: ContainerSpec,
    files: Record<'stdout' | 'stderr', StampedOutput>,
    signal: AbortSignal,
  ): Promise<number> {
    const traits = await this.#traits();
    const asRoot = this.#rootImages.has(spec.image);
    const cgroup = this.#cgroups.above(spec.name);
    const { args, ...given } = runArguments(spec, { ...traits, asRoot, cgroup });
    const cwd = traits.podman ? monitorDirectory(spec.name) : undefined;
    if (cwd && !existsSync(cwd)) mkdirSync(cwd, { mode: 0o700 });
    try {
      return await this.#client.attach(
        args,
        { ...given, signal, ...(cwd && { cwd }) },
        {
          stdout: (chunk) => files.stdout.write(chunk),
          stderr: (chunk) => files.stderr.write(chunk),
        },
      );
    } catch (error) {
      if (error instanceof StatusError && error.code === 'INVALID_ARGUMENT') throw new StartRefused(error.message);
      throw error;
    }
  }

  /**
   * The approximate start time of the container, even if it ended at once; undefined if its client ended and it never
   * started.
   */
  async #startOf(
    name: string,
    start: Promise<Timestamp>,
    ended: Promise<number>,
    stderr: StampedOutput,
  ): Promise<Timestamp | undefined> {
    for (;;) {
      const seen = await Promise.race([start, ended, later()]);
      if (typeof seen === 'string') return seen;
      // The client exits with the other codes also if it could not start the container, and with 1 if it loses the
      // engine.
      if (seen !== undefined && seen !== 1 && seen < 125) return timestamp(Date.now());
      // An existing container of that name is not the one that this client was to start.
      if (seen !== undefined && taken.test(stderr.head)) return undefined;
      const state = await this.#containers.inspect(name);
      if (state && state.status !== 'created') return state.startedAt;
      if (seen !== undefined) return undefined;
    }
  }
}

const later = (): Promise<undefined> => new Promise((resolve) => setTimeout(resolve, patience, undefined).unref());

/** The engine's reason in a client's output. */
export const refusal = (stderr: string): string =>
  (stderr.split('\n').find((line) => line.trim() && !line.startsWith('WARNING: ')) ?? '')
    .replace(/^(?:docker|Error): /, '')
    .replace(/^Error response from daemon: /, '');
