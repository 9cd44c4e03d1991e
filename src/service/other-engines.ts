import { type ContainerEngine, otherEngine } from '../model/container-engine.js';
import { StatusError } from '../model/errors.js';
import { isCompleted } from '../model/execution.js';
import { runnerOf } from './runner.js';
import type { ServiceDeps } from './service.js';

/** How long a container engine is waited for that does not answer, in ms. */
const patience = 3000;

/** The engine that an execution began on, and the one that answers, where these are two. */
export interface Elsewhere {
  began: ContainerEngine;
  asked: ContainerEngine;
}

/** Where an execution that nobody runs began, if another engine answers now; undefined also if none does. */
export const elsewhere = (deps: ServiceDeps, name: string): Promise<Elsewhere | undefined> =>
  beganElsewhere(deps, name, () => !runnerOf(deps, name));

/** The same of an execution that has not ended, whether somebody runs it or not, as far as `counts` holds. */
export async function beganElsewhere(
  deps: ServiceDeps,
  name: string,
  counts: () => boolean = () => true,
): Promise<Elsewhere | undefined> {
  const open = (): boolean => {
    const execution = deps.store.execution(name);
    return execution !== undefined && !isCompleted(execution) && counts();
  };
  const began = deps.store.engine(name);
  if (!began || !open()) return undefined;
  const asked = await answering(deps);
  // Meanwhile it may have ended, or somebody may run it.
  return asked && asked.id !== began.id && open() ? { began, asked } : undefined;
}

/** The engine that answers; undefined if none does in time. */
async function answering(deps: ServiceDeps): Promise<ContainerEngine | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const given = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), patience);
  });
  try {
    return await Promise.race([deps.engine(), given]);
  } catch (error) {
    // Whoever takes an execution up says so.
    if (error instanceof StatusError) return undefined;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** @throws StatusError FAILED_PRECONDITION if nobody runs an execution, and it began on another engine than answers */
export async function requireItsEngine(deps: ServiceDeps, name: string): Promise<void> {
  const found = await elsewhere(deps, name);
  if (found) throw otherEngine(name, found.began, found.asked);
}
