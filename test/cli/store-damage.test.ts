import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import Database from 'libsql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStore } from '../../src/store/sqlite.js';
import { someExecution, someJob, someTask } from '../support/jobs.js';
import { main } from '../../src/main.js';
import { testIo } from '../support/io.js';
import { tempDirectory } from '../support/temp.js';
import { defaultSettings } from '../../src/model/local/settings.js';
import { executionName, jobName } from '../../src/model/names.js';
import type { Job } from '../../src/model/schema/job.js';

const parts = ['localrun.db', 'localrun.db-wal', 'localrun.db-shm'] as const;
/** How many places of a file are damaged, one after the other. */
const places = Array.from({ length: Number(process.env['LOCALRUN_PLACES'] ?? 3) }, (_, place) => place);
const parent = { project: 'p', location: 'us-central1' };

const commands = [
  'jobs list',
  'jobs describe job17',
  'jobs describe nobody',
  'jobs executions list',
  'jobs executions describe none-x',
  'jobs executions tasks list --execution job28-x',
];

type Answer = { code: number; out: string; err: string };

/** Thirty jobs, an execution of each with five tasks; ended ones, so that nobody has to run them. */
function fill(home: string): void {
  const store = openStore(home);
  for (let number = 0; number < 30; number++) {
    const job: Job = { ...someJob(), name: jobName(parent, `job${number}`) };
    store.saveJob(job);
    const name = executionName(job.name, `job${number}-x`);
    const execution = { ...someExecution(job), name, completionTime: '2026-11-23T12:00:05.000000Z' };
    store.createExecution(execution, defaultSettings);
    store.saveExecution(execution);
    for (let task = 0; task < 5; task++) store.saveTask(name, { ...someTask(task), state: 'Succeeded' });
  }
  store.close();
}

async function run(home: string, command: string): Promise<Answer> {
  const io = testIo(home, { env: { LOCALRUN_DOCKER: '/nonexistent/docker' } });
  const code = await main([...command.split(' '), '--format=json'], io);
  return { code, out: io.stdout(), err: io.stderr() };
}

/** The same noise at every run. */
function noise(length: number, seed: number): Buffer {
  let state = seed + 1;
  return Buffer.from(Array.from({ length }, () => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) >>> 24));
}

/** Every command tells the truth, or says what is wrong with which file and what to do about it. */
async function expectHonest(home: string, truth: ReadonlyMap<string, Answer>): Promise<number> {
  let refusals = 0;
  for (const command of commands) {
    const answer = await run(home, command);
    if (JSON.stringify(answer) === JSON.stringify(truth.get(command))) continue;
    refusals++;
    expect(answer).toMatchObject({ code: 1, out: '' });
    expect(answer.err).toMatch(
      /^ERROR: \(localrun\S+\) The store \S+localrun\.db is damaged: .+\.\nTry: localrun doctor --fix.*\n$/,
    );
  }
  return refusals;
}

const answers = async (home: string): Promise<Map<string, Answer>> => {
  const found = new Map<string, Answer>();
  for (const command of commands) found.set(command, await run(home, command));
  return found;
};

/** A new state directory with the files of a store. */
function copyOf(files: string): string {
  const home = tempDirectory();
  copyParts(files, home);
  return home;
}

function copyParts(from: string, to: string): void {
  for (const part of parts) {
    if (existsSync(path.join(from, part))) copyFileSync(path.join(from, part), path.join(to, part));
  }
}

const stores = mkdtempSync(path.join(os.tmpdir(), 'localrun-test-'));
/** What commands leave behind. */
const closed = path.join(stores, 'closed');
/** What a process leaves that was killed: all of its work is in the log. */
const killed = path.join(stores, 'killed');

beforeAll(() => {
  const [work, live] = [path.join(stores, 'work'), path.join(stores, 'live')];
  for (const directory of [work, closed, live, killed]) mkdirSync(directory, { mode: 0o700 });
  fill(work);
  new Database(path.join(work, parts[0])).exec('PRAGMA wal_checkpoint(TRUNCATE)');
  copyFileSync(path.join(work, parts[0]), path.join(closed, parts[0]));
  openStore(live).close();
  const keeper = openStore(live);
  fill(live);
  copyParts(live, killed);
  keeper.close();
});
afterAll(() => rmSync(stores, { recursive: true }));

const sizeOf = (file: string): number => statSync(file).size;

/** Damages a copy of a store at every place, and returns how many commands refused to answer. */
async function tryAll(files: string, damage: (home: string, place: number) => void): Promise<number[]> {
  const truth = await answers(copyOf(files));
  expect([...truth.values()].map(({ code }) => code)).toEqual(
    commands.map((command) => (/no(body|ne)/.test(command) ? 1 : 0)),
  );
  const refusals: number[] = [];
  for (const place of places) {
    const home = copyOf(files);
    damage(home, place);
    refusals.push(await expectHonest(home, truth));
  }
  return refusals;
}

const overwrite = (file: string, length: number, place: number): void => {
  const content = readFileSync(file);
  noise(length, place).copy(content, Math.floor((place * (content.length - length)) / (places.length - 1)));
  writeFileSync(file, content);
};

const cut = (file: string, place: number): void =>
  truncateSync(file, Math.floor((place * sizeOf(file)) / places.length));

const all = commands.length;

describe('no command answers wrongly, and the file is named,', () => {
  test.each([16, 300, 5000])('when %s bytes of noise are anywhere in the store', async (length) => {
    const refusals = await tryAll(closed, (home, place) => overwrite(path.join(home, parts[0]), length, place));
    expect(refusals.filter((count) => count > 0).length).toBeGreaterThan(places.length * (length < 300 ? 0.35 : 0.45));
  });

  test('when the store ends too early', async () => {
    const refusals = await tryAll(closed, (home, place) => cut(path.join(home, parts[0]), place));
    expect(refusals).toEqual(places.map(() => all));
  });

  test.each([16, 5000])('when %s bytes of noise are anywhere in the log of a killed process', async (length) => {
    const refusals = await tryAll(killed, (home, place) => overwrite(path.join(home, parts[1]), length, place));
    expect(refusals).toEqual(places.map(() => all));
  });

  test('when the log of a killed process ends too early', async () => {
    const refusals = await tryAll(killed, (home, place) => cut(path.join(home, parts[1]), place));
    expect(refusals).toEqual(places.map(() => all));
  });
});

/** What the new store has of the damaged one is as it was. */
async function expectSalvaged(files: string, damage: (home: string, place: number) => void): Promise<number[]> {
  const truth = JSON.parse((await run(copyOf(files), 'jobs executions list')).out) as { name: string }[];
  const saved: number[] = [];
  for (const place of places) {
    const home = copyOf(files);
    damage(home, place);
    const damagedFile = readFileSync(path.join(home, parts[0]));
    const { err } = await run(home, 'doctor --fix');
    expect(err).toBe('');
    const { code, out } = await run(home, 'jobs executions list');
    expect(code).toBe(0);
    const found = JSON.parse(out) as { name: string }[];
    for (const execution of found) expect(truth).toContainEqual(execution);
    for (const command of commands) expect((await run(home, command)).err).not.toContain('damaged');
    const aside = readdirSync(home).filter((file) => /^localrun\.db\.damaged-\w+$/.test(file));
    // Where nothing was wrong with what commands read, the store may have been left as it was.
    expect(aside.map((file) => readFileSync(path.join(home, file)))).toEqual(aside.map(() => damagedFile));
    saved.push(found.length);
  }
  return saved;
}

describe('`doctor --fix` saves what can be read', () => {
  test('of a store with 300 bytes of noise anywhere', async () => {
    const saved = await expectSalvaged(closed, (home, place) => overwrite(path.join(home, parts[0]), 300, place));
    // A record is lost at most where the noise hits one, not what is around it; but all that is found by way of a page.
    expect(saved.filter((count) => count < 15).length).toBeLessThanOrEqual(1);
    expect(saved.reduce((sum, count) => sum + count)).toBeGreaterThan(places.length * 25);
  });

  test('of a store that ends too early: the more, the later', async () => {
    const saved = await expectSalvaged(closed, (home, place) => cut(path.join(home, parts[0]), place));
    expect(saved[0]).toBe(0);
    expect(saved.at(-1)).toBeGreaterThan(8);
  });

  test('of a store whose log is noise: what was in the store before', async () => {
    const saved = await expectSalvaged(killed, (home, place) => overwrite(path.join(home, parts[1]), 300, place));
    expect(saved.at(-1)).toBeGreaterThan(15);
  });
});

test('what a killed process leaves of a sound store is no damage', async () => {
  expect(sizeOf(path.join(killed, parts[1]))).toBeGreaterThan(100_000);
  // It was in the middle of a transaction.
  const home = copyOf(killed);
  writeFileSync(path.join(home, parts[1]), Buffer.concat([readFileSync(path.join(home, parts[1])), noise(1000, 1)]));
  expect(await answers(home)).toEqual(await answers(copyOf(killed)));
});
