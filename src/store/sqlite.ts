import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { RunError } from '../model/errors.js';
import { Connection } from './database.js';
import { executionStore } from './executions.js';
import { jobStore } from './jobs.js';
import { leaseStore } from './leases.js';
import { remainsStore } from './remains.js';
import type { Store } from './store.js';
import { taskStore } from './tasks.js';
import { tombstoneStore } from './tombstones.js';

/**
 * Opens the store in `directory`, creating both where they are missing.
 * @throws RunError FAILED_PRECONDITION if a newer version of localrun has written it, UNAVAILABLE if it cannot be opened.
 */
export function openStore(directory: string): Store {
  const file = path.join(directory, 'localrun.db');
  try {
    // Environment variables of jobs may be confidential.
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const db = new Connection(file);
    return {
      ...jobStore(db),
      ...executionStore(db),
      ...tombstoneStore(db),
      ...remainsStore(db),
      ...taskStore(db),
      ...leaseStore(db),
      transaction: (body) => db.transaction(body),
      close: () => db.close(),
    };
  } catch (error) {
    if (error instanceof RunError) throw error;
    throw new RunError('UNAVAILABLE', `Cannot open the store ${file}: ${(error as Error).message}`, {
      fix: 'make the directory writable, or name another one in LOCALRUN_HOME',
      cause: error,
    });
  }
}
