import Database from 'libsql';
import { RunError } from '../model/errors.js';
import { migrations, schemaVersion } from './schema.js';
import type { Listed, ListQuery } from './store.js';

export type Row = Record<string, string | number | null>;

/** How long a write waits for another process's write, in ms. */
const busyTimeout = 10_000;

/** A connection to the database file: prepared statements by their text, and transactions that may be nested. */
export class Connection {
  readonly #db: Database.Database;
  readonly #statements = new Map<string, Database.Statement>();
  #depth = 0;

  /** @throws Error if the file cannot be opened, RunError FAILED_PRECONDITION if a newer localrun has written it */
  constructor(file: string) {
    this.#db = new Database(file, { timeout: busyTimeout });
    // Of a new file, before anything is in it.
    this.#db.exec('PRAGMA auto_vacuum = INCREMENTAL');
    this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON');
    this.#migrate(file);
  }

  #migrate(file: string): void {
    const version = (): number => Number(this.get('PRAGMA user_version')?.['user_version']);
    if (version() === schemaVersion) return;
    this.transaction(() => {
      if (version() > schemaVersion) {
        throw new RunError('FAILED_PRECONDITION', `The store ${file} was written by a newer version of localrun.`, {
          fix: 'update localrun, or name another directory in LOCALRUN_HOME',
        });
      }
      for (const step of migrations.slice(version())) this.#db.exec(step);
      this.#db.exec(`PRAGMA user_version = ${schemaVersion}`);
    });
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
    return this.#prepare(sql).get(...values.map(bound)) as Row | undefined;
  }

  all(sql: string, ...values: unknown[]): Row[] {
    return this.#prepare(sql).all(...values.map(bound)) as Row[];
  }

  /** The number of rows that changed. */
  run(sql: string, ...values: unknown[]): number {
    return this.#prepare(sql).run(...values.map(bound)).changes;
  }

  transaction<T>(body: () => T): T {
    if (this.#depth > 0) return body();
    this.#db.exec('BEGIN IMMEDIATE');
    this.#depth++;
    try {
      const result = body();
      this.#db.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK');
      throw error;
    } finally {
      this.#depth--;
    }
  }

  close(): void {
    this.#db.close();
  }
}

/** Absent is NULL. */
const bound = (value: unknown): unknown => value ?? null;

/** The text of a column; undefined for NULL. */
export const text = (value: Row[string] | undefined): string | undefined => (value == null ? undefined : String(value));

/** The JSON in a row's column `resource`. */
export const parseResource = <T>(row: Row): T => JSON.parse(String(row['resource'])) as T;
export const resourceOf = <T>(row: Row | undefined): T | undefined => row && parseResource<T>(row);

/** A LIMIT that is none. */
export const unlimited = -1;

/**
 * The listing of a table and of the deleted ones of its kind, newest first: `conditions` on its columns, in which ?1 to
 * ?4 stand for the query's deletedAt, after and limit.
 */
export function listing(
  kind: 'job' | 'execution',
  conditions: string,
): <T>(db: Connection, query: ListQuery, ...values: unknown[]) => Listed<T>[] {
  const columns = `project, location, create_time, number, resource`;
  const sql = `SELECT create_time, number, resource FROM (
      SELECT ${kind === 'job' ? 'NULL AS job' : 'job'}, ${columns} FROM ${kind}
      UNION ALL SELECT job, ${columns} FROM tombstone WHERE kind = '${kind}' AND expire_time > ?1
    ) WHERE (?2 IS NULL OR (create_time, number) < (?2, ?3)) AND ${conditions}
    ORDER BY create_time DESC, number DESC LIMIT ?4`;
  return <T>(db: Connection, { deletedAt, after, limit = unlimited }: ListQuery, ...values: unknown[]) =>
    db.all(sql, deletedAt, after?.createTime, after?.number, limit, ...values).map((row) => ({
      resource: parseResource<T>(row),
      position: { createTime: String(row['create_time']), number: Number(row['number']) },
    }));
}

/** An execution's number by its name, which has to be the statement's first value. */
export const executionNumber = '(SELECT number FROM execution WHERE name = ?1)';
