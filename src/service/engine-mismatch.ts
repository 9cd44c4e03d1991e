import { type RuntimeIdentity, otherRuntime } from '../model/runtime-identity.js';
import { StatusError } from '../model/errors.js';
import { isCompleted } from '../model/execution.js';
import { leaseHolder } from './leases.js';
import type { Service } from './service.js';

/** How long the container engine may take to answer, in ms. */
const patience = 3000;

/** The container engine that an execution began on, and the other one that answers now. */
export interface EngineMismatch {
  began: RuntimeIdentity;
  asked: RuntimeIdentity;
}

/** The mismatch of an open execution that no process runs; undefined also if no engine answers. */
export const orphanMismatch = (service: Service, execution: string): Promise<EngineMismatch | undefined> =>
  engineMismatch(service, execution, () => !leaseHolder(service, execution));

/** The mismatch of an open execution, as long as `counts` holds. */
export async function engineMismatch(
  service: Service,
  execution: string,
  counts: () => boolean = () => true,
): Promise<EngineMismatch | undefined> {
  const open = (): boolean => {
    const found = service.store.execution(execution);
    return found !== undefined && !isCompleted(found) && counts();
  };
  const began = service.store.engine(execution);
  if (!began || !open()) return undefined;
  const asked = await answeringEngine(service, execution);
  // In the meantime the execution may have ended or been resumed.
  return asked && asked.id !== began.id && open() ? { began, asked } : undefined;
}

/** The runtime where an execution runs, if it answers in time. */
async function answeringEngine(service: Service, execution: string): Promise<RuntimeIdentity | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), patience);
  });
  try {
    return await Promise.race([service.engine(execution), late]);
  } catch (error) {
    // The process that resumes the execution reports it.
    if (error instanceof StatusError) return undefined;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** @throws StatusError FAILED_PRECONDITION for an orphan that began on another container engine than the one that answers */
export async function requireSameEngine(service: Service, execution: string): Promise<void> {
  const mismatch = await orphanMismatch(service, execution);
  if (mismatch) throw otherRuntime(execution, mismatch.began, mismatch.asked);
}

/** What the deletion of an execution cannot remove, because it is on a container engine that is not in use. */
export interface Remnant {
  execution: string;
  engine: RuntimeIdentity;
  /** The process that runs the execution, which may still reach that engine. */
  pid: number | undefined;
}

/** What the deletion of some executions would leave behind on other container engines. */
export async function remnantsOf(service: Service, executions: readonly string[]): Promise<Remnant[]> {
  const remnants: Remnant[] = [];
  for (const execution of executions) {
    const mismatch = await engineMismatch(service, execution);
    if (!mismatch) continue;
    remnants.push({ execution, engine: mismatch.began, pid: leaseHolder(service, execution)?.pid });
  }
  return remnants;
}
