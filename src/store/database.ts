import { closeSync, copyFileSync, existsSync, mkdtempSync, openSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import Database from 'libsql';
import { StatusError } from '../model/errors.js';
import { damaged, isBarrier, storeFault } from './faults.js';
import { bound, Queries, type Row } from './rows.js';
import { schema, schemaVersion, storeMark } from './schema.js';
import { unsealed } from './seal.js';
import type { Listed, ListQuery, Place } from './store.js';
import { walDamage } from './wal.js';

/** How long a write waits for a write of another process, in ms. */
const busyTimeout = 10_000;

/** Stores up to this size, in bytes, are checked completely when they are opened, which takes 2 ms per MB. */
const alwaysChecked = 4 * 1024 * 1024;

/** How long another process may take from creating the file to writing its first page, in ms. */
const creationPatience = 1000;

/**
 * A connection to the database file: prepared statements by their text, and nestable transactions. Every fault of the
 * store becomes a StatusError that names the file.
 */
export class Connection {
  readonly #file: string;
  #db: Database.Database;
  readonly #statements = new Map<string, Database.Statement>();
  #queries: Queries | undefined;
  #depth = 0;
  #writes = 0;
  /** Why nothing can be written, if so. Then a copy is read. */
  #barrier: StatusError | undefined;
  #copy: string | undefined;

  /** @throws StatusError DATA_LOSS if the store is damaged, FAILED_PRECONDITION if another version wrote it */
  constructor(file: string) {
    this.#file = file;
    try {
      this.#db = this.#guard(() => this.#open(file));
    } catch (error) {
      if (!isBarrier(error) || !existsSync(file)) throw error;
      this.#barrier = error;
      this.#db = this.#guard(() => this.#open(this.#snapshot()));
    }
  }

  get writable(): boolean {
    return this.#barrier === undefined;
  }

  #open(file: string): Database.Database {
    if (existsSync(file)) this.#inspect(file);
    // Other users must not read it, even in a directory that they can read. SQLite gives its other files the same mode.
    else closeSync(openSync(file, 'a', 0o600));
    const db = new Database(file, { timeout: busyTimeout });
    this.#db = db;
    db.exec('PRAGMA cell_size_check = ON; PRAGMA foreign_keys = ON');
    if (this.#barrier) db.exec('PRAGMA query_only = ON');
    // The first pragma must run before a new file has any content.
    else db.exec('PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    this.#migrate();
    if (sizeOf(file) + sizeOf(`${file}-wal`) <= alwaysChecked) this.checkWhole();
    return db;
  }

  /** Checks every page and every index. @throws StatusError DATA_LOSS */
  checkWhole(): void {
    const [found = ''] = String(this.pragma('integrity_check(1)')).split('\n').slice(-1);
    if (found !== 'ok') throw damaged(this.#file, found.replace(/\.$/, ''));
  }

  /** Checks what SQLite does not notice: it takes an empty file for a new store, and a broken log for a short one. */
  #inspect(file: string): void {
    for (const end = Date.now() + creationPatience; sizeOf(file) === 0;) {
      if (Date.now() >= end) throw damaged(this.#file, 'the file is empty');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
    const how = walDamage(file);
    if (how !== undefined) throw damaged(this.#file, how);
  }

  /** A copy of a store that cannot be written, since SQLite has to write in order to read. */
  #snapshot(): string {
    this.#copy = mkdtempSync(path.join(os.tmpdir(), 'localrun-'));
    const copy = path.join(this.#copy, path.basename(this.#file));
    for (const suffix of ['', '-wal']) {
      if (existsSync(this.#file + suffix)) copyFileSync(this.#file + suffix, copy + suffix);
    }
    return copy;
  }

  #migrate(): void {
    const written = (): boolean => {
      const [version, mark] = [Number(this.pragma('user_version')), this.pragma('application_id')];
      if (version === 0 && mark === 0) return false;
      if (version === schemaVersion && mark === storeMark) return true;
      if (version === schemaVersion || (mark !== storeMark && mark !== 0)) {
        throw damaged(this.#file, 'its first page is not that of a store of localrun');
      }
      const by = version > schemaVersion ? 'a newer' : 'an older';
      throw new StatusError(
        'FAILED_PRECONDITION',
        `The store ${this.#file} was written by ${by} version of localrun.`,
        {
          fix: `use that version${version > schemaVersion ? ' or one that follows it' : ''}, or name another directory in LOCALRUN_HOME`,
        },
      );
    };
    if (written()) return;
    this.transaction(() => {
      if (written()) return;
      this.#db.exec(`${schema}; PRAGMA user_version = ${schemaVersion}; PRAGMA application_id = ${storeMark}`);
    });
  }

  /** Does `work`; a fault of the store becomes a StatusError. */
  #guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      const fault = storeFault(error, this.#file);
      throw this.#barrier && isBarrier(fault) ? this.#barrier : fault;
    }
  }

  #prepare(sql: string): Database.Statement {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  get(sql: string, ...values: unknown[]): Row | undefined {
    return this.all(sql, ...values)[0];
  }

  all(sql: string, ...values: unknown[]): Row[] {
    return this.#guard(() => (this.#queries ??= new Queries(this.#db)).all(sql, ...values));
  }

  /** Runs a pragma, and returns its first value. */
  pragma(sql: string): string | number {
    return this.#guard(() => {
      const rows = this.#prepare(`PRAGMA ${sql}`).all() as Record<string, string | number>[];
      return Object.values(rows[0] ?? {})[0] ?? '';
    });
  }

  /** Returns the number of changed rows. */
  run(sql: string, ...values: unknown[]): number {
    this.#writes++;
    return this.#guard(() => this.#prepare(sql).run(...values.map(bound)).changes);
  }

  /** Changes with every write by any connection, including this one, which `data_version` does not count. */
  version(): string {
    const [row] = this.#guard(() => this.#prepare('PRAGMA data_version').all()) as { data_version: number }[];
    return `${row?.data_version} ${this.#writes}`;
  }

  /** The result of `read` for a row. @throws StatusError DATA_LOSS if the row differs from what was written */
  read<T>(row: Row, read: (row: Row) => T): T {
    return this.#guard(() => read(row));
  }

  transaction<T>(body: () => T): T {
    if (this.#depth > 0) return body();
    this.#guard(() => this.#db.exec('BEGIN IMMEDIATE'));
    this.#depth++;
    try {
      const result = body();
      this.#guard(() => this.#db.exec('COMMIT'));
      return result;
    } catch (error) {
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK');
      throw error;
    } finally {
      this.#depth--;
    }
  }

  /** Moves the log into the file. */
  checkpoint(): void {
    this.pragma('wal_checkpoint(TRUNCATE)');
  }

  close(): void {
    this.#db.close();
    if (this.#copy !== undefined) rmSync(this.#copy, { recursive: true, force: true });
  }
}

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

/** The text of a column; undefined for NULL. */
export const text = (value: Row[string] | undefined): string | undefined => (value == null ? undefined : String(value));

/** The value in a sealed column of a row; undefined for NULL, or without a row. */
export const sealedIn = <T>(db: Connection, row: Row | undefined, column: string): T | undefined =>
  row && row[column] !== null ? db.read(row, () => unsealed<T>(String(row[column]))) : undefined;

/** The same for the column `resource`, which is never NULL. */
export const parseResource = <T>(db: Connection, row: Row): T => sealedIn<T>(db, row, 'resource') as T;
export const resourceOf = <T>(db: Connection, row: Row | undefined): T | undefined => row && parseResource<T>(db, row);

export const placeOf = ({ project, location, count }: Row): Place => ({
  project: String(project),
  location: String(location),
  count: Number(count),
});

/** A LIMIT without effect. */
export const unlimited = -1;

/**
 * Lists a table together with the deleted resources of its kind. `conditions` restrict its columns; ?1 to ?4 in them
 * are the query's deletedAt, after and limit. `key` is the column to order by, ascending or descending.
 */
export function listing(
  kind: 'job' | 'execution',
  conditions: string,
  key = 'create_time',
  ahead: 'last' | 'first' = 'last',
): <T>(db: Connection, query: ListQuery, ...values: unknown[]) => Listed<T>[] {
  const columns = `project, location, ${key} AS key, number`;
  const [before, direction] = ahead === 'last' ? ['<', 'DESC'] : ['>', 'ASC'];
  // Resources are large: they are looked up for the chosen rows only.
  const sql = `SELECT key, number, CASE deleted
      WHEN 0 THEN (SELECT resource FROM ${kind} WHERE ${kind}.number = found.number)
      ELSE (SELECT resource FROM tombstone WHERE kind = '${kind}' AND tombstone.number = found.number)
    END AS resource FROM (
      SELECT key, number, deleted FROM (
        SELECT ${kind === 'job' ? 'NULL AS job' : 'job'}, ${columns}, 0 AS deleted FROM ${kind}
        UNION ALL SELECT job, ${columns}, 1 FROM tombstone WHERE kind = '${kind}' AND expire_time > ?1
      ) WHERE (?2 IS NULL OR (key, number) ${before} (?2, ?3)) AND ${conditions}
      ORDER BY key ${direction}, number ${direction} LIMIT ?4
    ) AS found`;
  return <T>(db: Connection, { deletedAt, after, limit = unlimited }: ListQuery, ...values: unknown[]) =>
    db.all(sql, deletedAt, after?.key, after?.number, limit, ...values).map((row) => ({
      resource: parseResource<T>(db, row),
      position: { key: String(row['key']), number: Number(row['number']) },
    }));
}

/** An execution's number by its name, which must be the statement's first value. */
export const executionNumber = '(SELECT number FROM execution WHERE name = ?1)';
