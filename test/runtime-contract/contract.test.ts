import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RuntimeAvailability } from '../../src/engine/availability.js';
import type { EndedAttempt, EndedContainer } from '../../src/model/attempt.js';
import {
  type AttemptContainer,
  type AttemptRuntime,
  type AttemptSession,
  type Capabilities,
  ImageUnavailable,
} from '../../src/runtime/port.js';
import { until } from '../support/cli.js';
import { deadSupervisor } from './dead-supervisor.js';
import { Observer } from './observer.js';
import { everyByte, lines, longLine, type Program, programs } from './programs.js';
import { runtimes, type Subject } from './runtimes.js';
import {
  attempt,
  container,
  type Counter,
  counted,
  runsDirectory,
  scopeOf,
  secretValue,
  start,
  type Started,
} from './scenario.js';
import { attemptAt, points } from './supervisor.js';

// The promises of src/runtime/port.ts: the same cases for every runtime in runtimes.ts.

const name = (process.env['RUNTIME_UNDER_TEST'] ?? 'memory') as keyof typeof runtimes;
const subject: Subject = runtimes[name];
const { without } = subject;
const newHome = (): string => mkdtempSync(path.join(os.tmpdir(), 'localrun-test-'));
const homes = { here: newHome(), elsewhere: newHome(), left: newHome(), outage: newHome() };
const home = homes.here;
const opened: AttemptRuntime[] = [];
const noSignal = new AbortController().signal;

let runtime: AttemptRuntime;
let session: AttemptSession;
let image: string;
let lacks: Capabilities['lacks'];
let tasks = 0;

/** Random, because all users of a container engine share its names. */
const suffix = (): string => Math.random().toString(36).slice(2, 7).padEnd(5, '0');

/** The runtime, as another process opens it. */
function anotherRuntime(of = home): AttemptRuntime {
  const another = subject.open(of);
  opened.push(another);
  return another;
}

beforeAll(async () => {
  runtime = anotherRuntime();
  ({ lacks } = await runtime.capabilities());
  session = await runtime.open(scopeOf(home, suffix()));
  const [found] = await session.prepare([subject.image], noSignal, () => {});
  image = found?.id ?? '';
});

afterAll(async () => {
  await session.sweep([]);
  const left = Object.values(homes).map((owner) => runtime.list({ home: owner }));
  for (const remnants of await Promise.all(left)) await runtime.discard(remnants);
  for (const each of opened) each.close();
  for (const directory of Object.values(homes)) rmSync(directory, { recursive: true });
});

const main = (program: Program, more?: Partial<AttemptContainer>): AttemptContainer => container(image, program, more);
const run = (...containers: AttemptContainer[]): Started => start(session, attempt(tasks++, ...containers));

/** Waits for the end of an attempt, and checks what its sink received by then. */
async function end({ ended, observer }: Pick<Started, 'ended' | 'observer'>): Promise<EndedAttempt> {
  const result = await ended;
  const { status } = result.main;
  const ran =
    status === 'exited' || (status === 'missing' && without.exits !== undefined && observer.starts.length > 0);
  expect(observer.broken).toEqual([]);
  expect(observer.starts.filter((one) => one.main)).toHaveLength(ran ? 1 : 0);
  expect(ran ? observer.log().state : 'complete').toBe('complete');
  expect(spanOf(result.main)).toBeGreaterThanOrEqual(0);
  return result;
}

/** How long a container ran, in ms. */
const spanOf = (ended: EndedAttempt['main']): number =>
  ended.status === 'exited' ? Date.parse(ended.finishedAt) - Date.parse(ended.startedAt) : 0;

const exited = (exitCode: number, more: Partial<EndedContainer> = {}): unknown =>
  expect.objectContaining({ status: 'exited', exitCode, oomKilled: false, ...more });

/** The same for a container that the runtime has stopped. */
const stopped = (exitCode: number): unknown =>
  without.exits === undefined
    ? exited(exitCode)
    : expect.objectContaining({ status: expect.stringMatching(/exited|missing/) });

/** All that the main container wrote, by lines. */
const linesOf = (observer: Observer): string[] =>
  (observer.text() + observer.text(undefined, 'stderr')).split(/(?<=\n)/);

const counter = (of: string): Counter | undefined => (lacks.hostFiles ? undefined : { home, name: of });

/** A line for each run of a program; one line where runs are not counted. */
const runs = (of: string): string =>
  lacks.hostFiles ? 'run\n' : readFileSync(path.join(runsDirectory(home), of), 'utf8');

describe.concurrent('a runtime', () => {
  test('says which one it is, and what it can do', async () => {
    expect(await runtime.identify()).toEqual(await anotherRuntime().identify());
    expect(lacks).toEqual((await anotherRuntime().capabilities()).lacks);
    expect(Array.isArray(await runtime.networks())).toBe(true);
  });

  test('has the images that it says it has, and says which one it has not', async ({ skip }) => {
    skip(without.images !== undefined, without.images);
    const pulled: string[] = [];
    const found = await session.prepare([subject.image, subject.image], noSignal, (reference) =>
      pulled.push(reference),
    );
    expect(found).toEqual([{ reference: subject.image, id: image, pulled: false }, found[0]]);
    const missing = session.prepare([subject.image, 'localrun/nonesuch:1'], noSignal, () => {});
    await expect(missing).rejects.toBeInstanceOf(ImageUnavailable);
    await expect(missing).rejects.toMatchObject({
      reference: 'localrun/nonesuch:1',
      condition: { reason: 'CONTAINER_MISSING' },
    });
    expect(pulled).toEqual([]);
  });
});

describe.concurrent('an attempt', () => {
  test('runs with what it is given, none of which is interpreted, and ends with 0', async () => {
    const env = { A: `'$HOME' $(id) \`id\` $$ \\n "` };
    const args = ['sh', '$A', '$(id) $$', '', '*'];
    const secrets = { B: { secret: 'key', version: 'latest' } };
    const before = Date.now();
    const told = run(main(programs.tell, { env, secrets, args, workingDir: '/tmp' }));
    expect(await end(told)).toMatchObject({ main: exited(0), startedAt: expect.any(String), culprit: undefined });
    expect(told.observer.text().split('\n')).toEqual([env.A, secretValue, ...args.slice(1), '/tmp', '']);
    const [started] = told.observer.starts;
    // The clock may be that of another machine.
    expect(Math.abs((started?.at ?? 0) - before)).toBeLessThan(60_000);
  });

  test('writes to the last byte, in order and with the time of each line, and has its exit code', async () => {
    const merged = without.streams !== undefined;
    const { script } = programs.write;
    const written = run(main({ ...programs.write, ...(merged && { script: `exec 2>&1; ${script}` }) }));
    expect((await end(written)).main).toEqual(exited(3));
    const log = written.observer.log();
    const numbers = Buffer.from(Array.from({ length: lines }, (_, i) => `${i + 1}\n`).join(''));
    const bytes = without.bytes === undefined ? everyByte : Buffer.from(everyByte.toString());
    const others = Buffer.concat([Buffer.alloc(longLine, 'x'), bytes]);
    expect(log.bytes('stdout').equals(merged ? Buffer.concat([numbers, others]) : numbers)).toBe(true);
    expect(log.bytes('stderr').equals(merged ? Buffer.alloc(0) : others)).toBe(true);
    for (const stream of ['stdout', 'stderr'] as const) {
      const times = log.lines(stream).map(({ time }) => time);
      expect(times.every((time) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(time))).toBe(true);
      const at = times.map(Date.parse);
      expect(at.every((time, i) => time >= (at[i - 1] ?? 0))).toBe(true);
    }
  });

  test.for([
    ['whose command is not there', ['/nonesuch'], 127, /nonesuch.*no such file or directory/],
    ['whose command is not in PATH', ['nonesuch'], 127, /nonesuch.*not found in \$PATH/],
    ['whose command cannot be executed', ['/etc'], 126, /\/etc.*(?:permission denied|is a directory)/],
  ] as const)('%s has not started, and says why', async ([, command, exitCode, error]) => {
    const refused = run(main(programs.succeed, { command }));
    const created = { status: 'created', exitCode, error: expect.stringMatching(error) };
    expect((await end(refused)).main).toEqual(created);
    expect(refused.observer.text()).toBe('');
  });

  test('without a value for a secret has not started, and says why', async () => {
    const refused = run(main(programs.succeed, { secrets: { B: { secret: 'other', version: '1' } } }));
    const created = { status: 'created', exitCode: 0, error: 'the secret other is not mapped' };
    expect((await end(refused)).main).toEqual(created);
  });

  test('that dies of a signal ends with 128 and its number', async () => {
    expect((await end(run(main(programs.crash)))).main).toEqual(exited(139));
  });

  test('that needs more memory than it may have says that this was it', async ({ skip }) => {
    skip(without.oom !== undefined, without.oom);
    expect((await end(run(main(programs.gorge)))).main).toEqual(exited(137, { oomKilled: true }));
  });
});

describe.concurrent('the containers of an attempt', () => {
  const probe = { tcpSocket: { port: 8080 }, periodSeconds: 1, failureThreshold: 30 };

  test('start once those are up that they depend on, and end with the main one', async ({ skip }) => {
    skip(lacks.startupOrder !== undefined, lacks.startupOrder);
    const side = main(programs.serve, { name: 'side', probe });
    const both = run(main(programs.ask, { dependsOn: [1] }), side);
    expect(await end(both)).toMatchObject({ main: exited(0), culprit: undefined });
    expect(both.observer.starts.map((one) => one.main)).toEqual([false, true]);
    expect(both.observer.text()).toBe('served\n');
    expect(both.observer.text('side')).toBe('stopped\n');
    expect(both.observer.log('side')).toMatchObject({ state: 'complete' });
  });

  test('end when one of them fails, which is the culprit', async () => {
    const failed = run(main(programs.obey), main(programs.fail, { name: 'side' }));
    const { main: ended, culprit } = await end(failed);
    expect(culprit).toEqual({ container: 'side', failure: 'ended', ended: exited(4) });
    // The main container may be stopped before or after it has started.
    expect(['unstarted', 'exited', ...(without.exits === undefined ? [] : ['missing'])]).toContain(ended.status);
  });

  test('end when one of them does not come up, and the main one never starts', async ({ skip }) => {
    skip(lacks.startupOrder !== undefined, lacks.startupOrder);
    const failing = { ...probe, failureThreshold: 1 };
    const failed = run(
      main(programs.succeed, { dependsOn: [1] }),
      main(programs.obey, { name: 'side', probe: failing }),
    );
    const culprit = { container: 'side', failure: 'probe', probe: 'TCP (port 8080)', failures: 1 };
    expect(await end(failed)).toMatchObject({ main: { status: 'unstarted' }, culprit });
  });
});

describe.concurrent('stopping', () => {
  const isReady = (observer: Observer): boolean => observer.text() === 'ready\n';

  test('is SIGTERM, which a container may handle', async () => {
    const obedient = run(main(programs.obey));
    await obedient.observer.until(isReady);
    expect(await session.hasEnded(obedient.handle)).toBe(false);
    await session.stop(obedient.handle);
    expect((await end(obedient)).main).toEqual(stopped(7));
    expect(obedient.observer.text()).toBe('ready\nbye\n');
    expect(await session.hasEnded(obedient.handle)).toBe(true);
  });

  test('is SIGKILL for what still runs after the grace', async () => {
    const stubborn = run(main(programs.ignore));
    await stubborn.observer.until(isReady);
    const since = performance.now();
    await session.stop(stubborn.handle);
    expect((await end(stubborn)).main).toEqual(stopped(137));
    expect(performance.now() - since).toBeGreaterThan(900);
    // A runtime may send SIGTERM twice.
    expect(stubborn.observer.text()).toMatch(/^ready\n(no\n)+$/);
  });

  test('is SIGKILL at once if it is to be', async ({ skip }) => {
    skip(without.sigkill !== undefined, without.sigkill);
    const killed = run(main(programs.obey));
    await killed.observer.until(isReady);
    await session.kill(killed.handle);
    expect((await end(killed)).main).toEqual(exited(137));
    expect(killed.observer.text()).toBe('ready\n');
  });

  test('does not wait for the grace if it is to be at once', async () => {
    const spec = { ...attempt(tasks++, main(programs.ignore)), graceSeconds: 120 };
    const killed = start(session, spec);
    await killed.observer.until((observer) => observer.text() === 'ready\n');
    const since = performance.now();
    await session.kill(killed.handle);
    expect((await end(killed)).main).toEqual(stopped(137));
    expect(performance.now() - since).toBeLessThan(60_000);
  });

  test('before anything has started starts nothing', async () => {
    const [stopped, killed] = [run(main(programs.obey)), run(main(programs.obey))];
    await Promise.all([session.stop(stopped.handle), session.kill(killed.handle)]);
    for (const unstarted of [stopped, killed]) expect((await end(unstarted)).main).toEqual({ status: 'unstarted' });
  });

  test('a whole execution starts nothing more', async () => {
    const cancelled = await runtime.open(scopeOf(home, suffix(), { cancelled: () => true }));
    const none = start(cancelled, attempt(0, main(programs.obey)));
    expect((await end(none)).main).toEqual({ status: 'unstarted' });
    await cancelled.sweep([]);
  });
});

/** Attempts share nothing. */
const apart = { freshSandbox: true };

describe.concurrent('the place of an attempt', () => {
  const uuid = /^[\da-f-]{36}\n$/;

  test('is taken once: a second start follows the attempt that is there', async () => {
    const id = suffix();
    const begin = async (): Promise<Started> => {
      const process = await anotherRuntime().open(scopeOf(home, id, { settings: apart }));
      return start(process, attempt(0, counted(image, programs.runBriefly, counter('again'))));
    };
    const both = await Promise.all([begin(), begin()]);
    const late = Promise.all(both.map(end)).then(begin);
    const all = [...both, await late];
    const [first, ...others] = await Promise.all(all.map(end));
    expect(first?.main).toEqual(exited(5));
    for (const other of others) expect(other.main).toEqual(first?.main);
    const [{ handle, observer }] = both;
    expect(linesOf(observer)).toHaveLength(2);
    expect(linesOf(observer)).toEqual(expect.arrayContaining(['end\n', expect.stringMatching(uuid)]));
    for (const other of all) {
      expect(other.handle).toBe(handle);
      expect(other.observer.written(undefined)).toEqual(observer.written(undefined));
    }
    expect(runs('again')).toBe('run\n');
  });

  test('is where the next supervisor finds it, however far it was, and nothing runs twice', async () => {
    const id = suffix();
    const places = await deadSupervisor(name, subject, home, id);
    const next = await anotherRuntime().open(scopeOf(home, id, { open: Object.values(places), resumed: true }));
    const recover = (point: (typeof points)[number], observer = new Observer()) => ({
      observer,
      ended: next.recover(places[point], mainStarted.has(point), attemptAt(point, image, counter(point)), observer),
    });
    const mainStarted = new Set<string>(['running', 'ended']);
    const recovered = points.map((point) => ({ point, ...recover(point) }));
    const { observer: running } = recovered[points.indexOf('running')] as (typeof recovered)[number];
    await running.until(() => uuid.test(running.text()) && running.starts.length === 2);
    await next.stop(places.running);
    for (const { point, observer, ended } of recovered) {
      const { main: one } = await end({ observer, ended });
      const said = linesOf(observer);
      expect(said.filter((line) => uuid.test(line))).toHaveLength(1);
      const heard = [...said.filter((line) => !uuid.test(line)), observer.text('side')].join('');
      expect({ point, one, heard, runs: runs(point) }).toEqual({
        ...{ point, runs: 'run\n' },
        ...(point === 'running' ? { one: stopped(7), heard: 'bye\nstopped\n' } : { one: exited(5), heard: 'end\n' }),
      });
    }
    await next.remove(places.ended);
    expect((await end(recover('ended'))).main).toEqual({ status: 'missing' });
    expect(runs('ended')).toBe('run\n');
    await next.sweep([]);
    expect(await runtime.list({ home, execution: scopeOf(home, id).execution.name })).toEqual([]);
  });
});

describe.concurrent('what attempts leave', () => {
  test('is found by its owner, and goes when it is to, but for what is kept', async () => {
    const begin = async (owner: string) => {
      const scope = scopeOf(owner, suffix(), { settings: apart });
      return {
        session: await anotherRuntime(owner).open(scope),
        owner: { home: owner, execution: scope.execution.name },
      };
    };
    const [one, other, third] = await Promise.all([begin(home), begin(home), begin(homes.elsewhere)]);
    const ended = [one, other, third].map((of) => start(of.session, attempt(0, main(programs.succeed))));
    const going = start(one.session, attempt(1, main(programs.obey)));
    await Promise.all([...ended.map(end), going.observer.until((observer) => observer.starts.length === 1)]);
    const [inOne, inOther, inThird] = ended.map(({ handle }) => handle) as [string, string, string];
    const known = { inOne, going: going.handle, inOther, inThird };
    const held = async (owner: Parameters<AttemptRuntime['list']>[0]): Promise<string[]> => {
      const remnants = await runtime.list(owner);
      return Object.entries(known).flatMap(([of, handle]) => (remnants.some(runtime.belongsTo([handle])) ? of : []));
    };
    expect(await held({ home })).toEqual(['inOne', 'going', 'inOther']);
    expect(await held({ home: homes.elsewhere })).toEqual(['inThird']);
    expect(await held(one.owner)).toEqual(['inOne', 'going']);

    await one.session.sweep([going.handle]);
    expect(await held({ home })).toEqual(['going', 'inOther']);
    expect((await end(going)).main).toEqual(stopped(137));

    other.session.keep(inOther);
    expect(await held(other.owner)).toEqual(['inOther']);
    const remnants = await runtime.list(other.owner);
    for (let times = 0; times < 2; times++) await runtime.discard(remnants);
    expect(await runtime.list(other.owner)).toEqual([]);

    for (let times = 0; times < 2; times++) await third.session.remove(inThird);
    // What the attempts of an execution share may stay until its end.
    expect((await runtime.list(third.owner)).filter(({ kind }) => kind !== 'configmap')).toEqual([]);
    await third.session.sweep([]);
    expect(await runtime.list(third.owner)).toEqual([]);
  });
});

describe.concurrent('a runtime that goes away', () => {
  const isReady = (observer: Observer): boolean => observer.text() === 'ready\n';

  test('is waited for, and what was asked of it meanwhile is done', async ({ skip }) => {
    skip(without.outage !== undefined, without.outage);
    const outage = await subject.openWithOutage(home, homes.outage);
    const { runtime: unsteady } = outage;
    opened.push(unsteady);
    const reports: string[] = [];
    const availability = new RuntimeAvailability(({ type }) => reports.push(type), Date.now);
    const during = await unsteady.open(scopeOf(home, suffix(), { availability, settings: apart }));
    const going = start(during, attempt(0, main(programs.obey)));
    await going.observer.until(isReady);
    outage.cut();
    await expect(unsteady.list({ home })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const stopping = during.stop(going.handle);
    await until(() => reports.length > 0);
    await outage.mend();
    await stopping;
    expect((await end(going)).main).toEqual(stopped(7));
    expect(going.observer.text()).toBe('ready\nbye\n');
    expect(reports).toEqual(['runtime.unavailable', 'runtime.available']);
  });

  test('because it is closed ends what is under way here, not the attempt', async () => {
    const availability = new RuntimeAvailability(() => {}, Date.now);
    const scope = scopeOf(homes.left, suffix(), { availability, settings: apart });
    const closed = subject.open(homes.left);
    const first = await closed.open(scope);
    const going = start(first, attempt(0, main(programs.obey)));
    await going.observer.until(isReady);
    await first.close();
    availability.giveUp();
    closed.close();
    await expect(going.ended).rejects.toBeInstanceOf(Error);
    await until(() => processesOf(homes.left).length === 0);
    const open = [going.handle];
    const next = await anotherRuntime(homes.left).open(
      scopeOf(homes.left, scope.execution.name.slice(-5), { open, resumed: true, settings: apart }),
    );
    const observer = new Observer();
    const ended = next.recover(going.handle, true, attempt(0, main(programs.obey)), observer);
    await observer.until(isReady);
    await next.stop(going.handle);
    expect((await end({ observer, ended })).main).toEqual(stopped(7));
  });
});

/** Processes that a runtime has started for a home: the path is in their environment. */
const processesOf = (of: string): string[] =>
  readdirSync('/proc').filter((entry) => {
    try {
      return /^\d+$/.test(entry) && readFileSync(`/proc/${entry}/environ`, 'utf8').includes(of);
    } catch {
      return false;
    }
  });
