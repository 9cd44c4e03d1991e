import type { AttemptRecord, StopReason } from '../model/attempt.js';
import type { TaskAttemptResult } from '../model/schema/job.js';
import type { AttemptOutcome, TaskRecord, TaskState } from '../model/task.js';
import type { AttemptUsage } from '../model/usage.js';
import { type Connection, executionNumber, text, unlimited } from './database.js';
import type { Row } from './rows.js';
import { checkSeal, sealOf } from './seal.js';
import type { TaskStore } from './store.js';

/** The columns of a row that its seal covers: all except its execution. */
export const taskColumns = [
  ...['number', 'uid', 'state', 'retried', 'update_time', 'scheduled_time', 'start_time', 'completion_time'],
  'last_attempt_result',
] as const;
export const attemptColumns = [
  ...['task', 'number', 'name', 'handle', 'create_time', 'place', 'start_time', 'main_start_time', 'stop_reason'],
  ...['stop_time', 'end_time', 'outcome', 'usage'],
] as const;

const statement = (table: string, columns: readonly string[]): string =>
  `INSERT OR REPLACE INTO ${table} (execution, ${columns.join(', ')}, seal)
   VALUES (${executionNumber}, ${columns.map(() => '?').join(', ')}, ?)`;
const insertTask = statement('task', taskColumns);
const insertAttempt = statement('attempt', attemptColumns);

/** The attempts of a range of tasks, which the primary key finds. */
const ofTasks = `execution = ${executionNumber} AND task BETWEEN ? AND ?`;
const lastTask = Number.MAX_SAFE_INTEGER;

export const taskStore = (db: Connection): TaskStore => ({
  task(execution, index) {
    const row = db.get(`SELECT * FROM task WHERE execution = ${executionNumber} AND number = ?`, execution, index);
    return row && db.read(row, taskOf);
  },

  tasks(execution, states, page) {
    return db
      .all(
        `SELECT * FROM task WHERE execution = ${executionNumber} AND number > ?3
       AND (?2 IS NULL OR state IN (SELECT value FROM json_each(?2))) ORDER BY number LIMIT ?4`,
        execution,
        states ? JSON.stringify(states) : null,
        page?.after ?? -1,
        page?.limit ?? unlimited,
      )
      .map((row) => db.read(row, taskOf));
  },

  readyTasks(execution, limit) {
    return db
      .all(
        `SELECT * FROM task WHERE execution = ${executionNumber} AND state = 'Pending' ORDER BY retried DESC, number LIMIT ?`,
        execution,
        limit,
      )
      .map((row) => db.read(row, taskOf));
  },

  firstFailed(execution) {
    const row = db.get(
      `SELECT * FROM task WHERE execution = ${executionNumber} AND state = 'Failed' ORDER BY completion_time, number LIMIT 1`,
      execution,
    );
    return row && db.read(row, taskOf);
  },

  lastCompletion(execution) {
    return text(
      db.get(`SELECT max(completion_time) AS time FROM task WHERE execution = ${executionNumber}`, execution)?.['time'],
    );
  },

  firstStarts(execution) {
    const rows = db.all(
      `SELECT task, min(start_time) AS time FROM attempt
       WHERE execution = ${executionNumber} AND start_time IS NOT NULL GROUP BY task`,
      execution,
    );
    return new Map(rows.map((row) => [Number(row['task']), String(row['time'])]));
  },

  saveTask(execution, task) {
    const values = [
      task.index,
      task.uid,
      task.state,
      task.retried,
      task.updateTime,
      task.scheduledTime,
      task.startTime,
      task.completionTime,
      task.lastAttemptResult && JSON.stringify(task.lastAttemptResult),
    ];
    db.run(insertTask, execution, ...values, sealOf(values));
  },

  attempts(execution, task) {
    return db
      .all(`SELECT * FROM attempt WHERE ${ofTasks} ORDER BY task, number`, execution, task ?? 0, task ?? lastTask)
      .map((row) => db.read(row, attemptOf));
  },

  usages(execution, { from, to } = { from: 0, to: lastTask }) {
    return db
      .all(
        `SELECT task, number, usage FROM attempt WHERE ${ofTasks} AND usage IS NOT NULL ORDER BY task, number`,
        execution,
        from,
        to,
      )
      .map((row) => ({
        task: Number(row['task']),
        attempt: Number(row['number']),
        usage: JSON.parse(String(row['usage'])) as AttemptUsage,
      }));
  },

  openAttempts(execution) {
    return db
      .all(`SELECT * FROM attempt WHERE execution = ${executionNumber} AND outcome IS NULL`, execution)
      .map((row) => db.read(row, attemptOf));
  },

  saveAttempt(execution, attempt) {
    const values = [
      attempt.task,
      attempt.attempt,
      attempt.name,
      attempt.handle,
      attempt.createTime,
      placeOf(attempt),
      attempt.startTime,
      attempt.mainStartTime,
      attempt.stop?.reason,
      attempt.stop?.time,
      attempt.endTime,
      attempt.outcome && JSON.stringify(attempt.outcome),
      attempt.usage && JSON.stringify(attempt.usage),
    ];
    db.run(insertAttempt, execution, ...values, sealOf(values));
  },
});

/** @throws SealBroken */
export function checkRow(row: Row, columns: readonly string[]): void {
  checkSeal(
    row['seal'],
    columns.map((column) => row[column]),
  );
}

function taskOf(row: Row): TaskRecord {
  checkRow(row, taskColumns);
  const result = text(row['last_attempt_result']);
  return {
    index: Number(row['number']),
    uid: String(row['uid']),
    state: String(row['state']) as TaskState,
    retried: Number(row['retried']),
    updateTime: String(row['update_time']),
    scheduledTime: text(row['scheduled_time']),
    startTime: text(row['start_time']),
    completionTime: text(row['completion_time']),
    lastAttemptResult: result === undefined ? undefined : (JSON.parse(result) as TaskAttemptResult),
  };
}

const placeOf = ({ node, waiting, published }: AttemptRecord): string | undefined => {
  const place = JSON.stringify({ node, waiting, published });
  return place === '{}' ? undefined : place;
};

function attemptOf(row: Row): AttemptRecord {
  checkRow(row, attemptColumns);
  const outcome = text(row['outcome']);
  const reason = text(row['stop_reason']);
  const place = text(row['place']);
  const usage = text(row['usage']);
  return {
    task: Number(row['task']),
    attempt: Number(row['number']),
    name: String(row['name']),
    handle: String(row['handle']),
    createTime: String(row['create_time']),
    ...(place === undefined ? {} : (JSON.parse(place) as Pick<AttemptRecord, 'node' | 'waiting' | 'published'>)),
    startTime: text(row['start_time']),
    mainStartTime: text(row['main_start_time']),
    stop: reason ? { reason: reason as StopReason, time: String(row['stop_time']) } : undefined,
    endTime: text(row['end_time']),
    outcome: outcome === undefined ? undefined : (JSON.parse(outcome) as AttemptOutcome),
    usage: usage === undefined ? undefined : (JSON.parse(usage) as AttemptUsage),
  };
}
