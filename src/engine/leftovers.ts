import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import path from 'node:path';
import type { ContainerEngine } from '../model/container-engine.js';
import type { KeepingExecution } from '../model/kept-containers.js';
import type { AttemptRuntime } from '../runtime/port.js';

/** The directory of the files that the attempts of an execution need; short, as the names of sockets have to be. */
export const runDirectory = (home: string, execution: string): string =>
  path.join(home, 'run', createHash('sha256').update(execution).digest('hex').slice(0, 12));

/**
 * Removes everything that an execution which has ended left in the runtime and in the state directory. Returns the
 * runtime that still has it, if another one answers.
 */
export async function discard(
  runtime: AttemptRuntime,
  home: string,
  { name, engine }: KeepingExecution,
): Promise<ContainerEngine | undefined> {
  const other = engine && engine.id !== (await runtime.identify()).id ? engine : undefined;
  if (!other) await runtime.discard(await runtime.list({ home, execution: name }));
  rmSync(runDirectory(home, name), { recursive: true, force: true });
  return other;
}
