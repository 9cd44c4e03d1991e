import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { runDirectory } from '../../src/engine/leftovers.js';
import type { LocalSettings } from '../../src/model/local/settings.js';
import type { Container, Volume } from '../../src/model/schema/container.js';
import type { ContainerSpec } from '../../src/runtime/docker/engine-api.js';
import { FakeEngine } from '../support/fake-engine.js';
import { tempDirectory } from '../support/temp.js';
import { attemptDirectory, attemptOf, useFakeClock, World } from './world.js';

useFakeClock();

interface Task {
  containers: Container[];
  volumes?: Volume[];
}

const image = 'localrun/busybox:latest';
const secretVariable = (name: string, secret: string, version?: string): Container => ({
  image,
  env: [{ name, valueSource: { secretKeyRef: { secret, version } } }],
});
const world = (task: Task, settings: Partial<LocalSettings>, runtime = new FakeEngine(), maxRetries = 0): World =>
  new World(runtime, {}, { ...task, maxRetries }, 32, settings);
/** The message of the last attempt of the only task. */
const message = ({ tasks }: World): string | undefined => tasks[0]?.lastAttemptResult?.status?.message;

describe('secrets in variables', () => {
  test('are read when an attempt starts, and by the next one again', async () => {
    const file = path.join(tempDirectory(), 'key');
    writeFileSync(file, 'first');
    const seen: ContainerSpec[] = [];
    const runtime = new FakeEngine((spec) => {
      seen.push(spec);
      writeFileSync(file, 'second');
      return { exitCode: attemptOf(spec.labels)[1] === 0 ? 1 : 0 };
    });
    const settings = { secrets: { key: { latest: { file }, 1: { env: 'ONE' } } } };
    const w = world({ containers: [{ ...secretVariable('KEY', 'key') }] }, settings, runtime, 1);
    await w.finish();
    expect(w.states).toEqual(['Succeeded+1']);
    expect(seen.map(({ secrets }) => secrets)).toEqual([{ KEY: 'first' }, { KEY: 'second' }]);
    for (const { env } of seen) expect(Object.keys(env)).not.toContain('KEY');
  });

  test('of equal variables the last one counts', async () => {
    const seen: ContainerSpec[] = [];
    const runtime = new FakeEngine((spec) => ({ exitCode: seen.push(spec) - 1 }));
    const key = secretVariable('A', 'key').env?.[0] ?? { name: '' };
    const env = [{ name: 'A', value: 'plain' }, key, { name: 'B', value: 'x' }, { ...key, name: 'B' }, { name: 'B' }];
    const w = world({ containers: [{ image, env }] }, { secrets: { key: { latest: { env: 'KEY' } } } }, runtime);
    w.env['KEY'] = 'secret';
    await w.finish();
    expect(seen[0]).toMatchObject({ secrets: { A: 'secret' }, env: { B: '' } });
  });

  test.each([
    ['a variable that is not set', { env: 'NONE' }, 'the environment variable NONE is not set'],
    ['a file that is gone', { file: '/nonesuch/key' }, '/nonesuch/key: there is no such file or directory'],
    [
      'a localrun.yaml that is gone',
      { inline: '/nonesuch/localrun.yaml', at: ['secrets', 'key', 'value'] },
      'Cannot read the configuration localrun.yaml: there is no such file.',
    ],
  ])('from %s fail the attempt before any of its containers starts', async (_, source, why) => {
    const containers = [{ image }, secretVariable('KEY', 'key', 'latest')];
    const w = world({ containers }, { secrets: { key: { latest: source } } });
    await w.finish();
    expect(w.states).toEqual(['Failed']);
    expect(message(w)).toContain(`the secret key, version latest, has no value: ${why}`);
    expect(w.runtime.log.filter((line) => line.startsWith('start'))).toEqual([]);
  });

  test('have to be text', async () => {
    const file = path.join(tempDirectory(), 'key');
    writeFileSync(file, Buffer.from([0xff, 0xfe]));
    const w = world({ containers: [secretVariable('KEY', 'key')] }, { secrets: { key: { latest: { file } } } });
    await w.finish();
    expect(message(w)).toContain('the secret key is no text, as the variable KEY has to be');
  });
});

describe('secrets in files', () => {
  const volumes: Volume[] = [
    {
      name: 's',
      secret: {
        secret: 'key',
        items: [
          { path: 'deep/down/key', version: '1', mode: 0o400 },
          { path: 'key', version: 'latest' },
        ],
      },
    },
  ];
  const containers = [{ image, volumeMounts: [{ name: 's', mountPath: '/s' }] }];

  test('are there while the attempt runs, for no other user of this machine, and gone after it', async () => {
    const source = path.join(tempDirectory(), 'localrun.yaml');
    writeFileSync(source, 'secrets: { key: { versions: { 1: { value: one }, 2: { value: two } } } }');
    const inline = (version: string) => ({ inline: source, at: ['secrets', 'key', 'versions', version, 'value'] });
    const w = world({ containers, volumes }, { secrets: { key: { 1: inline('1'), latest: inline('2') } } });
    const running = w.run();
    while (w.runtime.running === 0) await w.advance(10);
    const directory = attemptDirectory(w, 0, 0);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    const volume = path.join(directory, 'volume0');
    const modes = ['.', 'deep', 'deep/down', 'deep/down/key', 'key'].map((name) =>
      (statSync(path.join(volume, name)).mode & 0o777).toString(8),
    );
    expect(modes).toEqual(['755', '755', '755', '400', '444']);
    expect(readFileSync(path.join(volume, 'deep/down/key'), 'utf8')).toBe('one');
    expect(readFileSync(path.join(volume, 'key'), 'utf8')).toBe('two');
    await w.finish(running);
    expect(existsSync(runDirectory(w.home, w.name))).toBe(false);
  });

  test('that a dead process has left are gone once another one resumes', async () => {
    const w = world({ containers, volumes }, { secrets: { key: { 1: { env: 'KEY' }, latest: { env: 'KEY' } } } });
    w.env['KEY'] = 'x';
    const left = attemptDirectory(w, 7, 0);
    mkdirSync(left, { recursive: true });
    const running = w.run();
    while (w.runtime.running === 0) await w.advance(10);
    expect(existsSync(left)).toBe(false);
    await w.finish(running);
  });

  test('a container that runs keeps them when another process takes over, which removes them at its end', async () => {
    const runtime = new FakeEngine(() => ({ ms: 5000 }));
    const w = world(
      { containers, volumes },
      { secrets: { key: { 1: { env: 'KEY' }, latest: { env: 'KEY' } } } },
      runtime,
    );
    w.env['KEY'] = 'x';
    void w.run().catch(() => {});
    while (w.runtime.running === 0) await w.advance(10);
    w.dead.add('first');
    const second = w.run('second');
    await w.advance(2000);
    expect(existsSync(attemptDirectory(w, 0, 0))).toBe(true);
    await w.finish(second);
    expect(w.states).toEqual(['Succeeded']);
    expect(existsSync(runDirectory(w.home, w.name))).toBe(false);
  });
});

describe('volumes of the engine', () => {
  const shared: Task = {
    volumes: [
      { name: 'm', emptyDir: { medium: 'MEMORY' } },
      { name: 'd', emptyDir: { medium: 'DISK' } },
    ],
    containers: ['main', 'side'].map((name) => ({
      image,
      name,
      volumeMounts: [
        { name: 'm', mountPath: '/m' },
        { name: 'd', mountPath: '/d' },
      ],
    })),
  };

  test('are there before any container, held by a sandbox of the attempt, and gone after it', async () => {
    const runtime = new FakeEngine(() => {
      expect([...runtime.volumes.keys()].map((name) => name.replace(/.*attempt/, ''))).toHaveLength(2);
      return { exitCode: 1 };
    });
    const w = world(shared, {}, runtime, 1);
    await w.finish();
    const created = runtime.log.filter((line) => line.startsWith('create volume'));
    expect(created.map((line) => line.replace(/.*task/, 'task'))).toEqual([
      'task0-attempt0-volume0',
      'task0-attempt0-volume1',
      'task0-attempt1-volume0',
      'task0-attempt1-volume1',
    ]);
    expect(runtime.opened.map(({ mounts }) => mounts)).toEqual([
      [{ kind: 'volume', source: expect.stringContaining('attempt0-volume0'), target: expect.any(String) as string }],
      [{ kind: 'volume', source: expect.stringContaining('attempt1-volume0'), target: expect.any(String) as string }],
    ]);
    expect(new Set(runtime.opened.map(({ name }) => name)).size).toBe(2);
    expect([...runtime.volumes, ...runtime.sandboxes]).toEqual([]);
  });

  test('that a dead process has left go with the execution', async () => {
    const w = world(shared, {});
    const running = w.run();
    while (w.runtime.running === 0) await w.advance(10);
    const [spec] = w.runtime.volumes.values();
    if (!spec) throw new Error('there is no volume');
    await w.advance(1);
    w.runtime.volumes.set('left', { ...spec, name: 'left' });
    w.runtime.volumes.set('foreign', { name: 'foreign', labels: {} });
    await w.finish(running);
    expect([...w.runtime.volumes.keys()]).toEqual(['foreign']);
  });
});

test('a mapped directory that has become a link is not mounted', async () => {
  const directory = tempDirectory();
  const data = path.join(directory, 'data');
  const volumes = [{ name: 'b', gcs: { bucket: 'data' } }];
  const containers = [{ image, volumeMounts: [{ name: 'b', mountPath: '/b' }] }];
  const w = world({ containers, volumes }, { buckets: { data } });
  await w.finish();
  expect(message(w)).toContain(`${data}: there is no such file or directory`);
});

describe('with strictFs', () => {
  const name = 'localrun-nightly-x7k2p-task0-attempt0';
  const mebi = 1024 ** 2;
  const run = async (behaviour: ConstructorParameters<typeof FakeEngine>[0]): Promise<World> => {
    const w = world({ containers: [{ image }] }, { strictFs: true }, new FakeEngine(behaviour));
    await w.finish();
    return w;
  };
  const limits = ({ runtime }: World): string[] => [...new Set(runtime.log.filter((line) => line.startsWith('limit')))];

  test('what a container has written is taken from its memory', async () => {
    const w = await run(() => ({ ms: 3000, writes: 100 * mebi }));
    expect(w.states).toEqual(['Succeeded']);
    expect(w.runtime.log.filter((line) => line.startsWith('limit'))).toEqual([`limit ${name} ${412 * mebi}`]);
  });

  test('little is left to it', async () => {
    const w = await run(() => ({ ms: 3000, writes: 512 * mebi }));
    expect(limits(w)).toEqual([`limit ${name} ${6 * mebi}`]);
  });

  test('one that has written more than it has memory is killed, or was about to end', async () => {
    for (const ms of [60_000, 1]) {
      const w = await run(() => ({ ms, writes: 513 * mebi }));
      expect(w.states).toEqual(['Failed']);
      expect(message(w)).toBe('The configured memory limit was reached.');
    }
  });

  test('one that needs what is not left is killed, though not at once', async () => {
    const w = await run(() => ({ ms: 60_000, writes: 300 * mebi, needs: 300 * mebi }));
    expect(message(w)).toBe('The configured memory limit was reached.');
    expect(w.runtime.log.filter((line) => line.startsWith('limit'))).toHaveLength(5);
    const brief = await run(() => ({ ms: 2000, writes: 300 * mebi, needs: 300 * mebi }));
    expect(brief.states).toEqual(['Succeeded']);
  });
});
