import type { LocalSettings } from '../../../model/local/settings.js';
import type { Execution } from '../../../model/schema/job.js';
import type { SandboxSpec } from '../engine-api.js';
import { sandboxName } from './names.js';
import { sharesMemory } from './volume-plan.js';

/**
 * The sandboxes of an execution: a slot lends one to the attempt that it runs, then to the next, since making a network
 * namespace is most of what a short task costs.
 */
export class Sandboxes {
  readonly #execution: Execution;
  readonly #settings: LocalSettings;
  readonly #make: (sandbox: SandboxSpec) => Promise<void>;
  readonly #used = new Set<number>();
  readonly #numbers = new Map<string, number>();
  readonly #open = new Map<string, Promise<void>>();

  constructor(execution: Execution, settings: LocalSettings, make: (sandbox: SandboxSpec) => Promise<void>) {
    this.#execution = execution;
    this.#settings = settings;
    this.#make = make;
  }

  /** Makes sure that the sandbox is there; `lost`: it was, and is not any more. */
  open(sandbox: SandboxSpec, lost: boolean): Promise<void> {
    const known = this.#open.get(sandbox.name);
    if (known && !lost) return known;
    const opening = this.#make(sandbox);
    this.#open.set(sandbox.name, opening);
    opening.catch(() => this.#open.delete(sandbox.name));
    return opening;
  }

  /** The names of those that the next attempts will take, as far as they can be known. */
  ahead(count: number): string[] {
    if (this.#settings.freshSandbox) return [];
    const { parallelism = 1, taskCount, name } = this.#execution;
    return Array.from({ length: Math.min(count, parallelism, taskCount) }, (_, number) => sandboxName(name, number));
  }

  /** Once none is being opened any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#open.values());
  }

  /** The name of a sandbox that no attempt is in; it may have to be opened. Undefined: the attempt needs none. */
  take(): string | undefined {
    // Where no two attempts share one, a container that meets no other needs none.
    if (this.#settings.freshSandbox && !needsSandbox(this.#execution, this.#settings)) return undefined;
    let number = 0;
    while (this.#used.has(number)) number++;
    const name = sandboxName(this.#execution.name, number);
    this.#used.add(number);
    this.#numbers.set(name, number);
    return name;
  }

  /** Notes that an attempt is in a sandbox already. */
  keep(name: string): void {
    const number = Number(/\d+$/.exec(name)?.[0]);
    this.#used.add(number);
    this.#numbers.set(name, number);
  }

  /** The attempt is out: the next one may take the sandbox, unless each has its own. */
  release(name: string): void {
    const number = this.#numbers.get(name);
    if (number !== undefined && !this.#settings.freshSandbox) this.#used.delete(number);
  }
}

/**
 * Whether containers need a sandbox: to reach each other, to share memory, to be served there, or to be asked whether
 * they are up.
 */
const needsSandbox = ({ template }: Execution, { metadata }: LocalSettings): boolean =>
  metadata ||
  template.containers.length > 1 ||
  template.containers.some(({ startupProbe }) => startupProbe) ||
  sharesMemory(template);
