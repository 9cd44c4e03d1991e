import type { Execution, Job } from '../model/schema/job.js';
import { type Connection, parseResource } from './database.js';
import { forgetOperations } from './operations.js';
import type { Remains, RemainsStore } from './store.js';

/** How many pages are given back at a time, since other processes cannot write meanwhile. */
const step = 1000;

/** What a row of a task or an attempt takes besides its columns, with its indexes, in bytes (measured). */
const rowBytes = 64;

/** The total bytes of a table's rows that belong to an execution. */
const bytesOf = (table: 'task' | 'attempt', columns: string): string =>
  `(SELECT coalesce(sum(${rowBytes} + length(concat_ws('', ${columns}))), 0) FROM ${table} WHERE execution = execution.number)`;

const recordBytes = `length(resource) + length(settings) + coalesce(length(images), 0)
  + ${bytesOf('task', 'uid, state, update_time, scheduled_time, start_time, completion_time, last_attempt_result')}
  + ${bytesOf('attempt', 'name, handle, create_time, place, start_time, main_start_time, stop_time, end_time, outcome')}`;

export const remainsStore = (db: Connection): RemainsStore => ({
  remains() {
    const executions = db
      .all(
        `SELECT number, name, completion_time, log_bytes, ${recordBytes} AS record_bytes,
           row_number() OVER (PARTITION BY job ORDER BY create_time DESC, number DESC) AS place
         FROM execution WHERE completion_time IS NOT NULL`,
      )
      .map((row): Remains => ({
        kind: 'execution',
        number: Number(row['number']),
        name: String(row['name']),
        time: String(row['completion_time']),
        recordBytes: Number(row['record_bytes']),
        logBytes: row['log_bytes'] === null ? undefined : Number(row['log_bytes']),
        place: Number(row['place']),
      }));
    const deleted = db
      .all('SELECT kind, number, resource, length(resource) AS record_bytes FROM tombstone')
      .map((row): Remains => {
        const { name, deleteTime = '' } = parseResource<Execution | Job>(db, row);
        const kind = row['kind'] === 'job' ? 'deleted job' : 'deleted execution';
        const recordBytes = Number(row['record_bytes']);
        return {
          kind,
          number: Number(row['number']),
          name,
          time: deleteTime,
          recordBytes,
          logBytes: 0,
          place: undefined,
        };
      });
    return [...executions, ...deleted].toSorted((a, b) =>
      a.time < b.time ? -1 : a.time > b.time ? 1 : a.number - b.number,
    );
  },

  removeRemains({ kind, number }) {
    return db.transaction(() => {
      const removed =
        kind === 'execution'
          ? db.run('DELETE FROM execution WHERE number = ? AND completion_time IS NOT NULL', number) > 0
          : db.run(`DELETE FROM tombstone WHERE 'deleted ' || kind = ? AND number = ?`, kind, number) > 0;
      if (removed) forgetOperations(db, kind === 'deleted job' ? 'job' : 'execution', '?', number);
      return removed;
    });
  },

  shrink() {
    const pages = (pragma: 'page_count' | 'freelist_count'): number => Number(db.pragma(pragma));
    const before = pages('page_count');
    for (let last = Infinity, free = pages('freelist_count'); free > 0 && free < last; free = pages('freelist_count')) {
      last = free;
      db.pragma(`incremental_vacuum(${step})`);
    }
    db.checkpoint();
    return (before - pages('page_count')) * Number(db.pragma('page_size'));
  },
});
