import { jobName, parseName, shortName } from '../model/names.js';
import { defaultSettings, type LocalSettings } from '../model/local/settings.js';
import type { Execution } from '../model/schema/job.js';
import { type Connection, parseResource, resourceOf } from './database.js';
import type { ExecutionStore } from './store.js';

export const executionStore = (db: Connection): ExecutionStore => ({
  execution(name) {
    return resourceOf<Execution>(db.get('SELECT resource FROM execution WHERE name = ?', name));
  },

  findExecution(project, location, id) {
    return resourceOf<Execution>(
      db.get('SELECT resource FROM execution WHERE project = ? AND location = ? AND id = ?', project, location, id),
    );
  },

  executions({ project, location, job }) {
    return db
      .all(
        `SELECT resource FROM execution WHERE project = ?1 AND (?2 IS NULL OR location = ?2)
       AND (?3 IS NULL OR job = 'projects/' || project || '/locations/' || location || '/jobs/' || ?3)
       ORDER BY create_time DESC, number DESC`,
        project,
        location ?? null,
        job ?? null,
      )
      .map((row) => parseResource<Execution>(row));
  },

  latestExecution(job) {
    return resourceOf<Execution>(
      db.get('SELECT resource FROM execution WHERE job = ? ORDER BY create_time DESC, number DESC LIMIT 1', job),
    );
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
        JSON.stringify(settings),
        JSON.stringify(execution),
      );
      db.run('UPDATE job SET execution_count = execution_count + 1 WHERE name = ?', job);
    });
  },

  saveExecution(execution) {
    db.run(
      'UPDATE execution SET resource = ?, completion_time = ? WHERE name = ?',
      JSON.stringify(execution),
      execution.completionTime,
      execution.name,
    );
  },

  images(execution) {
    const row = db.get('SELECT images FROM execution WHERE name = ?', execution);
    return JSON.parse(String(row?.['images'] ?? '{}')) as Record<string, string>;
  },

  saveImages(execution, images) {
    db.run('UPDATE execution SET images = ? WHERE name = ?', JSON.stringify(images), execution);
  },

  settings(execution) {
    const row = db.get('SELECT settings FROM execution WHERE name = ?', execution);
    return { ...defaultSettings, ...(JSON.parse(String(row?.['settings'] ?? '{}')) as Partial<LocalSettings>) };
  },

  openExecutions() {
    return db
      .all('SELECT name FROM execution WHERE completion_time IS NULL ORDER BY number')
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
});
