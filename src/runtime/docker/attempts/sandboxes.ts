import type { LocalSettings } from '../../../model/local/settings.js';
import type { Execution } from '../../../model/schema/job.js';
import type { SandboxSpec } from '../engine-api.js';
import { sandboxName } from './names.js';
import { sharesMemory } from './volume-plan.js';

/**
 * The sandboxes of an execution. The attempts of a slot use one in turn, because creating a network namespace is most
 * of the cost of a short task.
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

  /** Makes sure that the sandbox exists; `lost`: it did, and no longer does. */
  open(sandbox: SandboxSpec, lost: boolean): Promise<void> {
    const known = this.#open.get(sandbox.name);
    if (known && !lost) return known;
    const opening = this.#make(sandbox);
    this.#open.set(sandbox.name, opening);
    opening.catch(() => this.#open.delete(sandbox.name));
    return opening;
  }

  /** The names of the sandboxes for the next attempts, as far as they are known. */
  ahead(count: number): string[] {
    if (this.#settings.freshSandbox) return [];
    const { parallelism = 1, taskCount, name } = this.#execution;
    return Array.from({ length: Math.min(count, parallelism, taskCount) }, (_, number) => sandboxName(name, number));
  }

  /** Resolves once none is being opened any longer. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#open.values());
  }

  /** The name of a sandbox without an attempt, which may have to be opened. Undefined: the attempt needs none. */
  take(): string | undefined {
    // If no two attempts share a sandbox, a single container needs none.
    if (this.#settings.freshSandbox && !needsSandbox(this.#execution, this.#settings)) return undefined;
    let number = 0;
    while (this.#used.has(number)) number++;
    const name = sandboxName(this.#execution.name, number);
    this.#used.add(number);
    this.#numbers.set(name, number);
    return name;
  }

  /** Records that an attempt is in a sandbox already. */
  keep(name: string): void {
    const number = Number(/\d+$/.exec(name)?.[0]);
    this.#used.add(number);
    this.#numbers.set(name, number);
  }

  /** The attempt has left: the next one may use the sandbox, unless each has its own. */
  release(name: string): void {
    const number = this.#numbers.get(name);
    if (number !== undefined && !this.#settings.freshSandbox) this.#used.delete(number);
  }
}

/** Whether containers need a sandbox: to reach each other, to share memory, for a metadata server, ports or probes. */
const needsSandbox = ({ template }: Execution, { metadata, publish }: LocalSettings): boolean =>
  metadata ||
  publish !== undefined ||
  template.containers.length > 1 ||
  template.containers.some(({ startupProbe }) => startupProbe) ||
  sharesMemory(template);
