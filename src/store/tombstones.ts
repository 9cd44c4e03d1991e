import { startedAt } from '../model/execution.js';
import { jobName, parseName, shortName } from '../model/names.js';
import type { Execution, Job } from '../model/schema/job.js';
import { type Connection, parseResource, resourceOf } from './database.js';
import type { Row } from './rows.js';
import { sealed } from './seal.js';
import type { TombstoneStore } from './store.js';

export const tombstoneStore = (db: Connection): TombstoneStore => {
  const find = (kind: string, project: string, location: string, id: string, now: string): Row | undefined =>
    db.get(
      `SELECT resource FROM tombstone WHERE kind = ? AND project = ? AND location = ? AND id = ? AND expire_time > ?
       ORDER BY number DESC LIMIT 1`,
      kind,
      project,
      location,
      id,
      now,
    );
  /** `job` is the name of the job that still exists. */
  const bury = (kind: 'job' | 'execution', resource: Job | Execution, job: string, startTime?: string): void => {
    const { name, createTime, expireTime } = resource;
    const { project, location } = parseName(name);
    db.transaction(() => {
      db.run(
        `INSERT INTO tombstone (kind, number, id, project, location, job, job_number, create_time, start_time, expire_time, resource)
         VALUES (?, (SELECT number FROM ${kind} WHERE name = ?), ?, ?, ?, ?, (SELECT number FROM job WHERE name = ?), ?, ?, ?, ?)`,
        kind,
        name,
        shortName(name),
        project,
        location,
        job,
        job,
        createTime,
        startTime,
        expireTime,
        sealed(resource),
      );
      db.run(`DELETE FROM ${kind} WHERE name = ?`, name);
    });
  };
  return {
    deletedJob(name, now) {
      const { project, location, job } = parseName(name);
      return resourceOf<Job>(db, find('job', project, location, job, now));
    },

    deletedExecution(project, location, id, now) {
      return resourceOf<Execution>(db, find('execution', project, location, id, now));
    },

    doomed() {
      const ended = 'SELECT resource FROM execution WHERE completion_time IS NOT NULL';
      const jobs = `SELECT name FROM job WHERE delete_time IS NOT NULL`;
      return {
        jobs: db
          .all(
            `SELECT resource FROM job WHERE delete_time IS NOT NULL AND NOT EXISTS (
               SELECT 1 FROM execution WHERE job = job.name AND completion_time IS NULL)`,
          )
          .map((row) => parseResource<Job>(db, row)),
        executions: db
          .all(`${ended} AND delete_time IS NOT NULL UNION ALL ${ended} AND delete_time IS NULL AND job IN (${jobs})`)
          .map((row) => parseResource<Execution>(db, row)),
      };
    },

    buryJob: (job) => bury('job', job, job.name),
    buryExecution: (execution) =>
      bury('execution', execution, jobName(parseName(execution.name), execution.job), startedAt(execution)),

    purge(now) {
      db.transaction(() => {
        db.run(
          `DELETE FROM operation WHERE (kind, resource_number) IN (
             SELECT kind, number FROM tombstone WHERE expire_time <= ?)`,
          now,
        );
        db.run('DELETE FROM tombstone WHERE expire_time <= ?', now);
      });
    },
  };
};
