import type { ContainerEngine } from '../model/container-engine.js';
import { StatusError } from '../model/errors.js';
import type { LocalSettings } from '../model/local/settings.js';
import type { Holds } from '../model/iam/permissions.js';
import type { KeepingExecution } from '../model/kept-containers.js';
import { nearest, parseName, shortName } from '../model/names.js';
import { badRequest, type RequestName } from '../model/validation/bad-request.js';
import type { Violation } from '../model/validation/violation.js';
import { timestamp, type Timestamp } from '../model/time.js';
import type { LogFiles } from '../store/logs.js';
import type { Lease, Store } from '../store/store.js';
import { whereElse } from './places.js';

/** What the emulated API needs of its surroundings. */
export interface ServiceDeps {
  store: Store;
  logs: LogFiles;
  /** Who calls, as creator and lastModifier show it. */
  account: string;
  /** The account that owns the project: whatever the policies of jobs say, it may do everything. */
  projectOwner: string;
  /** Evaluates the conditions of IAM policies; present if policies decide who may do what. */
  enforced?: Holds | undefined;
  projectNumber: string;
  /** What executions get of this machine unless a request says otherwise. */
  settings: LocalSettings;
  /** The variables of this process, which localrun.yaml may name as the values of secrets. */
  env: Readonly<Record<string, string | undefined>>;
  now: () => number;
  uuid: () => string;
  randomBytes: (count: number) => Uint8Array;
  /** Whether the process that holds a lease is still at work. */
  alive: (lease: Lease) => boolean;
  /**
   * Lets a process of its own run an execution to its end, which holds the lease from then on. Called again for as long
   * as nobody holds it; see Workers. @throws StatusError ABORTED
   */
  spawnWorker: (execution: string) => void;
  /** The container engine that answers. @throws StatusError UNAVAILABLE */
  engine: () => Promise<ContainerEngine>;
  /** Removes what executions that are gone have kept in the container engine; that goes on beside us. */
  discard: (executions: readonly KeepingExecution[]) => void;
}

export const timeOf = (deps: Pick<ServiceDeps, 'now'>): Timestamp => timestamp(deps.now());

/**
 * The API's answer for a resource that is not there. The fix is ours: where else one of that name is, or the nearest of
 * the `others` that are there.
 */
export function notFound(deps: ServiceDeps, name: string, others: readonly string[] = []): StatusError {
  const { project, location, execution, task } = parseName(name);
  const kind = task ? 'TASK' : execution ? 'EXECUTION' : 'JOB';
  const id = shortName(name);
  const near = nearest(id, others);
  return new StatusError(
    'NOT_FOUND',
    `Resource '${id}' of kind '${kind}' in region '${location}' in project '${project}' does not exist.`,
    { fix: whereElse(deps, name) ?? (near && `did you mean ${near}?`) },
  );
}

/** The same for a job, with the nearest name of its project and location. */
export function notFoundJob(deps: ServiceDeps, name: string): StatusError {
  const { project, location } = parseName(name);
  return notFound(
    deps,
    name,
    deps.store.jobs({ project, location }).map(({ resource }) => shortName(resource.name)),
  );
}

/** @throws StatusError INVALID_ARGUMENT if there are errors among the violations */
export function refuse(request: RequestName, violations: readonly Violation[]): void {
  const error = badRequest(request, violations);
  if (error) throw error;
}
