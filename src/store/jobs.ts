import { parseName } from '../model/names.js';
import type { Job } from '../model/schema/job.js';
import { type Connection, parseResource, resourceOf } from './database.js';
import type { JobStore } from './store.js';

export const jobStore = (db: Connection): JobStore => ({
  job(name) {
    return resourceOf<Job>(db.get('SELECT resource FROM job WHERE name = ?', name));
  },

  jobs(project, location) {
    return db
      .all(
        'SELECT resource FROM job WHERE project = ?1 AND (?2 IS NULL OR location = ?2) ORDER BY name',
        project,
        location ?? null,
      )
      .map((row) => parseResource<Job>(row));
  },

  saveJob(job) {
    const { project, location } = parseName(job.name);
    db.run(
      `INSERT INTO job (name, project, location, resource) VALUES (?1, ?2, ?3, ?4)
       ON CONFLICT (name) DO UPDATE SET resource = ?4`,
      job.name,
      project,
      location,
      JSON.stringify(job),
    );
  },

  deleteJob(name) {
    db.run('DELETE FROM job WHERE name = ?', name);
  },

  executionCount(job) {
    return Number(db.get('SELECT execution_count AS n FROM job WHERE name = ?', job)?.['n'] ?? 0);
  },
});
