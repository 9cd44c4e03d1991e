import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import Database from 'libsql';
import { StatusError } from '../model/errors.js';
import { shortName } from '../model/names.js';
import { taskIndexes } from '../model/task-selection.js';
import type { Execution } from '../model/schema/job.js';
import { Connection } from './database.js';
import { tables } from './examination.js';
import { Queries, type Row } from './rows.js';
import { unsealed } from './seal.js';
import { storeFile } from './sqlite.js';
import type { Lease } from '../model/lease.js';

type Table = keyof typeof tables;

/** The outcome for a damaged store: where it is now, and for each table, how many rows the new store has and lacks. */
export interface Salvage {
  aside: string;
  saved: Record<Table, number>;
  /** An upper bound, because some rows may have been deleted before; NaN if the store cannot say. */
  lost: Record<Table, number>;
}

const pageSize = 4096;

/**
 * Replaces a damaged store by a new one, with all rows that can be read and are as they were written. The
 * damaged files stay, under another name. Open executions that lack a task are left out, since they cannot be completed.
 * @throws StatusError FAILED_PRECONDITION if a process still runs an execution in it
 */
export function salvageStore(directory: string, suffix: string, alive: (lease: Lease) => boolean): Salvage {
  const file = storeFile(directory);
  const work = mkdtempSync(path.join(directory, 'salvage-'));
  try {
    const fresh = path.join(work, 'fresh.db');
    const empty = new Connection(fresh);
    empty.checkpoint();
    empty.close();
    const source = readable(file, path.join(work, 'damaged.db'), fresh);
    const target = new Database(fresh);
    // Executions are kept even if their job is lost.
    target.exec('PRAGMA foreign_keys = OFF; BEGIN');
    const result = copyRows(source, target);
    target.exec(`COMMIT; PRAGMA wal_checkpoint(TRUNCATE)`);
    const busy = new Queries(target)
      .all(
        `SELECT name, owner, pid, process_start, heartbeat FROM execution
         WHERE completion_time IS NULL AND owner IS NOT NULL`,
      )
      .filter((row) => alive(leaseOf(row)));
    target.close();
    if (busy.length > 0) {
      const names = busy.map(({ name, pid }) => `[${shortName(String(name))}], process ${pid}`);
      throw new StatusError('FAILED_PRECONDITION', `The store ${file} is in use, by ${names.join(', ')}.`, {
        fix: 'end these processes; their executions are resumed afterwards',
      });
    }
    const aside = `${file}.damaged-${suffix}`;
    for (const part of ['', '-wal', '-shm']) if (existsSync(file + part)) renameSync(file + part, aside + part);
    renameSync(fresh, file);
    return { aside, ...result };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const leaseOf = (row: Row): Lease => ({
  token: String(row['owner']),
  pid: Number(row['pid']),
  processStart: String(row['process_start']),
  heartbeat: Number(row['heartbeat']),
});

/**
 * Opens a copy of a store, which can be read as far as its pages are sound. If it cannot be opened, it gets the
 * first page of a fresh store: that is the same in all stores of a version, but for the number of pages.
 */
function readable(file: string, copy: string, fresh: string): Queries {
  for (const part of ['', '-wal']) if (existsSync(file + part)) copyFileSync(file + part, copy + part);
  try {
    return opened(copy);
  } catch {
    const content = readFileSync(copy);
    const pages = Math.max(Math.ceil(content.length / pageSize), statSync(fresh).size / pageSize);
    const repaired = Buffer.alloc(pages * pageSize);
    content.copy(repaired);
    readFileSync(fresh).copy(repaired, 0, 0, pageSize);
    repaired.writeUInt32BE(pages, 28);
    writeFileSync(copy, repaired);
    return opened(copy);
  }
}

function opened(copy: string): Queries {
  const queries = new Queries(new Database(copy));
  for (const table of Object.keys(tables)) queries.all(`SELECT * FROM ${table} LIMIT 0`);
  return queries;
}

function copyRows(source: Queries, target: Database.Database): Omit<Salvage, 'aside'> {
  const none = (): Record<Table, number> => ({
    ...{ job: 0, execution: 0, tombstone: 0, operation: 0, task: 0, attempt: 0 },
  });
  const [saved, lost] = [none(), none()];
  /** The intact rows of a query. */
  const read = (table: Table, where: string, ...values: unknown[]): Row[] | undefined => {
    try {
      const rows = source.all(`SELECT * FROM ${table} NOT INDEXED WHERE ${where}`, ...values);
      rows.forEach(tables[table]);
      return rows;
    } catch {
      return undefined;
    }
  };
  const save = (table: Table, row: Row): void => {
    const columns = Object.keys(row);
    const sql = `INSERT OR IGNORE INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`;
    if (target.prepare(sql).run(...Object.values(row)).changes > 0) saved[table]++;
    else lost[table]++;
  };
  const saveAll = (table: Table, where: string, ...values: unknown[]): Row[] => {
    const rows = read(table, where, ...values);
    if (!rows) lost[table]++;
    for (const row of rows ?? []) save(table, row);
    return rows ?? [];
  };
  const [jobs, executions, operations] = [
    numbers(source, 'job'),
    numbers(source, 'execution'),
    numbers(source, 'operation'),
  ];
  for (const number of jobs.numbers) {
    saveAll('job', 'number = ?', number);
    saveAll('tombstone', `kind = 'job' AND number = ?`, number);
  }
  for (const number of executions.numbers) {
    saveAll('tombstone', `kind = 'execution' AND number = ?`, number);
    const rows = read('execution', 'number = ?', number);
    if (!rows) lost.execution++;
    for (const row of rows ?? []) {
      const execution = unsealed<Execution>(String(row['resource']));
      const { taskCount } = execution;
      const found = taskIndexes(execution).map(
        (task) => read('task', 'execution = ? AND number = ?', number, task)?.[0],
      );
      const tasks = found.filter((task) => task !== undefined);
      lost.task += taskCount - tasks.length;
      if (row['completion_time'] === null && tasks.length < taskCount) {
        lost.execution++;
        continue;
      }
      save('execution', row);
      for (const task of tasks) {
        save('task', task);
        saveAll('attempt', 'execution = ? AND task = ?', number, task['number']);
      }
    }
  }
  for (const number of operations.numbers) {
    const rows = saveAll('operation', 'number = ?', number);
    // Without its resource it has no state.
    if (target.prepare(withoutResource).run(number).changes > 0) saved.operation -= rows.length;
  }
  for (const kind of ['job', 'execution']) {
    // A number is never given twice, even after a deletion.
    target.exec(`DELETE FROM sqlite_sequence WHERE name = '${kind}';
      INSERT INTO sqlite_sequence SELECT '${kind}', max(number) FROM (
        SELECT number FROM ${kind} UNION ALL SELECT number FROM tombstone WHERE kind = '${kind}' UNION ALL SELECT 0)`);
  }
  if (!jobs.counted) lost.job = NaN;
  if (!executions.counted) lost.execution = NaN;
  if (!jobs.counted || !executions.counted) lost.tombstone = NaN;
  if (!operations.counted && lost.operation > 0) lost.operation = NaN;
  return { saved, lost };
}

/** Removes operations without a resource. */
const withoutResource = `DELETE FROM operation WHERE number = ? AND CASE kind
    WHEN 'job' THEN resource_number NOT IN (SELECT number FROM job)
    ELSE resource_number NOT IN (SELECT number FROM execution)
  END AND NOT EXISTS (SELECT 1 FROM tombstone WHERE tombstone.kind = operation.kind AND tombstone.number = resource_number)`;

/** How many rows to look for if the store no longer says how many it had. */
const mostRows = 2000;

/** The numbers that the rows of a table may have. */
function numbers(source: Queries, table: 'job' | 'execution' | 'operation'): { numbers: number[]; counted: boolean } {
  const most = (sql: string): number => {
    try {
      return Number(source.all(sql)[0]?.['most']);
    } catch {
      return NaN;
    }
  };
  const known = [
    most(`SELECT max(seq) AS most FROM sqlite_sequence WHERE name = '${table}'`),
    most(`SELECT max(number) AS most FROM ${table} NOT INDEXED`),
  ].filter((number) => number > 0 && number <= 100 * mostRows);
  const length = known.length > 0 ? Math.max(...known) : mostRows;
  return { numbers: Array.from({ length }, (_, i) => i + 1), counted: known.length > 0 };
}
