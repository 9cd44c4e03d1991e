import type { Credentials } from '../local/credentials.js';
import type { Environment } from '../local/sources.js';
import type { ExecutionEvent, OnEvent } from '../model/events.js';
import type { AttemptRuntime } from '../runtime/port.js';
import type { LogFiles } from '../store/logs.js';
import type { Store } from '../store/store.js';
import type { Lease, Owner } from '../model/lease.js';

/** What running executions takes. */
export interface EngineDeps {
  store: Store;
  runtime: AttemptRuntime;
  logs: LogFiles;
  /** The state directory. */
  home: string;
  /** For metadata servers, which name it beside the project. */
  projectNumber: string;
  /** The application default credentials of this machine. */
  credentials: Credentials;
  /** The variables of this process, which settings may name as the values of secrets. */
  env: Environment;
  /** Attempts that run at once where the job sets no lower limit. */
  maxParallelism: number;
  owner: Owner;
  /** Whether the process that holds a lease is still at work. */
  alive: (lease: Lease) => boolean;
  now: () => number;
  onEvent: OnEvent;
}

/** Ends an execution that runs early: `cancel` with grace, `kill` without. */
export interface Control {
  cancel: AbortSignal;
  kill: AbortSignal;
}

/** An event without its time. */
export type Happening = ExecutionEvent extends infer E ? (E extends unknown ? Omit<E, 'time'> : never) : never;

/** Times in ms. */
export const pace = {
  /** How often the store is asked for a cancellation. */
  poll: 250,
  heartbeat: 2000,
  /** Before a runtime that does not answer is asked again. */
  unavailable: 1000,
  /** For how long the runtime may be silent without being called slow. */
  slow: 10_000,
  /** How long an execution that is to be deleted waits for a runtime that does not answer. */
  giveWay: 10_000,
} as const;
