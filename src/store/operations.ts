import type { OperationMethod, OperationResource } from '../model/operation.js';
import type { Execution, Job } from '../model/schema/job.js';
import { parentName } from '../model/names.js';
import { type Connection, parseResource } from './database.js';
import type { Row } from './rows.js';
import { sealOf } from './seal.js';
import type { OperationRecord, OperationStore } from './store.js';
import { checkRow } from './tasks.js';

/** The columns of a row that its seal covers. */
export const operationColumns = ['name', 'method', 'kind', 'resource_number'] as const;

/** How many of the newest operations stay. Of older ones, those of open executions do. */
const kept = 10_000;

/** Selects operations, each with its resource or the tombstone; conditions follow. */
const select = `SELECT number, ${operationColumns.join(', ')}, seal, live IS NULL AS deleted,
    coalesce(live, tombstone) AS resource FROM (
    SELECT operation.*,
      CASE kind
        WHEN 'job' THEN (SELECT resource FROM job WHERE job.number = resource_number)
        ELSE (SELECT resource FROM execution WHERE execution.number = resource_number)
      END AS live,
      (SELECT resource FROM tombstone WHERE tombstone.kind = operation.kind AND tombstone.number = resource_number)
        AS tombstone
    FROM operation`;

export const operationStore = (db: Connection): OperationStore => ({
  createOperation(name, method, kind, resource) {
    db.transaction(() => {
      const number = db.get(`SELECT number FROM ${kind} WHERE name = ?`, resource)?.['number'];
      const values = [name, method, kind, number];
      db.run(
        'INSERT INTO operation (name, method, kind, resource_number, seal) VALUES (?, ?, ?, ?, ?)',
        ...values,
        sealOf(values),
      );
      db.run(
        `DELETE FROM operation WHERE number <= (SELECT max(number) FROM operation) - ? AND NOT (
           kind = 'execution' AND resource_number IN (SELECT number FROM execution WHERE completion_time IS NULL))`,
        kept,
      );
    });
  },

  operation(name) {
    const row = db.get(`${select} WHERE name = ?)`, name);
    return row && recordOf(db, row);
  },

  operations({ project, location, after, limit }) {
    const parent = location === undefined ? `projects/${project}/` : `${parentName({ project, location })}/`;
    return db
      .all(
        `${select} WHERE number IN (
           SELECT number FROM operation WHERE name BETWEEN ?1 AND ?1 || '~' AND (?2 IS NULL OR number < ?2)
           ORDER BY number DESC LIMIT ?3) ORDER BY number DESC)`,
        parent,
        after,
        limit,
      )
      .map((row) => recordOf(db, row));
  },

  removeOperation: (name) => db.run('DELETE FROM operation WHERE name = ?', name) > 0,
});

/** Removes the operations of a resource, whose number is an expression with one parameter. */
export function forgetOperations(
  db: Connection,
  kind: OperationResource['kind'],
  number: string,
  value: string | number,
): void {
  db.run(`DELETE FROM operation WHERE kind = ? AND resource_number = ${number}`, kind, value);
}

function recordOf(db: Connection, row: Row): OperationRecord {
  db.read(row, (of) => checkRow(of, operationColumns));
  const resource: OperationResource =
    row['kind'] === 'job'
      ? { kind: 'job', job: parseResource<Job>(db, row) }
      : { kind: 'execution', execution: parseResource<Execution>(db, row) };
  return {
    number: Number(row['number']),
    name: String(row['name']),
    method: String(row['method']) as OperationMethod,
    resource,
    deleted: row['deleted'] === 1,
  };
}
