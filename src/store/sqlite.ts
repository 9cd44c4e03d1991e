import path from 'node:path';
import { StatusError } from '../model/errors.js';
import { Connection } from './database.js';
import { makeHome } from './directory.js';
import { executionStore } from './executions.js';
import { storeFault } from './faults.js';
import { jobStore } from './jobs.js';
import { leaseStore } from './leases.js';
import { operationStore } from './operations.js';
import { remainsStore } from './remains.js';
import type { Store } from './store.js';
import { taskStore } from './tasks.js';
import { tombstoneStore } from './tombstones.js';

/** The path of the store in a state directory. */
export const storeFile = (directory: string): string => path.join(directory, 'localrun.db');

/**
 * Opens the store in `directory`, and creates both if they are missing.
 * @throws StatusError DATA_LOSS if it is damaged, FAILED_PRECONDITION if another version of localrun wrote it,
 * UNAVAILABLE if it cannot be opened
 */
export function openStore(directory: string): Store {
  const file = storeFile(directory);
  // Environment variables of jobs may be confidential.
  makeHome(directory);
  try {
    const db = new Connection(file);
    return {
      ...jobStore(db),
      ...executionStore(db),
      ...tombstoneStore(db),
      ...operationStore(db),
      ...remainsStore(db),
      ...taskStore(db),
      ...leaseStore(db),
      version: () => db.version(),
      writable: db.writable,
      transaction: (body) => db.transaction(body),
      close: () => db.close(),
    };
  } catch (error) {
    const fault = storeFault(error, file);
    if (fault instanceof StatusError) throw fault;
    throw new StatusError('UNAVAILABLE', `Cannot open the store ${file}: ${(error as Error).message}`, {
      fix: 'make the directory writable, or name another one in LOCALRUN_HOME',
      cause: error,
    });
  }
}
