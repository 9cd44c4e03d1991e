import type { RuntimeIdentity } from '../model/runtime-identity.js';
import { jobName, parseName, shortName } from '../model/names.js';
import { defaultSettings, type LocalSettings } from '../model/local/settings.js';
import { startedAt } from '../model/execution.js';
import type { Execution } from '../model/schema/job.js';
import { type Connection, listing, parseResource, placeOf, resourceOf, sealedIn, unlimited } from './database.js';
import { forgetOperations } from './operations.js';
import { sealed } from './seal.js';
import type { ExecutionStore } from './store.js';

const conditions = 'project = ?5 AND (?6 IS NULL OR location = ?6) AND (?7 IS NULL OR job = ?7)';
const listByCreation = listing('execution', conditions);
// '~' sorts after every time.
const listByStart = listing('execution', conditions, `ifnull(start_time, '~')`);

/** A row for each of a list of jobs; resources are looked up for the chosen rows only. */
const madeByJob = `
  SELECT
    (SELECT execution_count FROM job WHERE name = wanted.value) AS count,
    coalesce((
      SELECT CASE deleted
        WHEN 0 THEN (SELECT resource FROM execution WHERE execution.number = latest.number)
        ELSE (SELECT resource FROM tombstone WHERE kind = 'execution' AND tombstone.number = latest.number)
      END FROM (
        SELECT create_time, number, 0 AS deleted FROM execution WHERE job = wanted.value
        UNION ALL SELECT create_time, number, 1 FROM tombstone
          WHERE kind = 'execution' AND job_number = (SELECT number FROM job WHERE name = wanted.value)
        ORDER BY create_time DESC, number DESC LIMIT 1
      ) AS latest
    ), '') AS resource
  FROM json_each(?1) AS wanted ORDER BY wanted.key`;

export const executionStore = (db: Connection): ExecutionStore => ({
  execution(name) {
    return resourceOf<Execution>(db, db.get('SELECT resource FROM execution WHERE name = ?', name));
  },

  findExecution(project, location, id) {
    return resourceOf<Execution>(
      db,
      db.get('SELECT resource FROM execution WHERE project = ? AND location = ? AND id = ?', project, location, id),
    );
  },

  executions(query) {
    const list = query.byStart ? listByStart : listByCreation;
    return list<Execution>(db, query, query.project, query.location, query.job);
  },

  executionsMade(jobs) {
    return db.all(madeByJob, JSON.stringify(jobs)).map((row) => ({
      count: Number(row['count'] ?? 0),
      latest: row['resource'] === '' ? undefined : parseResource<Execution>(db, row),
    }));
  },

  executionPlaces({ id, job } = {}) {
    const sql = `SELECT project, location, count(*) AS count FROM execution
       WHERE delete_time IS NULL AND (?1 IS NULL OR id = ?1)
         AND (?2 IS NULL OR job = 'projects/' || project || '/locations/' || location || '/jobs/' || ?2)
       GROUP BY project, location ORDER BY project, location`;
    return db.all(sql, id, job).map(placeOf);
  },

  createExecution(execution, settings) {
    const parent = parseName(execution.name);
    const job = jobName(parent, parent.job);
    db.transaction(() => {
      db.run(
        'INSERT INTO execution (name, id, project, location, job, create_time, settings, resource) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
        execution.name,
        shortName(execution.name),
        parent.project,
        parent.location,
        job,
        execution.createTime,
        sealed(settings),
        sealed(execution),
      );
      db.run('UPDATE job SET execution_count = execution_count + 1 WHERE name = ?', job);
    });
  },

  saveExecution(execution) {
    db.run(
      'UPDATE execution SET resource = ?, start_time = ?, completion_time = ? WHERE name = ?',
      sealed(execution),
      startedAt(execution),
      execution.completionTime,
      execution.name,
    );
  },

  engine(execution) {
    return sealedIn<RuntimeIdentity>(db, db.get('SELECT engine FROM execution WHERE name = ?', execution), 'engine');
  },

  saveEngine(execution, engine) {
    db.run('UPDATE execution SET engine = ? WHERE name = ?', sealed(engine), execution);
  },

  images(execution) {
    const row = db.get('SELECT images FROM execution WHERE name = ?', execution);
    return sealedIn<Record<string, string>>(db, row, 'images') ?? {};
  },

  saveImages(execution, images) {
    db.run('UPDATE execution SET images = ? WHERE name = ?', sealed(images), execution);
  },

  settings(execution) {
    const row = db.get('SELECT settings FROM execution WHERE name = ?', execution);
    return { ...defaultSettings, ...sealedIn<Partial<LocalSettings>>(db, row, 'settings') };
  },

  openExecutions(parent) {
    return db
      .all(
        `SELECT name FROM execution WHERE completion_time IS NULL
       AND (?1 IS NULL OR (project = ?1 AND location = ?2)) ORDER BY number`,
        parent?.project,
        parent?.location,
      )
      .map((row) => String(row['name']));
  },

  surplusExecutions(job, keep) {
    return db
      .all(
        `SELECT name FROM execution WHERE job = ? AND completion_time IS NOT NULL
       ORDER BY create_time DESC, number DESC LIMIT ? OFFSET ?`,
        job,
        unlimited,
        keep,
      )
      .map((row) => String(row['name']));
  },

  unmeasuredLogs() {
    return db
      .all('SELECT name FROM execution WHERE completion_time IS NOT NULL AND log_bytes IS NULL')
      .map((row) => String(row['name']));
  },

  saveLogSize(execution, bytes) {
    db.run('UPDATE execution SET log_bytes = ? WHERE name = ?', bytes, execution);
  },

  surplusLogs({ before, bytes }) {
    return db
      .all(
        `SELECT name FROM execution WHERE number IN (SELECT number FROM (
           SELECT number, completion_time, sum(log_bytes) OVER (ORDER BY completion_time DESC, number DESC) AS bytes
           FROM execution WHERE log_bytes > 0
         ) WHERE completion_time < ? OR bytes > ?)`,
        before,
        bytes,
      )
      .map((row) => String(row['name']));
  },

  requestCancel(name, time) {
    return (
      db.run(
        `UPDATE execution SET cancel_time = coalesce(cancel_time, ?) WHERE name = ? AND completion_time IS NULL`,
        time,
        name,
      ) > 0
    );
  },

  cancelRequested(name) {
    return db.get('SELECT cancel_time FROM execution WHERE name = ?', name)?.['cancel_time'] != null;
  },

  requestDeletion(name, time) {
    db.run(
      `UPDATE execution SET delete_time = coalesce(delete_time, ?1), cancel_time = coalesce(cancel_time, ?1)
       WHERE name = ?2`,
      time,
      name,
    );
  },

  deletionRequested(name) {
    const jobs = 'SELECT name FROM job WHERE delete_time IS NOT NULL';
    return (
      db.get(
        `SELECT 1 AS yes FROM execution WHERE name = ? AND (delete_time IS NOT NULL OR job IN (${jobs}))`,
        name,
      ) !== undefined
    );
  },

  removeExecution(name) {
    db.transaction(() => {
      forgetOperations(db, 'execution', '(SELECT number FROM execution WHERE name = ?)', name);
      db.run('DELETE FROM execution WHERE name = ?', name);
    });
  },
});
