import type { OnEvent } from '../model/events.js';
import { type ExecutionRunner, runHere } from './execution-runner.js';
import { leaseHolder } from './leases.js';
import { finishDeletions } from './retention.js';

/** How long to leave an execution alone whose run has failed, in ms: doubled each time, up to the most. */
const first = 2000;
const most = 60_000;

/** How often to look for executions whose process has died, in ms. */
const lookInterval = 1000;

interface Hearers {
  onEvent: (execution: string, ...event: Parameters<OnEvent>) => void;
  /** A run has ended before its execution. It will be resumed. */
  onFailure: (execution: string, error: Error) => void;
}

/**
 * Runs every execution that no other process runs, new or orphaned, in this process, and completes deletions, until the
 * signal is aborted. Then it gives up the leases, so that the next process need not wait for them to expire: the caller
 * must end this process at once.
 * @throws StatusError if the store cannot be read or written
 */
export async function keepRunning(
  runner: ExecutionRunner,
  signal: AbortSignal,
  { onEvent, onFailure }: Hearers,
): Promise<void> {
  const running = new Set<string>();
  const failed = new Map<string, { pause: number; until: number }>();
  const run = async (name: string): Promise<void> => {
    running.add(name);
    const never = new AbortController().signal;
    try {
      await runHere(runner, name, { cancel: never, kill: never }, (event) => onEvent(name, event));
      failed.delete(name);
    } catch (error) {
      if (signal.aborted) return;
      const pause = Math.min((failed.get(name)?.pause ?? first / 2) * 2, most);
      failed.set(name, { pause, until: performance.now() + pause });
      onFailure(name, error as Error);
    } finally {
      running.delete(name);
    }
  };
  for await (const _ of runner.changes.watch({ signal, atLeastEvery: lookInterval })) {
    for (const name of runner.store.openExecutions()) {
      if (running.has(name) || (failed.get(name)?.until ?? 0) > performance.now()) continue;
      if (!leaseHolder(runner, name)) void run(name);
    }
    finishDeletions(runner);
  }
  for (const name of running) runner.store.releaseLease(name, runner.owner.token);
}
