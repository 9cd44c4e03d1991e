import { existsSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type Answers, Batches } from './batches.js';
import { type DockerClient, isAbout } from './client.js';
import { epochMs, timestamp } from '../../model/time.js';
import type { ContainerState } from './engine-api.js';
import { parseState } from './state.js';

/** How long calls that are not urgent wait, in ms: inspecting a container, and removing one. */
const inspectPatience = 1000;
const removePatience = 2000;

/** The exit code of a container that SIGKILL has ended, and how long after that the reason may become known, in ms. */
const killed = 137;
const lateness = 1000;

/** How long to wait before retrying a container that others still need, in ms. */
const interval = 100;

/** What an engine prints for a container that it does not have: docker, its older clients, and podman. */
const missing = /no such (?:container|object)/i;

/** What it prints for a container that is gone or has ended, and for one that others need. */
const harmless = /no such container|is not running|already in progress/i;
/** The same from podman, which uses its own id of the container instead of the name. */
const harmlessById = /has already been|container state improper/i;
const warning = /level=warning/;
const lived = /has dependent containers/i;

/** What podman prints when it does not stop a container because it is paused. */
const paused = /running or paused|in state paused/i;

/**
 * The working directory of a container's client with podman. Podman before version 5 does not report that a container
 * was out of memory, but its monitor leaves a file `oom` in that directory.
 */
export const monitorDirectory = (name: string): string => path.join(os.tmpdir(), `${name}.podman`);

type Exited = Extract<ContainerState, { status: 'exited' }>;

/** Inspects and changes existing containers. */
export class Containers {
  readonly #client: DockerClient;
  readonly #inspections: Batches<ContainerState | undefined>;
  readonly #sizes: Batches<number | undefined>;
  readonly #removals: Batches<void>;
  readonly #kills: Batches<void>;
  /** Containers that this process has sent signals to. */
  readonly #signalled = new Set<string>();
  /** By grace period in seconds. */
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
    if (state?.status !== 'exited' || state.oomKilled) return state;
    const monitored = existsSync(monitorDirectory(name));
    const oomKilled = monitored
      ? existsSync(path.join(monitorDirectory(name), 'oom'))
      : state.exitCode === killed && !this.#signalled.has(name) && (await this.wasOutOfMemory(name, state));
    return { ...state, oomKilled };
  }

  /**
   * Docker, when it is busy, may hear only after the end of a container that it was out of memory: then its events say
   * so, and the state never does (20.10: 2 of 60 containers at a load of 25).
   */
  async wasOutOfMemory(
    name: string,
    { startedAt, finishedAt }: Pick<Exited, 'startedAt' | 'finishedAt'>,
  ): Promise<boolean> {
    const until = timestamp(epochMs(finishedAt) + lateness);
    const filters = ['--filter', 'event=oom', '--filter', `container=${name}`];
    let found = false;
    const events = this.#client.lines(
      ['events', '--since', startedAt, '--until', until, ...filters, '--format', '{{.Action}}'],
      () => {
        found = true;
        events.end();
      },
    );
    await events.ended;
    return found;
  }

  /** The engine's own name of a container; empty if it does not exist. */
  async idOf(name: string): Promise<string> {
    const { stdout } = await this.#client.run(['container', 'inspect', '--format', '{{.Id}}', name]);
    return stdout.trim();
  }

  written(name: string): Promise<number | undefined> {
    return this.#sizes.load(name);
  }

  stop(name: string, graceSeconds: number): Promise<void> {
    this.#signalled.add(name);
    let stops = this.#stops.get(graceSeconds);
    if (!stops) {
      const args = ['stop', '--time', String(graceSeconds)];
      stops = new Batches((names) => this.#all(args, names, 100, graceSeconds * 1000));
      this.#stops.set(graceSeconds, stops);
    }
    return stops.load(name);
  }

  kill(name: string): Promise<void> {
    this.#signalled.add(name);
    return this.#kills.load(name);
  }

  async remove(name: string, patient?: boolean): Promise<void> {
    this.#forget(name);
    await this.#removals.load(name, patient);
  }

  /**
   * @param together whether the engine refuses to remove a sandbox before the containers in it, as podman does. Then
   * one call without a given order removes all of them, instead of one call for each sandbox
   */
  async removeAll(names: readonly string[], together: boolean): Promise<void> {
    if (names.length === 0) return;
    let left = names;
    if (together) {
      names.forEach((name) => this.#forget(name));
      const { exitCode } = await this.#client.run(['rm', '--force', '--volumes', '--depend', '--ignore', ...names]);
      // Podman also ignores that it left a sandbox because a container in it was gone before it could remove that.
      const states = exitCode === 0 ? await Promise.all(names.map((name) => this.inspect(name))) : names;
      left = names.filter((_, i) => states[i]);
    }
    await Promise.all(left.map((name) => this.remove(name)));
  }

  /** Before the container itself, so that what goes with it is gone with it. */
  #forget(name: string): void {
    this.#signalled.delete(name);
    rmSync(monitorDirectory(name), { recursive: true, force: true });
  }

  async limitMemory(name: string, bytes: number): Promise<boolean> {
    const limit = String(bytes);
    const { stderr, exitCode } = await this.#client.run(['update', '--memory', limit, '--memory-swap', limit, name]);
    return exitCode === 0 || !/unable to set memory limit|device or resource busy/i.test(stderr);
  }

  list(labels: Record<string, string>): Promise<string[]> {
    return this.#client.list(['ps', '--all', '--format', '{{.Names}}'], labels);
  }

  /** The engine's state of each container; undefined for containers that it does not have. */
  #inspector<T>(
    args: readonly string[],
    parse: (line: string) => [name: string, of: T] | undefined,
    patience?: number,
  ): Batches<T | undefined> {
    return new Batches(async (names) => {
      const all = ['container', 'inspect', ...args, ...names];
      const { stdout, stderr, exitCode } = await this.#client.run(all);
      const answers = new Map<string, T | undefined>();
      const lines = stderr.split('\n').filter((line) => missing.test(line));
      for (const name of names) if (lines.some((line) => isAbout(line, name))) answers.set(name, undefined);
      for (const line of stdout.split('\n')) {
        const [name, of] = parse(line) ?? [];
        if (name !== undefined) answers.set(name, of);
      }
      const said = stderr.trim() !== '' || exitCode !== 0;
      return { answers, failure: said ? this.#client.failure('inspect', stderr) : this.#client.puzzle(all, stdout) };
    }, patience);
  }

  /**
   * A command on many containers, in which it is not an error if one is gone or has ended. If one is gone, podman
   * leaves all of them alone, some commands even silently; and it leaves a sandbox alone while other containers are in
   * it.
   */
  #forAll(args: readonly string[], patience?: number): Batches<void> {
    return new Batches((names) => this.#all(args, names, 100), patience);
  }

  /**
   * @param tries how often to retry a single container that the client leaves for the moment
   * @param work how long the client may be silent while it works, in ms
   */
  async #all(args: readonly string[], names: readonly string[], tries: number, work = 0): Promise<Answers<void>> {
    const { stdout, stderr, exitCode } = await this.#client.run([...args, ...names], { work });
    const alone = names.length === 1;
    const left = lived.test(stderr) || paused.test(stderr);
    if (alone && left && tries > 0) {
      if (paused.test(stderr)) await this.#client.run(['unpause', ...names]);
      else await new Promise((resolve) => setTimeout(resolve, interval));
      return this.#all(args, names, tries - 1, work);
    }
    const lines = stderr.split('\n').filter((line) => line && !warning.test(line));
    const isHarmless = (line: string, name: string): boolean =>
      (harmless.test(line) && isAbout(line, name)) || (alone && !left && harmlessById.test(line));
    const done = new Set(stdout.split('\n'));
    const isDone = (name: string): boolean =>
      done.has(name) || (alone && exitCode === 0) || lines.some((line) => isHarmless(line, name));
    return {
      answers: new Map(names.filter(isDone).map((name) => [name, undefined])),
      failure: this.#client.failure(args.join(' '), lines.join('\n')),
    };
  }
}

function parseSize(line: string): [name: string, bytes: number] | undefined {
  const [, name = '', size] = /^\/?(\S+) (\d+)$/.exec(line) ?? [];
  return size === undefined ? undefined : [name, Number(size)];
}
