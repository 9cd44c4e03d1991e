import type { Environment } from '../local/sources.js';
import type { OnEvent } from '../model/events.js';
import type { ContainerRuntime } from '../runtime/runtime.js';
import type { LogFiles } from '../store/logs.js';
import type { Credentials } from './credentials.js';
import type { Lease, Owner, Store } from '../store/store.js';

/** What running executions takes. */
export interface EngineDeps {
  store: Store;
  runtime: ContainerRuntime;
  logs: LogFiles;
  /** The state directory; containers carry it as a label. */
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

/** How an execution that runs is told to end early: `cancel` with grace, `kill` without. */
export interface Control {
  cancel: AbortSignal;
  kill: AbortSignal;
}

/** Times in ms. */
export const pace = {
  /** How often the store is asked for a cancellation. */
  poll: 250,
  heartbeat: 2000,
  /** How long to wait before the engine that does not answer is asked again. */
  unavailable: 1000,
  /** For how long the engine may be silent without being called slow. */
  slow: 10_000,
  /** How long an execution that is to be deleted is held while its engine does not answer. */
  giveWay: 10_000,
  /** How often a log is read again when its container has ended, and the time between if the disk does not take it. */
  logTries: 3,
  unkept: 5000,
  /** How long the client of a container that was ended may take to notice. */
  lastWords: 10_000,
  /** How long a container that somebody else has made may take to start. */
  foreignStart: 2000,
  /** How often a container is tried to be started whose sandbox or name is not to be had. */
  startTries: 3,
} as const;

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Sleeps, unless it is over before. */
export function pause(ms: number, over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      over.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, over.aborted ? 0 : ms);
    over.addEventListener('abort', done);
  });
}
