/**
 * Raise this with every change to `schema` or to how its columns are written. A store of another version is rejected.
 */
export const schemaVersion = 9;

/** Marks the database as a localrun store (`PRAGMA application_id`): "lrun". */
export const storeMark = 0x6c72756e;

/**
 * The tables. Resources are stored as sealed JSON. Values to search by, and values that several processes write, have
 * columns of their own. Executions have numbers, so that ten thousand tasks do not repeat a name. SQLite stores these
 * texts as they are, and all of them must fit into the first page, so that a damaged store can get the first page of an
 * empty one. Therefore unnecessary text is removed from them.
 */
export const schema = `
CREATE TABLE job (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  id TEXT NOT NULL,
  project TEXT NOT NULL,
  location TEXT NOT NULL,
  create_time TEXT NOT NULL,
  delete_time TEXT,
  execution_count INTEGER NOT NULL DEFAULT 0,
  policy TEXT,
  resource TEXT NOT NULL
);
-- Has all that a listing chooses and orders by, so that it reads the resources that it gives, and no others.
CREATE INDEX job_by_parent ON job (project, location, id, create_time);
CREATE INDEX doomed_job ON job (delete_time) WHERE delete_time IS NOT NULL;

CREATE TABLE execution (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  id TEXT NOT NULL,
  project TEXT NOT NULL,
  location TEXT NOT NULL,
  job TEXT NOT NULL REFERENCES job (name) ON DELETE CASCADE,
  create_time TEXT NOT NULL,
  start_time TEXT,
  completion_time TEXT,
  cancel_time TEXT,
  delete_time TEXT,
  owner TEXT,
  pid INTEGER,
  process_start TEXT,
  heartbeat REAL,
  log_bytes INTEGER,
  engine TEXT,
  images TEXT,
  settings TEXT NOT NULL,
  resource TEXT NOT NULL,
  UNIQUE (project, location, id)
);
-- As job_by_parent.
CREATE INDEX execution_by_job ON execution (job, create_time, project, location, start_time);
CREATE INDEX open_execution ON execution (completion_time) WHERE completion_time IS NULL;
CREATE INDEX doomed_execution ON execution (delete_time) WHERE delete_time IS NOT NULL;
CREATE INDEX unmeasured_logs ON execution (completion_time) WHERE completion_time IS NOT NULL AND log_bytes IS NULL;
CREATE INDEX measured_logs ON execution (completion_time, log_bytes) WHERE log_bytes > 0;

-- Deleted jobs and executions, which can be seen until they expire. Their names are free for new ones.
CREATE TABLE tombstone (
  kind TEXT NOT NULL,
  number INTEGER NOT NULL,
  id TEXT NOT NULL,
  project TEXT NOT NULL,
  location TEXT NOT NULL,
  job TEXT NOT NULL,
  job_number INTEGER NOT NULL,
  create_time TEXT NOT NULL,
  start_time TEXT,
  expire_time TEXT NOT NULL,
  resource TEXT NOT NULL,
  PRIMARY KEY (kind, number)
) WITHOUT ROWID;
CREATE INDEX tombstone_by_id ON tombstone (kind, project, location, id);
CREATE INDEX tombstone_by_job ON tombstone (job_number, create_time);
CREATE INDEX expiring_tombstone ON tombstone (expire_time);

-- Requests that may take their time. Their state is that of their resource, with which they go.
CREATE TABLE operation (
  number INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  method TEXT NOT NULL,
  kind TEXT NOT NULL,
  resource_number INTEGER NOT NULL,
  seal INTEGER NOT NULL
);
CREATE INDEX operation_by_resource ON operation (kind, resource_number);

CREATE TABLE task (
  execution INTEGER NOT NULL REFERENCES execution (number) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  uid TEXT NOT NULL,
  state TEXT NOT NULL,
  retried INTEGER NOT NULL,
  update_time TEXT NOT NULL,
  scheduled_time TEXT,
  start_time TEXT,
  completion_time TEXT,
  last_attempt_result TEXT,
  seal INTEGER NOT NULL,
  PRIMARY KEY (execution, number)
) WITHOUT ROWID;
CREATE INDEX task_by_state ON task (execution, state, retried DESC, number);

CREATE TABLE attempt (
  execution INTEGER NOT NULL REFERENCES execution (number) ON DELETE CASCADE,
  task INTEGER NOT NULL,
  number INTEGER NOT NULL,
  name TEXT NOT NULL,
  handle TEXT NOT NULL,
  create_time TEXT NOT NULL,
  place TEXT,
  start_time TEXT,
  main_start_time TEXT,
  stop_reason TEXT,
  stop_time TEXT,
  end_time TEXT,
  outcome TEXT,
  usage TEXT,
  seal INTEGER NOT NULL,
  PRIMARY KEY (execution, task, number)
) WITHOUT ROWID;
CREATE INDEX open_attempt ON attempt (execution) WHERE outcome IS NULL;
`
  .replaceAll(/^--.*\n/gm, '')
  .replaceAll(/\n */g, ' ')
  .replaceAll(/(?<=[,(]) | (?=\))/g, '');
