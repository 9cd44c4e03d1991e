import type { Policy } from '../model/iam/policy.js';
import { parseName, shortName } from '../model/names.js';
import type { Job } from '../model/schema/job.js';
import { type Connection, listing, placeOf, resourceOf, sealedIn } from './database.js';
import { sealed } from './seal.js';
import type { JobStore } from './store.js';

const conditions = 'project = ?5 AND (?6 IS NULL OR location = ?6)';
const listByCreation = listing('job', conditions);
// A space sorts before every character of a name.
const listByName = listing('job', conditions, `id || ' ' || location`, 'first');

export const jobStore = (db: Connection): JobStore => ({
  job(name) {
    return resourceOf<Job>(db, db.get('SELECT resource FROM job WHERE name = ?', name));
  },

  jobs(query) {
    const list = query.byName ? listByName : listByCreation;
    return list<Job>(db, query, query.project, query.location);
  },

  jobPlaces(id = '') {
    const sql = `SELECT project, location, count(*) AS count FROM job
       WHERE delete_time IS NULL AND (?1 = '' OR id = ?1) GROUP BY project, location ORDER BY project, location`;
    return db.all(sql, id).map(placeOf);
  },

  jobCount(project, location) {
    return Number(db.get('SELECT count(*) AS n FROM job WHERE project = ? AND location = ?', project, location)?.['n']);
  },

  saveJob(job) {
    const { project, location } = parseName(job.name);
    db.run(
      `INSERT INTO job (name, id, project, location, create_time, delete_time, resource)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
       ON CONFLICT (name) DO UPDATE SET delete_time = ?6, resource = ?7`,
      job.name,
      shortName(job.name),
      project,
      location,
      job.createTime,
      job.deleteTime,
      sealed(job),
    );
  },

  policy(job) {
    return sealedIn<Policy>(db, db.get('SELECT policy FROM job WHERE name = ?', job), 'policy');
  },

  savePolicy(job, policy) {
    db.run('UPDATE job SET policy = ? WHERE name = ?', sealed(policy), job);
  },
});
