import { rmSync } from 'node:fs';
import type { ContainerEngine } from '../model/container-engine.js';
import type { KeepingExecution } from '../model/kept-containers.js';
import type { ContainerRuntime } from '../runtime/runtime.js';
import { executionLabels, runDirectory } from './plan.js';

/**
 * Removes all that an execution that has ended has left in the engine and in the state directory, and returns the engine
 * that still has it, if another one answers.
 */
export async function discard(
  runtime: ContainerRuntime,
  home: string,
  { name, engine }: KeepingExecution,
): Promise<ContainerEngine | undefined> {
  const other = engine && engine.id !== (await runtime.engine()).id ? engine : undefined;
  if (!other) {
    const own = executionLabels(home, name);
    await runtime.removeAll(await runtime.list(own));
    await Promise.all((await runtime.listVolumes(own)).map((volume) => runtime.removeVolume(volume)));
  }
  rmSync(runDirectory(home, name), { recursive: true, force: true });
  return other;
}
