import path from 'node:path';
import Database from 'libsql';
import { expect, test } from 'vitest';
import { completed } from '../../../src/model/execution.js';
import { defaultSettings } from '../../../src/model/local/settings.js';
import { migrations } from '../../../src/store/schema.js';
import { openStore } from '../../../src/store/sqlite.js';
import { someExecution, someJob, someTime } from '../../support/jobs.js';
import { tempDirectory } from '../../support/temp.js';

test('a store of any older version keeps what is in it, and gets what it lacks', () => {
  for (let version = 1; version < migrations.length; version++) {
    const home = tempDirectory();
    const db = new Database(path.join(home, 'localrun.db'));
    for (const step of migrations.slice(0, version)) db.exec(step);
    const execution = completed(someExecution(someJob()), { cancelled: false, time: someTime }, someTime);
    db.prepare('INSERT INTO job (name, project, location, create_time, resource) VALUES (?, ?, ?, ?, ?)').run([
      ...[someJob().name, 'p', 'us-central1', someTime, JSON.stringify(someJob())],
    ]);
    db.prepare(
      'INSERT INTO execution (name, id, project, location, job, create_time, completion_time, settings, resource) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
    ).run([
      ...[execution.name, 'nightly-x7k2p', 'p', 'us-central1', someJob().name, someTime, someTime],
      ...[JSON.stringify(defaultSettings), JSON.stringify(execution)],
    ]);
    db.exec(`PRAGMA user_version = ${version}`);
    db.close();
    for (const _ of ['first', 'second']) {
      const store = openStore(home);
      expect(store.execution(execution.name)).toEqual(execution);
      expect(store.unmeasuredLogs()).toEqual([execution.name]);
      store.close();
    }
  }
});
