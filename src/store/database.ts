import Database from 'libsql';
import { RunError } from '../model/errors.js';
import { schema, schemaVersion } from './schema.js';

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
      if (version() < schemaVersion) this.#db.exec(`${schema}; PRAGMA user_version = ${schemaVersion}`);
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

/** An execution's number by its name, which has to be the statement's first value. */
export const executionNumber = '(SELECT number FROM execution WHERE name = ?1)';
