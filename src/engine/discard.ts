import { rmSync } from 'node:fs';
import type { ContainerRuntime } from '../runtime/runtime.js';
import { executionLabels, runDirectory } from './plan.js';

/** Removes all that an execution that has ended has left in the engine and in the state directory. */
export async function discard(runtime: ContainerRuntime, home: string, execution: string): Promise<void> {
  const own = executionLabels(home, execution);
  await Promise.all((await runtime.list(own)).map((name) => runtime.remove(name)));
  await Promise.all((await runtime.listVolumes(own)).map((name) => runtime.removeVolume(name)));
  rmSync(runDirectory(home, execution), { recursive: true, force: true });
}
