import type { LocalSettings } from '../../../model/local/settings.js';

interface Turn {
  gone: Promise<void>;
  end: () => void;
}

/**
 * Sandboxes with the same fixed ports of the engine's machine exist one after the other: each waits until the earlier ones
 * are gone. Without fixed ports, and where attempts share a sandbox, nothing waits.
 */
export class PortTurns {
  /** Whether each attempt has a sandbox of its own, and these take turns. */
  readonly exclusive: boolean;
  readonly #turns = new Map<string, Turn>();

  constructor({ freshSandbox, publish = [] }: Pick<LocalSettings, 'freshSandbox' | 'publish'>) {
    this.exclusive = freshSandbox && publish.some(({ hostPort }) => hostPort !== undefined);
  }

  /** An attempt begins in this sandbox, which has its turn after those of earlier attempts. */
  enter(sandbox: string): void {
    if (!this.exclusive) return;
    let end = (): void => {};
    const gone = new Promise<void>((resolve) => (end = resolve));
    this.#turns.set(sandbox, { gone, end });
  }

  /** Resolves when it is the turn of this sandbox. */
  async come(sandbox: string): Promise<void> {
    const turns = [...this.#turns];
    const own = turns.findIndex(([name]) => name === sandbox);
    await Promise.all(turns.slice(0, Math.max(0, own)).map(([, { gone }]) => gone));
  }

  /** The sandbox is gone, or has stopped. */
  leave(sandbox: string): void {
    this.#turns.get(sandbox)?.end();
    this.#turns.delete(sandbox);
  }

  /** Nothing waits any longer. */
  close(): void {
    for (const sandbox of this.#turns.keys()) this.leave(sandbox);
  }
}
