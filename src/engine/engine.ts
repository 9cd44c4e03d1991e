import type { Credentials } from '../local/credentials.js';
import type { Environment } from '../local/sources.js';
import type { ExecutionEvent, OnEvent } from '../model/events.js';
import type { AttemptRuntime } from '../runtime/port.js';
import type { LogFiles } from '../store/logs.js';
import type { Store } from '../store/store.js';
import type { Lease, Owner } from '../model/lease.js';

/** What the engine needs to run executions. */
export interface EngineDeps {
  store: Store;
  runtime: AttemptRuntime;
  logs: LogFiles;
  /** The state directory. */
  home: string;
  /** The project number, for metadata servers. */
  projectNumber: string;
  /** The application default credentials of this machine. */
  credentials: Credentials;
  /** The variables of this process, which settings may use as the values of secrets. */
  env: Environment;
  /** Attempts that run at once if the job sets no lower limit. */
  maxParallelism: number;
  owner: Owner;
  /** Whether the process that holds a lease is still at work. */
  alive: (lease: Lease) => boolean;
  now: () => number;
  onEvent: OnEvent;
}

/** Ends a running execution early: `cancel` with grace, `kill` without. `leave` only ends the run, for another process to resume. */
export interface Control {
  cancel: AbortSignal;
  kill: AbortSignal;
  leave?: AbortSignal;
}

/** An event without its time. */
export type Happening = ExecutionEvent extends infer E ? (E extends unknown ? Omit<E, 'time'> : never) : never;

/** Times in ms. */
export const pace = {
  /** How often to check the store for a cancellation. */
  poll: 250,
  heartbeat: 2000,
  /** How long to wait before the next request to a runtime that is away. */
  unavailable: 1000,
  /** How long the runtime may take before it is reported as slow. */
  slow: 10_000,
  /** How long an execution that is being deleted waits until the runtime is available. */
  giveWay: 10_000,
} as const;
