import { existsSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { ContainerState } from '../runtime.js';
import { Batches } from './batches.js';
import type { DockerClient } from './client.js';
import { parseState } from './state.js';

/** How long calls wait that are in no hurry, in ms: looking at a container, and removing one. */
const inspectPatience = 500;
const removePatience = 2000;

/** How long to wait before a container is tried again that others need, in ms. */
const interval = 100;

/** What an engine says of a container that is gone or has ended, and of one that others need. */
const harmless =
  /no such container|is not running|already in progress|has already been|container state improper|level=warning/i;
const lived = /has dependent containers/i;

/** What podman says of one that it does not stop because it is paused. */
const paused = /running or paused|in state paused/i;

/**
 * Where the client of a container runs, with podman. Podman before 5 does not say that one was out of memory; its
 * monitor leaves a file `oom` in the directory in which it was begun.
 */
export const monitorDirectory = (name: string): string => path.join(os.tmpdir(), `${name}.podman`);

/** What one asks of containers, and does to them, once they are there. */
export class Containers {
  readonly #client: DockerClient;
  readonly #inspections: Batches<ContainerState | undefined>;
  readonly #sizes: Batches<number | undefined>;
  readonly #removals: Batches<void>;
  readonly #kills: Batches<void>;
  /** By the grace in seconds. */
  readonly #stops = new Map<number, Batches<void>>();

  constructor(client: DockerClient) {
    this.#client = client;
    this.#inspections = this.#inspector(['--format', '{{.Name}} {{json .State}}'], parseState, inspectPatience);
    this.#sizes = this.#inspector(['--size', '--format', '{{.Name}} {{.SizeRw}}'], parseSize);
    this.#removals = this.#forAll(['rm', '--force', '--volumes'], removePatience);
    this.#kills = this.#forAll(['kill', '--signal', 'KILL']);
  }

  async inspect(name: string, patient?: boolean): Promise<ContainerState | undefined> {
    const state = await this.#inspections.load(name, patient);
    const outOfMemory = state?.status === 'exited' && existsSync(path.join(monitorDirectory(name), 'oom'));
    return outOfMemory ? { ...state, oomKilled: true } : state;
  }

  written(name: string): Promise<number | undefined> {
    return this.#sizes.load(name);
  }

  stop(name: string, graceSeconds: number): Promise<void> {
    let stops = this.#stops.get(graceSeconds);
    if (!stops) this.#stops.set(graceSeconds, (stops = this.#forAll(['stop', '--time', String(graceSeconds)])));
    return stops.load(name);
  }

  kill(name: string): Promise<void> {
    return this.#kills.load(name);
  }

  async remove(name: string, patient?: boolean): Promise<void> {
    // Before the container, which whoever comes after us finds, if we do not come further.
    rmSync(monitorDirectory(name), { recursive: true, force: true });
    await this.#removals.load(name, patient);
  }

  async limitMemory(name: string, bytes: number): Promise<boolean> {
    const limit = String(bytes);
    const { stderr, exitCode } = await this.#client.run(['update', '--memory', limit, '--memory-swap', limit, name]);
    return exitCode === 0 || !/unable to set memory limit|device or resource busy/i.test(stderr);
  }

  list(labels: Record<string, string>): Promise<string[]> {
    return this.#client.list(['ps', '--all', '--format', '{{.Names}}'], labels);
  }

  /** What the engine says of containers; undefined for those that it does not have. */
  #inspector<T>(
    args: readonly string[],
    parse: (line: string) => [name: string, of: T],
    patience?: number,
  ): Batches<T | undefined> {
    return new Batches(async (names) => {
      const { stdout, stderr, exitCode } = await this.#client.run(['container', 'inspect', ...args, ...names]);
      const found = new Map(stdout.split('\n').filter(Boolean).map(parse));
      if (exitCode !== 0 && !/no such (container|object)/i.test(stderr)) throw this.#client.failure('inspect', stderr);
      return names.map((name) => found.get(name));
    }, patience);
  }

  /**
   * A command over many containers, for which it is no error that one is gone or has ended. Podman leaves all of them
   * alone because of one that is gone, some commands even in silence, and a sandbox as long as others are in it: those
   * of which the client says nothing get a call of their own, and such a sandbox several.
   */
  #forAll(args: readonly string[], patience?: number): Batches<void> {
    const run = async (names: readonly string[], tries: number): Promise<void> => {
      const { stdout, stderr, exitCode } = await this.#client.run([...args, ...names]);
      const serious = stderr.split('\n').filter((line) => line && !harmless.test(line) && !lived.test(line));
      if (exitCode !== 0 && serious.length > 0) throw this.#client.failure(args.join(' '), serious.join('\n'));
      if (names.length > 1) {
        const said = new Set(`${stdout} ${stderr}`.split(/[^\w.-]+/));
        for (const name of names.filter((name) => !said.has(name))) await run([name], tries);
      } else if (lived.test(stderr) || paused.test(stderr)) {
        if (tries === 0) throw this.#client.failure(args.join(' '), stderr);
        if (paused.test(stderr)) await this.#client.run(['unpause', ...names]);
        else await new Promise((resolve) => setTimeout(resolve, interval));
        await run(names, tries - 1);
      }
    };
    return new Batches(async (names) => {
      await run(names, 100);
      return names.map(() => {});
    }, patience);
  }
}

function parseSize(line: string): [name: string, bytes: number] {
  const [name = '', size] = line.split(' ');
  return [name.replace(/^\//, ''), Number(size)];
}
