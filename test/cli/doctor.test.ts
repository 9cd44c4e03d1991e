import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'libsql';
import { expect, test } from 'vitest';
import { defaultSettings } from '../../src/model/local/settings.js';
import type { Check } from '../../src/service/doctor/check.js';
import { openStore } from '../../src/store/sqlite.js';
import { cli } from '../support/io.js';
import { someExecution, someJob, someTask } from '../support/jobs.js';

const engineless = { LOCALRUN_DOCKER: '/nonexistent/docker' };

/** A store with an execution that a process runs, and its first page overwritten. */
function damagedStore(home: string): void {
  const store = openStore(home);
  const job = someJob();
  const execution = someExecution(job);
  store.saveJob(job);
  store.createExecution(execution, defaultSettings);
  store.saveTask(execution.name, someTask(0));
  store.acquireLease(execution.name, { token: 't', pid: 4711, processStart: 's' }, Date.now(), () => true);
  store.close();
  const file = path.join(home, 'localrun.db');
  new Database(file).exec('PRAGMA wal_checkpoint(TRUNCATE)');
  writeFileSync(file, readFileSync(file).fill(0x55, 0, 2000));
}

const storeCheck = (stdout: string): Check | undefined =>
  (JSON.parse(stdout) as Check[]).find(({ name }) => name === 'store');

test('a damaged store in which an execution still runs stays as it is', async () => {
  const { home, run } = cli({ env: engineless, alive: true });
  damagedStore(home);
  const before = readFileSync(path.join(home, 'localrun.db'));
  const { code, stdout } = await run('doctor --fix --format json');
  expect(code).toBe(1);
  expect(storeCheck(stdout)).toMatchObject({ state: 'problem', fix: expect.stringContaining('end these') as string });
  expect(storeCheck(stdout)?.found).toContain('is in use, by [nightly-x7k2p], process 4711.');
  expect(readFileSync(path.join(home, 'localrun.db'))).toEqual(before);
  expect(readdirSync(home).filter((file) => /damaged|salvage/.test(file))).toEqual([]);
});

test('one whose processes are gone is replaced, with all that it held', async () => {
  const { home, run } = cli({ env: engineless, alive: false });
  damagedStore(home);
  const { stdout } = await run('doctor --fix --format json');
  expect(storeCheck(stdout)).toMatchObject({ state: 'ok' });
  expect(storeCheck(stdout)?.done).toMatch(/; saved 1 job, 1 execution, 1 task; lost nothing that is known of$/);
  const store = openStore(home);
  expect(store.openExecutions()).toHaveLength(1);
  store.close();
});

test.each([
  [1, 'an older'],
  [99, 'a newer'],
])('a store of version %s is refused in one line, and left alone', async (version, which) => {
  const { home, run } = cli({ env: engineless });
  openStore(home).close();
  const file = path.join(home, 'localrun.db');
  new Database(file).exec(`PRAGMA user_version = ${version}`);
  const { code, stderr } = await run('jobs list');
  expect(code).toBe(1);
  expect(stderr.split('\n')[0]).toBe(
    `ERROR: (localrun.jobs.list) FAILED_PRECONDITION: The store ${file} was written by ${which} version of localrun.`,
  );
  const { stdout } = await run('doctor --fix --format json');
  expect(storeCheck(stdout)).toMatchObject({ state: 'problem', found: expect.stringContaining(which) as string });
  expect(readdirSync(home).filter((name) => name.includes('damaged'))).toEqual([]);
});
