import { describe, expect, test } from 'vitest';
import { sharesMemory, volumePlan, type VolumePlan } from '../../../../../src/runtime/docker/attempts/volume-plan.js';
import { defaultSettings, type LocalSettings } from '../../../../../src/model/local/settings.js';
import type { Volume } from '../../../../../src/model/schema/container.js';
import type { AttemptContainer } from '../../../../../src/runtime/port.js';

type Mounting = Pick<AttemptContainer, 'volumeMounts' | 'memoryBytes'>;

const labels = { of: 'test' };
const place = { attempt: 'a', directory: '/run/a', sockets: '/run/cloudsql', labels };
const mebi = 1024 ** 2;

/** A container of 512Mi with mounts that are written `VOLUME:PATH` or `VOLUME/SUBPATH:PATH`. */
const container = (...mounts: string[]): Mounting => ({
  memoryBytes: 512 * mebi,
  volumeMounts: mounts.map((text) => {
    const [, name = '', subPath = '', mountPath = ''] = /^([^/:]+)\/?([^:]*):(.*)$/.exec(text) ?? [];
    return { name, subPath, mountPath };
  }),
});
const plan = (volumes: Volume[], containers: Mounting[], settings: Partial<LocalSettings> = {}): VolumePlan =>
  volumePlan({ containers, volumes }, { ...defaultSettings, ...settings }, place);

describe('emptyDir', () => {
  test('in memory that one container mounts is its own', () => {
    const { mounts, volumes, held } = plan([{ name: 'v', emptyDir: { sizeLimit: '8Mi' } }], [container('v:/x')]);
    expect(mounts).toEqual([[{ kind: 'tmpfs', target: '/x', sizeBytes: 8 * mebi, mode: 0o777 }]]);
    expect([volumes, held]).toEqual([[], []]);
  });

  test('in memory that two containers mount is a volume that the sandbox holds', () => {
    const volume: Volume = { name: 'v', emptyDir: { medium: 'MEMORY' } };
    const { mounts, volumes, held } = plan([volume], [container('v:/x'), container('v:/y')]);
    // Half of the memory that the containers have together.
    expect(volumes).toEqual([{ name: 'a-volume0', labels, memoryBytes: 512 * mebi }]);
    expect(mounts).toEqual([
      [{ kind: 'volume', source: 'a-volume0', target: '/x' }],
      [{ kind: 'volume', source: 'a-volume0', target: '/y' }],
    ]);
    expect(held).toEqual([{ kind: 'volume', source: 'a-volume0', target: '/volumes/a-volume0' }]);
    const mounting = (...mounts: string[]) => ({ image: 'i', volumeMounts: [...container(...mounts).volumeMounts] });
    expect(sharesMemory({ containers: [mounting('v:/x'), mounting('v:/y')], volumes: [volume] })).toBe(true);
    expect(sharesMemory({ containers: [mounting('v:/x')], volumes: [volume] })).toBe(false);
  });

  test('on disk is a volume that needs no holder', () => {
    const volume: Volume = { name: 'v', emptyDir: { medium: 'DISK', sizeLimit: '1Gi' } };
    const { mounts, volumes, held } = plan([volume], [container('v:/x'), container('v:/y')]);
    expect(volumes).toEqual([{ name: 'a-volume0', labels, memoryBytes: undefined }]);
    expect(mounts.flat()).toHaveLength(2);
    expect(held).toEqual([]);
  });

  test.each([
    [undefined, 256],
    ['64Mi', 64],
    ['10Gi', 512],
  ])('with a limit of %s has %s MiB of 512', (sizeLimit, size) => {
    const { mounts } = plan([{ name: 'v', emptyDir: { sizeLimit } }], [container('v:/x')]);
    expect(mounts.flat()).toMatchObject([{ sizeBytes: size * mebi }]);
  });

  test('with sub-paths is a volume for each, which the rest finds in its place', () => {
    const volume: Volume = { name: 'v', emptyDir: { medium: 'DISK' } };
    const { mounts, volumes } = plan(
      [volume],
      [container('v:/all'), container('v/logs:/l', 'v/logs/old/:/o'), container('v/./logs:/l')],
    );
    expect(volumes.map(({ name }) => name)).toEqual(['a-volume0', 'a-volume0-1', 'a-volume0-2']);
    const shown = mounts.map((of) =>
      of.map((m) => `${m.kind === 'volume' ? m.source : m.kind} ${m.target}`).toSorted(),
    );
    expect(shown).toEqual([
      ['a-volume0 /all', 'a-volume0-1 /all/logs', 'a-volume0-2 /all/logs/old'],
      ['a-volume0-1 /l', 'a-volume0-2 /l/old', 'a-volume0-2 /o'],
      ['a-volume0-1 /l', 'a-volume0-2 /l/old'],
    ]);
  });

  test('without a mount is nothing', () => {
    expect(plan([{ name: 'v', emptyDir: {} }], [container()])).toMatchObject({ volumes: [], mounts: [[]] });
  });
});

test('secrets are read-only files, in a directory for each volume', () => {
  const { files, mounts } = plan(
    [
      { name: 'one', secret: { secret: 'projects/p/secrets/key' } },
      {
        name: 'some',
        secret: {
          secret: 'key',
          defaultMode: 0o666,
          items: [
            { path: 'a/b', version: '1', mode: 0o700 },
            { path: './c', version: '', mode: 0 },
          ],
        },
      },
    ],
    [container('one:/one'), container('one:/two', 'some:/some')],
  );
  expect(files).toEqual([
    { secret: 'projects/p/secrets/key', version: 'latest', file: '/run/a/volume0/key', mode: 0o444 },
    { secret: 'key', version: '1', file: '/run/a/volume1/a/b', mode: 0o500 },
    { secret: 'key', version: 'latest', file: '/run/a/volume1/c', mode: 0o444 },
  ]);
  expect(mounts).toEqual([
    [{ kind: 'bind', source: '/run/a/volume0', target: '/one', readOnly: true }],
    [
      { kind: 'bind', source: '/run/a/volume0', target: '/two', readOnly: true },
      { kind: 'bind', source: '/run/a/volume1', target: '/some', readOnly: true },
    ],
  ]);
});

test('buckets and exports are the directories that stand for them', () => {
  const { mounts, lent } = plan(
    [
      { name: 'b', gcs: { bucket: 'data' } },
      { name: 'r', gcs: { bucket: 'data', readOnly: true, mountOptions: ['only-dir=in'] } },
      { name: 'o', gcs: { bucket: 'data', mountOptions: ['o=ro'] } },
      { name: 'n', nfs: { server: 'h', path: '/e/', readOnly: true } },
    ],
    [container('b:/b', 'b/x:/bx', 'r:/r', 'r/y:/ry', 'o:/o', 'n:/n')],
    { buckets: { data: '/d' }, nfs: { 'h:/e': '/share' } },
  );
  expect(mounts.flat().map((m) => [m.kind === 'bind' && m.source, m.target, m.readOnly ?? false])).toEqual([
    ['/d', '/b', false],
    ['/d/x', '/bx', false],
    ['/d/in', '/r', true],
    ['/d/in/y', '/ry', true],
    ['/d', '/o', true],
    ['/share', '/n', true],
  ]);
  expect(lent).toEqual(['/d', '/d/x', '/d/in', '/d/in/y', '/d', '/share']);
});

test('sockets of Cloud SQL instances are in /cloudsql', () => {
  const { mounts } = plan(
    [{ name: 'cloudsql', cloudSqlInstance: { instances: ['p:r:far', 'p:r:near'] } }],
    [container('cloudsql:/cloudsql'), container('cloudsql:')],
    { cloudSql: { 'p:r:far': { tcp: 'h:1', engine: 'mysql' }, 'p:r:near': { socket: '/s' } } },
  );
  const expected = [
    { kind: 'bind', source: '/run/cloudsql', target: '/cloudsql', readOnly: true },
    { kind: 'bind', source: '/s', target: '/cloudsql/p:r:near', readOnly: true },
  ];
  expect(mounts).toEqual([expected, expected]);
});
