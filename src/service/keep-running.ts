import type { ExecutionRunner } from './execution-runner.js';
import { HostedExecutions, type Watcher } from './hosted-executions.js';
import { leaseHolder } from './leases.js';

/**
 * Runs every execution that no other process runs in this process, until the signal is aborted: new ones at once, others
 * when their process has died. Returns those that it then gives up.
 * @throws StatusError if the store cannot be read
 */
export async function keepRunning(runner: ExecutionRunner, signal: AbortSignal, watcher: Watcher): Promise<string[]> {
  const hosted = new HostedExecutions(runner, watcher);
  try {
    // New ones that were started, or are run elsewhere. If that fails, they are orphans like others.
    let seen = new Set<string>();
    for await (const _ of runner.changes.watch({ signal })) {
      const open = runner.store.openExecutions();
      const isSeen = (name: string): boolean => {
        if (seen.has(name) || runner.store.engine(name)) return true;
        if (leaseHolder(runner, name)) return false;
        hosted.start(name);
        return true;
      };
      seen = new Set(open.filter(isSeen));
    }
  } catch (error) {
    await hosted.close();
    throw error;
  }
  return hosted.close();
}
