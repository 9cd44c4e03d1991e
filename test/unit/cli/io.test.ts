import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import os from 'node:os';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { output, systemIo } from '../../../src/cli/io.js';

interface FakeStream extends EventEmitter {
  isTTY: boolean;
  columns?: number;
  rows?: number;
  written: string;
}

function stream(isTTY: boolean): FakeStream & NodeJS.WriteStream {
  const fake = Object.assign(new EventEmitter(), { isTTY, written: '' });
  return Object.assign(fake, {
    write: (text: string) => void (fake.written += text),
  }) as unknown as FakeStream & NodeJS.WriteStream;
}

describe('colour', () => {
  test.each<[isTTY: boolean, env: Record<string, string>, colored: boolean]>([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
    [false, { FORCE_COLOR: '1' }, true],
    [false, { FORCE_COLOR: '' }, true],
    [false, { FORCE_COLOR: '3', NO_COLOR: '1' }, true],
    [true, { FORCE_COLOR: '0' }, false],
    [true, { CI: 'true' }, true],
    [false, { CI: 'true' }, false],
  ])('terminal %s, %j: %s', (isTTY, env, colored) => {
    expect(output(stream(isTTY), env).chalk.red('x')).toBe(colored ? '\u{1b}[31mx\u{1b}[39m' : 'x');
  });
});

test.each<[env: Record<string, string>, unicode: boolean]>([
  [{}, true],
  [{ LC_ALL: 'C' }, false],
  [{ LC_ALL: 'POSIX', LANG: 'en_US.UTF-8' }, false],
  [{ LC_CTYPE: 'C', LANG: 'en_US.UTF-8' }, false],
  [{ LC_ALL: '', LANG: 'C' }, false],
  [{ LANG: 'C.UTF-8' }, true],
  [{ LANG: 'de_DE.utf8@euro' }, true],
  [{ LANG: 'de_DE' }, true],
  [{ LANG: 'de_DE.ISO-8859-1' }, false],
])('in the locale %j more than ASCII is shown: %s', (env, unicode) => {
  expect(output(stream(true), env).unicode).toBe(unicode);
});

describe('an output', () => {
  test('knows the size of its terminal, as it is at the time', () => {
    const fake = stream(true);
    const out = output(fake, {});
    expect([out.columns, out.rows]).toEqual([80, 24]);
    let resized = 0;
    const ignore = out.onResize(() => resized++);
    Object.assign(fake, { columns: 120, rows: 50 });
    fake.emit('resize');
    expect([out.columns, out.rows, resized]).toEqual([120, 50, 1]);
    ignore();
    fake.emit('resize');
    expect(resized).toBe(1);
  });

  test('writes nothing more to a reader that has gone, and goes on', () => {
    const fake = stream(false);
    const out = output(fake, {});
    out.write('one');
    fake.emit('error', Object.assign(new Error('gone'), { code: 'EPIPE' }));
    out.write('two');
    expect(fake.written).toBe('one');
  });

  test('goes on when the disk is full, which is reported once', () => {
    const fake = stream(false);
    const failures: string[] = [];
    const out = output(fake, {}, ({ message }) => failures.push(message));
    for (const message of ['disk full', 'destroyed']) fake.emit('error', new Error(message));
    out.write('one');
    expect(fake.written).toBe('');
    expect(failures).toEqual(['disk full']);
  });
});

test('files of this user and of root count', () => {
  expect(systemIo().trusted?.slice(0, 2)).toEqual([0, os.userInfo().uid]);
});

test('a process is found by a variable in its environment, and ended with its group', async () => {
  const { processes } = systemIo();
  const variable = `LOCALRUN_TEST_${process.pid}`;
  const env = { ...process.env, [variable]: 'some value' };
  const child = spawn('sh', ['-c', 'sleep 60; true', 'name of it'], { env, detached: true, stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = new Promise((resolve) => child.on('exit', resolve));
  const found = () => processes.marked(variable);
  await expect.poll(() => found().length).toBe(2);
  expect(found().every(({ value }) => value === 'some value')).toBe(true);
  expect(found().find(({ pid }) => pid === child.pid)?.command).toContain('name of it');
  processes.end(child.pid ?? 0);
  await ended;
  await expect.poll(found).toEqual([]);
  expect(() => processes.end(child.pid ?? 0)).not.toThrow();
});

describe('who holds a lease', () => {
  const io = systemIo();
  const own = { ...io.owner, heartbeat: Date.now() };
  const [boot, since] = own.processStart.split('/');
  afterEach(() => void vi.useRealTimers());

  test('is alive as long as its process is, whatever the last sign of life says', () => {
    expect(io.alive({ ...own, heartbeat: 0 })).toBe(true);
  });

  test('is not alive if another process has its number now', () => {
    expect(io.alive({ ...own, processStart: `${boot}/${Number(since) - 1}` })).toBe(false);
  });

  test.runIf(existsSync('/proc/self/stat'))('is not alive as a zombie', async () => {
    const parent = spawn('sh', ['-c', 'sleep 0.1 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
    onTestFinished(() => void parent.kill());
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    const stat = (): string[] =>
      readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
    const lease = { token: 't', pid, processStart: `${boot}/${stat()[19]}`, heartbeat: Date.now() };
    expect(io.alive(lease)).toBe(true);
    await expect.poll(() => stat()[0]).toBe('Z');
    expect(io.alive(lease)).toBe(false);
  });

  const [bootId] = boot?.split(' ') ?? [];
  test.each([
    ['another boot of the machine', 'another-boot pid:[4026531836]'],
    ['another PID namespace', `${bootId} pid:[1]`],
  ])('counts by the last sign of life if it is a process of %s', (_, space) => {
    const lease = { ...own, processStart: `${space}/${since}` };
    expect(io.alive(lease)).toBe(true);
    expect(io.alive({ ...lease, heartbeat: Date.now() - 30_000 })).toBe(false);
  });

  test.each([
    ['30 s less a bit ago', -29_999, true],
    ['30 s ago', -30_000, false],
    ['in less than 30 s, by a clock that was put back since', 29_999, true],
    ['in 30 s', 30_000, false],
  ])('before the machine was started anew counts by its last sign of life: %s', (_, ago, alive) => {
    vi.useFakeTimers({ toFake: ['Date'] });
    // That number is ours today, which says nothing.
    const lease = { ...own, processStart: `another-boot/${since}`, heartbeat: Date.now() + ago };
    expect(io.alive(lease)).toBe(alive);
  });
});
