import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, ftruncateSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { completionStatus } from '../../src/model/execution.js';
import type { Check } from '../../src/service/doctor/check.js';
import { type Result, until } from '../support/cli.js';
import { type Home, test } from '../support/home.js';
import { ServerProcess } from '../support/server-process.js';

/** Lets `work` happen while something is mounted; the tests run as root. */
async function mounted(target: string, options: readonly string[], work: () => Promise<void>): Promise<void> {
  if (!existsSync(target)) mkdirSync(target, { recursive: true });
  execFileSync('mount', [...options, target]);
  try {
    await work();
  } finally {
    execFileSync('umount', ['--lazy', target]);
  }
}

const remount = (target: string, option: string): void =>
  void execFileSync('mount', ['-o', `remount,${option}`, target]);

/**
 * Fills a disk but for `spare` bytes; returns how to free it again. It is filled until it is full, not by what `df`
 * says is free: what runs meanwhile writes, too.
 */
function fill(directory: string, spare: number): () => void {
  const ballast = path.join(directory, 'ballast');
  const file = openSync(ballast, 'w');
  let size = 0;
  try {
    for (const block = Buffer.alloc(4096); ;) size += writeSync(file, block);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
  ftruncateSync(file, size - spare);
  closeSync(file);
  return () => rmSync(ballast);
}

/** One line of what is wrong, and one of what to do; never a stack. */
const oneLine = (what: RegExp): RegExp => new RegExp(String.raw`^ERROR: \(localrun\S+\) ${what.source}\nTry: .+\n$`);
const readOnly = /The store \S+localrun\.db cannot be written: the file or its directory is read-only\./;
const noSpace = /No space is left on the disk of \S+localrun\.db\./;

/** As a process, which leaves no file of the mounted disk open. */
const localrun = (home: Home, ...args: string[]): Promise<Result> => home.start(args).ended;

const create = (home: Home, name: string): Promise<Result> =>
  localrun(home, 'jobs', 'create', '-f', home.script(name, 'echo ran'));

/** Reads give what they gave; a write says why not. */
async function expectReadable(home: Home, truth: string, why: RegExp): Promise<void> {
  expect(await localrun(home, 'jobs', 'list')).toMatchObject({ exitCode: 0, stdout: truth });
  expect((await localrun(home, 'jobs', 'describe', 'first')).stdout).toContain('Job first ');
  const { exitCode, stdout, stderr } = await create(home, 'second');
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
  expect(stderr.replace(/^Creating [^]*?(?=ERROR)/, '')).toMatch(oneLine(why));
  expect(await localrun(home, 'jobs', 'list')).toMatchObject({ exitCode: 0, stdout: truth });
}

test('a store on a disk that is read-only, or full, is read', async ({ home }) => {
  await mounted(home.directory, ['-t', 'tmpfs', '-o', 'size=1m,mode=700', 'tmpfs'], async () => {
    expect((await create(home, 'first')).exitCode).toBe(0);
    const { stdout: truth } = await localrun(home, 'jobs', 'list');
    expect(truth).toContain('first');
    remount(home.directory, 'ro');
    await expectReadable(home, truth, readOnly);
    remount(home.directory, 'rw');
    const free = fill(home.directory, 0);
    await expectReadable(home, truth, noSpace);
    free();
    expect((await create(home, 'second')).exitCode).toBe(0);
  });
});

test('a server on a disk that is read-only, or full, answers reads, and says of writes why not', async ({ home }) => {
  await mounted(home.directory, ['-t', 'tmpfs', '-o', 'size=1m,mode=700', 'tmpfs'], async () => {
    expect((await create(home, 'first')).exitCode).toBe(0);
    const refused = (message: RegExp): object => ({
      status: 503,
      body: { error: { code: 503, status: 'UNAVAILABLE', message: expect.stringMatching(message) as string } },
    });
    const write = (server: ServerProcess): ReturnType<ServerProcess['ask']> =>
      server.ask('PATCH', 'jobs/first', { template: { template: { containers: [{ image: 'other' }] } } });
    const reads = async (server: ServerProcess): Promise<unknown[]> => [
      await server.ok('GET', 'jobs'),
      await server.ok('GET', 'jobs/first'),
      await server.ok('GET', 'jobs/first/executions'),
    ];
    remount(home.directory, 'ro');
    const reader = await ServerProcess.start(home);
    const truth = await reads(reader);
    expect(truth).toMatchObject([{ jobs: [{}] }, { generation: '1' }, {}]);
    expect(await write(reader)).toMatchObject(refused(readOnly));
    expect(await reads(reader)).toEqual(truth);
    reader.command.kill('SIGTERM');
    await reader.command.ended;
    remount(home.directory, 'rw');

    const server = await ServerProcess.start(home);
    const free = fill(home.directory, 0);
    const answer = await until(async () => {
      const answered = await write(server);
      return answered.status !== 200 && answered;
    });
    expect(answer).toMatchObject(refused(noSpace));
    expect(await reads(server)).toHaveLength(3);
    free();
    expect(await write(server)).toMatchObject({ status: 200 });
    server.command.kill('SIGTERM');
    expect((await server.command.ended).stderr).not.toMatch(/mistake|\n {4}at /);
  });
});

test('a store whose file alone is read-only is read', async ({ home }) => {
  expect((await create(home, 'first')).exitCode).toBe(0);
  const { stdout: truth } = await localrun(home, 'jobs', 'list');
  const file = path.join(home.directory, 'localrun.db');
  await mounted(file, ['--bind', file], async () => {
    remount(file, 'ro,bind');
    await expectReadable(home, truth, readOnly);
  });
});

/** What the doctor says, by what it has looked at, and with what exit code. */
async function doctor(home: Home, ...args: string[]): Promise<{ code: number | null; of: Map<string, Check> }> {
  const { exitCode, stdout } = await localrun(home, 'doctor', '--format=json', ...args);
  return { code: exitCode, of: new Map((JSON.parse(stdout) as Check[]).map((check) => [check.name, check])) };
}

test('the doctor tells of a state directory that is read-only, and of a disk that is nearly full', async ({ home }) => {
  await mounted(home.directory, ['-t', 'tmpfs', '-o', 'size=64m,mode=700', 'tmpfs'], async () => {
    expect((await create(home, 'first')).exitCode).toBe(0);
    const little = await doctor(home);
    expect(little.code).toBe(0);
    expect(little.of.get('state disk')).toEqual({
      ...{ name: 'state disk', state: 'warning', fix: 'free some space' },
      found: expect.stringMatching(/^\S+: 6\d MiB free$/) as string,
    });
    expect(little.of.get('state directory')).toMatchObject({ state: 'ok', found: home.directory });
    const free = fill(home.directory, 16 * 1024 ** 2);
    const tooLittle = await doctor(home);
    expect(tooLittle.code).toBe(1);
    expect(tooLittle.of.get('state disk')).toMatchObject({
      state: 'problem',
      found: expect.stringMatching(/: 1\d MiB free$/) as string,
    });
    free();

    remount(home.directory, 'ro');
    const below = await home.run(['jobs', 'list'], { env: { LOCALRUN_HOME: `${home.directory}/below` } });
    expect(below.stderr).toMatch(
      oneLine(/The state directory \S+ cannot be made: \S+ is on a disk that is read-only\./),
    );
    for (const args of [[], ['--fix']]) {
      const { code, of } = await doctor(home, ...args);
      expect(code).toBe(1);
      expect(of.get('state directory')).toEqual({
        ...{ name: 'state directory', state: 'problem' },
        found: `${home.directory} cannot be used: ${home.directory} is on a disk that is read-only`,
        fix: 'make it a directory that you may write to, or name another one in LOCALRUN_HOME',
      });
      expect(of.get('store')).toMatchObject({
        state: 'problem',
        found: expect.stringMatching(/: 1 job, 0 executions, whole, and cannot be written$/) as string,
        fix: 'see the disk and its permissions',
      });
      for (const name of ['executions', 'engine orphans', 'directory orphans']) expect(of.get(name)?.state).toBe('ok');
    }
    remount(home.directory, 'rw');
    expect((await doctor(home)).of.get('store')?.state).toBe('ok');
  });
});

test('an execution whose store has no space left is resumed once there is some', async ({ home }) => {
  home.events();
  await mounted(home.directory, ['-t', 'tmpfs', '-o', 'size=1m,mode=700', 'tmpfs'], async () => {
    const spec = { taskCount: 8, parallelism: 2 };
    const command = home.start(['jobs', 'run', '-f', home.script('crowded', 'sleep 1; echo ran', spec)]);
    const id = await command.execution();
    await home.events().started(1);
    const free = fill(home.directory, 0);
    const { exitCode, stderr } = await command.ended;
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/\nERROR: \(localrun\.jobs\.run\) No space is left on the disk of .+\n/);
    expect(stderr).not.toMatch(/mistake|\n {4}at /);
    free();
    const next = await localrun(home, 'jobs', 'list');
    expect(next.stderr).toContain(`Execution [${id}] was orphaned; `);
    const execution = await home.completed(id);
    expect(completionStatus(execution)).toBe('EXECUTION_SUCCEEDED');
    expect(execution).toMatchObject({ succeededCount: 8 });
    expect(new Set(await home.events().starts(id)).size).toBe(8);
    expect(await home.events().starts(id)).toHaveLength(8);
    for (let task = 0; task < 8; task++) expect(home.log(id, task)).toEqual(['ran']);
  });
});

test('logs whose disk is full are whole once there is space', async ({ home }) => {
  const lines = 2000;
  const logs = path.join(home.directory, 'logs');
  await mounted(logs, ['-t', 'tmpfs', '-o', 'size=1m,mode=700', 'tmpfs'], async () => {
    const free = fill(logs, 32 * 1024);
    const script = `i=0; while [ $i -lt ${lines} ]; do echo "line $i of a log that is longer than the disk has room for"; i=$((i+1)); done`;
    const command = home.start(['jobs', 'run', '-f', home.script('talkative', script)]);
    const id = await command.execution();
    await until(
      () => execFileSync('df', ['--output=avail', logs], { encoding: 'utf8' }).split('\n')[1]?.trim() === '0',
    );
    free();
    const { exitCode, stderr } = await command.ended;
    expect(exitCode, stderr).toBe(0);
    expect(completionStatus(await home.completed(id))).toBe('EXECUTION_SUCCEEDED');
    expect(home.log(id)).toEqual(
      Array.from({ length: lines }, (_, i) => `line ${i} of a log that is longer than the disk has room for`),
    );
  });
});
