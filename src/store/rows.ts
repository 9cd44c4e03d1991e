import type Database from 'libsql';
import { SealBroken } from './seal.js';

export type Row = Record<string, string | number | null>;

interface Query {
  statement: Database.Statement;
  columns: readonly string[];
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** The queries of a connection, prepared once. Rows come as bytes: libsql ends the process over text that is not UTF-8. */
export class Queries {
  readonly #db: Database.Database;
  readonly #queries = new Map<string, Query>();

  constructor(db: Database.Database) {
    this.#db = db;
  }

  /** @throws SealBroken for what cannot have been written */
  all(sql: string, ...values: unknown[]): Row[] {
    const { statement, columns } = this.#query(sql);
    const rows = statement.all(...values.map(bound)) as { packed: Uint8Array }[];
    return rows.map(({ packed }) => unpacked(packed, columns));
  }

  #query(sql: string): Query {
    let query = this.#queries.get(sql);
    if (!query) {
      const columns = this.#db
        .prepare(sql)
        .columns()
        .map(({ name }) => name);
      const values = columns.map((name) => `"${name}"`).join(', ');
      const statement = this.#db.prepare(`SELECT CAST(json_array(${values}) AS BLOB) AS packed FROM (${sql})`);
      this.#queries.set(sql, (query = { statement, columns }));
    }
    return query;
  }
}

/** Absent is NULL. */
export const bound = (value: unknown): unknown => value ?? null;

function unpacked(packed: Uint8Array, columns: readonly string[]): Row {
  let values: Row[string][];
  try {
    values = JSON.parse(decoder.decode(packed)) as Row[string][];
  } catch {
    throw new SealBroken('a record is not text');
  }
  const row: Row = {};
  for (const [i, column] of columns.entries()) row[column] = values[i] ?? null;
  return row;
}
