import type { Control } from '../engine/engine.js';
import { discard } from '../engine/leftovers.js';
import { runExecution } from '../engine/run.js';
import { type Credentials, GcloudCredentials } from '../local/credentials.js';
import type { ContainerEngine } from '../model/container-engine.js';
import type { OnEvent } from '../model/events.js';
import { StatusError } from '../model/errors.js';
import type { KeepingExecution } from '../model/kept-containers.js';
import type { LocalSettings } from '../model/local/settings.js';
import { jobName, nearest, parseName } from '../model/names.js';
import type { Execution } from '../model/schema/job.js';
import type { AttemptRuntime } from '../runtime/port.js';
import type { Owner } from '../store/store.js';
import { expireLogs, finishDeletions, type LogRetention, pruneExecutions } from './retention.js';
import type { ServiceDeps } from './service.js';

export { type Control, GcloudCredentials };

/** What a process needs that runs executions itself. */
export interface HostDeps extends ServiceDeps {
  runtime: AttemptRuntime;
  home: string;
  credentials: Credentials;
  maxParallelism: number;
  logRetention: LogRetention;
  owner: Owner;
}

/**
 * Makes sure that this machine has what settings ask for; with none, that there is an engine that answers.
 * @throws StatusError
 */
export async function requireSurroundings(
  { runtime, credentials }: HostDeps,
  { network, credentials: kind }: LocalSettings,
): Promise<void> {
  await runtime.capabilities();
  if (network !== undefined) {
    const networks = await runtime.networks();
    if (!networks.includes(network)) {
      const near = nearest(network, networks);
      throw new StatusError('NOT_FOUND', `The container engine has no network [${network}] that a job could join.`, {
        fix: near ? `did you mean ${near}?` : `its networks are ${networks.join(', ')}`,
      });
    }
  }
  if (kind) credentials.require();
}

/** An execution that has kept what another engine than the one that answers still has. */
interface Left {
  name: string;
  engine: ContainerEngine;
}

/** Removes what executions have kept, but what is in other engines. @throws StatusError if none answers */
export async function discardKept(
  { runtime, home }: HostDeps,
  executions: readonly KeepingExecution[],
): Promise<Left[]> {
  const left: Left[] = [];
  for (const execution of executions) {
    const engine = await discard(runtime, home, execution);
    if (engine) left.push({ name: execution.name, engine });
  }
  return left;
}

/**
 * Runs an execution to its end in this process. Undefined if another process runs it, or has taken it over.
 */
export async function hostExecution(
  deps: HostDeps,
  name: string,
  control: Control,
  onEvent: OnEvent,
): Promise<Execution | undefined> {
  const ended = await runExecution(name, { ...deps, onEvent }, control);
  if (ended) {
    pruneExecutions(deps, jobName(parseName(name), ended.job));
    expireLogs(deps, deps.logRetention, name);
    finishDeletions(deps);
  }
  return ended;
}
