import { StatusError } from '../model/errors.js';
import { shortName } from '../model/names.js';
import type { LogFiles } from '../store/logs.js';
import type { Store } from '../store/store.js';
import type { Lease, Owner } from '../model/lease.js';

/** How long after the start of a worker its successor may start, in ms; doubled each time. */
const patience = 3000;
/** How many in a row may end before their execution does. Only those count that ended within `long`, in ms. */
const most = 4;
const long = 60_000;

/** The number of a process and its start time, as in an Owner. */
type Process = Pick<Owner, 'pid' | 'processStart'>;

interface WorkerDeps {
  store: Store;
  logs: Pick<LogFiles, 'lastOfWorker'>;
  /** The process that starts workers. */
  owner: Process;
  alive: (lease: Lease) => boolean;
  now: () => number;
  uuid: () => string;
  /** Starts a process that takes the lease by its token; undefined if it cannot be started. */
  start: (execution: string, token: string) => Process | undefined;
}

/**
 * Starts processes that run executions, one for each. A worker holds the lease from the start, however long the machine
 * takes to run it. No worker is started while another process holds the lease, nor for a while after one has ended early.
 */
export class Workers {
  readonly #deps: WorkerDeps;
  readonly #started = new Map<string, { at: number; count: number }>();

  constructor(deps: WorkerDeps) {
    this.#deps = deps;
  }

  /** @throws StatusError ABORTED if several workers in a row have ended before the execution did */
  start(execution: string): void {
    const { store, owner, alive, now, uuid, start } = this.#deps;
    const last = this.#started.get(execution);
    const age = last ? Math.abs(now() - last.at) : Infinity;
    const count = last && age < long ? last.count : 0;
    if (count > 0 && age < patience * 2 ** (count - 1)) return;
    const token = uuid();
    // In the name of this process, until there is a worker.
    if (!store.acquireLease(execution, { ...owner, token }, now(), alive)) return;
    let worker: Process | undefined;
    try {
      if (count === most) throw this.#failure(execution);
      worker = start(execution, token);
      this.#forget();
      this.#started.set(execution, { at: now(), count: count + 1 });
    } finally {
      if (worker) store.passLease(execution, token, worker);
      else store.releaseLease(execution, token);
    }
  }

  /** Forgets what no longer counts. */
  #forget(): void {
    const { now } = this.#deps;
    for (const [execution, { at }] of this.#started) if (Math.abs(now() - at) >= long) this.#started.delete(execution);
  }

  #failure(execution: string): StatusError {
    const id = shortName(execution);
    const said = this.#deps.logs.lastOfWorker(execution) ?? 'nothing';
    return new StatusError(
      'ABORTED',
      `Execution [${id}] has not ended: its background process has been started ${most} times and has ended early each time. It said last: ${said}`,
      {
        fix: [
          { command: 'jobs executions adopt', resource: execution },
          ', which runs it here and shows what is wrong',
        ],
      },
    );
  }
}
