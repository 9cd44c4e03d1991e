import { runExecution } from '../engine/execution.js';
import type { Control } from '../engine/engine.js';
import type { OnEvent } from '../model/events.js';
import { jobName, parseName } from '../model/names.js';
import type { Execution } from '../model/schema/job.js';
import type { ContainerRuntime } from '../runtime/runtime.js';
import type { Owner } from '../store/store.js';
import { finishDeletions, pruneExecutions } from './retention.js';
import type { ServiceDeps } from './service.js';

export type { Control };

/** What a process needs that runs executions itself. */
export interface HostDeps extends ServiceDeps {
  runtime: ContainerRuntime;
  home: string;
  maxParallelism: number;
  owner: Owner;
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
    finishDeletions(deps);
  }
  return ended;
}
