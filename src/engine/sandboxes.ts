import type { Execution } from '../model/schema/job.js';
import type { SandboxSpec } from '../runtime/runtime.js';
import { needsSandbox, sandboxName } from './plan.js';

/**
 * The sandboxes of an execution: a slot lends one to the attempt that it runs, then to the next, since making a network
 * namespace is most of what a short task costs.
 */
export class Sandboxes {
  readonly #execution: Execution;
  readonly #fresh: boolean;
  readonly #make: (sandbox: SandboxSpec) => Promise<void>;
  readonly #used = new Set<number>();
  readonly #numbers = new Map<string, number>();
  readonly #open = new Set<string>();
  readonly #opening = new Map<string, Promise<void>>();

  /** @param fresh no two attempts share one; a container that meets no other then needs none */
  constructor(execution: Execution, fresh: boolean, make: (sandbox: SandboxSpec) => Promise<void>) {
    this.#execution = execution;
    this.#fresh = fresh;
    this.#make = make;
  }

  /** Makes sure that the sandbox is there; `lost`: it was, and is not any more. */
  async open(sandbox: SandboxSpec, lost: boolean): Promise<void> {
    const { name } = sandbox;
    if (this.#open.has(name) && !lost) return;
    // One at a time: whoever finds a sandbox that is not running yet takes it for one that has died.
    const opening = this.#opening.get(name) ?? this.#make(sandbox).finally(() => this.#opening.delete(name));
    this.#opening.set(name, opening);
    await opening;
    this.#open.add(name);
  }

  /** The name of a sandbox that no attempt is in; it may have to be opened. Undefined: the attempt needs none. */
  take(): string | undefined {
    if (this.#fresh && !needsSandbox(this.#execution)) return undefined;
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

  /** The attempt is out; whether the sandbox has no further use. */
  release(name: string): boolean {
    const number = this.#numbers.get(name);
    if (number !== undefined && !this.#fresh) this.#used.delete(number);
    return this.#fresh;
  }
}
