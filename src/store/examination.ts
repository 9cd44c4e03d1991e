import { existsSync, statSync } from 'node:fs';
import { Connection } from './database.js';
import { operationColumns } from './operations.js';
import type { Row } from './rows.js';
import { SealBroken, unsealed } from './seal.js';
import { storeFile } from './sqlite.js';
import { attemptColumns, checkRow, taskColumns } from './tasks.js';

export interface StoreReport {
  file: string;
  bytes: number;
  jobs: number;
  executions: number;
  writable: boolean;
}

/** The sealed JSON columns of a row must be unchanged, and the other columns must agree with the resource. */
const sealed =
  (...columns: readonly string[]) =>
  (row: Row): void => {
    for (const column of columns) if (row[column] !== null) unsealed(String(row[column]));
    const { name, completionTime = null } = unsealed<{ name: string; completionTime?: string }>(
      String(row['resource']),
    );
    for (const [column, said] of [
      ['name', name],
      ['completion_time', completionTime],
    ] as const) {
      if (column in row && row[column] !== said) throw new SealBroken('a record is not what was written');
    }
  };

/** Every table, with a check that throws SealBroken for a row that differs from what was written. */
export const tables: Readonly<
  Record<'job' | 'execution' | 'tombstone' | 'operation' | 'task' | 'attempt', (row: Row) => void>
> = {
  job: sealed('resource', 'policy'),
  execution: sealed('resource', 'settings', 'engine', 'images'),
  tombstone: sealed('resource'),
  operation: (row) => checkRow(row, operationColumns),
  task: (row) => checkRow(row, taskColumns),
  attempt: (row) => checkRow(row, attemptColumns),
};

/**
 * Reads every row of the store of a state directory, and counts what it holds; undefined if there is none.
 * @throws StatusError DATA_LOSS if anything is damaged, or what opening it throws
 */
export function examineStore(directory: string): StoreReport | undefined {
  const file = storeFile(directory);
  if (!existsSync(file)) return undefined;
  const db = new Connection(file);
  try {
    db.checkWhole();
    for (const [table, check] of Object.entries(tables)) {
      for (const row of db.all(`SELECT * FROM ${table}`)) db.read(row, check);
    }
    const count = (table: string): number => Number(db.get(`SELECT count(*) AS n FROM ${table}`)?.['n']);
    const { size } = statSync(file);
    return { file, bytes: size, jobs: count('job'), executions: count('execution'), writable: db.writable };
  } finally {
    db.close();
  }
}
