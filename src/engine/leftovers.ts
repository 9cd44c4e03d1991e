import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import path from 'node:path';
import type { RuntimeIdentity } from '../model/runtime-identity.js';
import type { KeepingExecution } from '../model/kept-containers.js';
import type { AttemptRuntime } from '../runtime/port.js';

/** The directory for the files of an execution's attempts. It is short, because the paths of sockets must be. */
export const runDirectory = (home: string, execution: string): string =>
  path.join(home, 'run', createHash('sha256').update(execution).digest('hex').slice(0, 12));

/**
 * Removes everything that an ended execution left in the runtime and in the state directory. If another runtime is in
 * use, returns the one that still has it.
 */
export async function discard(
  runtime: AttemptRuntime,
  home: string,
  { name, engine }: KeepingExecution,
): Promise<RuntimeIdentity | undefined> {
  const other = engine && engine.id !== (await runtime.identify()).id ? engine : undefined;
  if (!other) await runtime.discard(await runtime.list({ home, execution: name }));
  rmSync(runDirectory(home, name), { recursive: true, force: true });
  return other;
}
