import type { RuntimeIdentity } from '../model/runtime-identity.js';
import { type Remedy, StatusError } from '../model/errors.js';
import type { LocalSettings } from '../model/local/settings.js';
import type { Holds } from '../model/iam/permissions.js';
import type { KeepingExecution } from '../model/kept-containers.js';
import { nearest, parseName, shortName } from '../model/names.js';
import { badRequest, type RequestName } from '../model/validation/bad-request.js';
import type { Violation } from '../model/validation/violation.js';
import { timestamp, type Timestamp } from '../model/time.js';
import type { LogFiles } from '../store/logs.js';
import type { Store } from '../store/store.js';
import type { Lease } from '../model/lease.js';
import type { StoreChanges } from './changes.js';
import { whereElse } from './places.js';

/** The emulated API of one process: what all requests share. */
export interface Service {
  store: Store;
  logs: LogFiles;
  /** Reports that the store has changed, whichever process wrote to it. */
  changes: StoreChanges;
  /** The account that owns the project. It may do everything, whatever the policies of jobs say. */
  projectOwner: string;
  /** Evaluates the conditions of IAM policies; present if policies are enforced. */
  enforced?: Holds | undefined;
  projectNumber: string;
  /** The variables of this process, which localrun.yaml may use as the values of secrets. */
  env: Readonly<Record<string, string | undefined>>;
  now: () => number;
  uuid: () => string;
  randomBytes: (count: number) => Uint8Array;
  /** Whether the process that holds a lease is alive. */
  alive: (lease: Lease) => boolean;
  /**
   * Starts a process that takes the lease on an execution and runs it to its end. Does nothing while a process holds the
   * lease; see Workers. @throws StatusError ABORTED
   */
  spawnWorker: (execution: string) => void;
  /** Which runtime answers where an execution runs. @throws StatusError UNAVAILABLE */
  engine: (execution: string) => Promise<RuntimeIdentity>;
  /** Removes the kept containers of deleted executions, without waiting. */
  discard: (executions: readonly KeepingExecution[]) => void;
}

/** The caller and the settings of a request. Its project and region are in the resource names. */
export interface Caller {
  /** As shown in creator and lastModifier. */
  account: string;
  /** What this machine contributes to executions unless a request sets it. */
  settings: LocalSettings;
}

/** The service from the point of view of one request. */
export interface Call extends Service, Caller {}

export const callOf = (service: Service, { account, settings }: Caller): Call => ({ ...service, account, settings });

export const timeOf = ({ now }: Pick<Service, 'now'>): Timestamp => timestamp(now());

/**
 * The API's error for a resource that does not exist. The remedy is ours: where else a resource of that name is, or the
 * nearest name among `others`.
 */
export function notFound(call: Call, name: string, others: () => readonly string[] = () => []): StatusError {
  const { project, location, execution, task } = parseName(name);
  const kind = task ? 'TASK' : execution ? 'EXECUTION' : 'JOB';
  const id = shortName(name);
  const fix = (): Remedy | undefined => {
    const elsewhere = whereElse(call, name);
    const near = elsewhere ? undefined : nearest(id, others());
    return elsewhere ?? (near && `did you mean ${near}?`);
  };
  return new StatusError(
    'NOT_FOUND',
    `Resource '${id}' of kind '${kind}' in region '${location}' in project '${project}' does not exist.`,
    { fix },
  );
}

/** The same for a job, with the closest name in its project and location. */
export function notFoundJob(call: Call, name: string): StatusError {
  const { project, location } = parseName(name);
  return notFound(call, name, () =>
    call.store.jobs({ project, location }).map(({ resource }) => shortName(resource.name)),
  );
}

/** @throws StatusError INVALID_ARGUMENT if there are errors among the violations */
export function refuse(request: RequestName, violations: readonly Violation[]): void {
  const error = badRequest(request, violations);
  if (error) throw error;
}
