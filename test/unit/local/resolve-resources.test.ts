import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { resolveResources, type ResolvedResources } from '../../../src/local/resolve-resources.js';
import { MissingMappings, yamlLines } from '../../../src/local/missing-mappings.js';
import { formatPath } from '../../../src/model/field-path.js';
import { mappingsOf } from '../../../src/model/local/mappings.js';
import { readLocalFile } from '../../../src/model/local/read.js';
import { defaultSettings, type KubernetesSettings } from '../../../src/model/local/settings.js';
import type { Container, Volume } from '../../../src/model/schema/container.js';
import { tempDirectory } from '../../support/temp.js';

let directory: string;
beforeEach(() => void (directory = tempDirectory()));
const file = (name: string, content = ''): string => {
  const where = path.join(directory, name);
  mkdirSync(path.dirname(where), { recursive: true });
  writeFileSync(where, content);
  return where;
};
const folder = (name: string): string => mkdirSync(path.join(directory, name), { recursive: true }) ?? '';

interface Parts extends Partial<Container> {
  volumes?: Volume[];
  also?: Partial<Container>[];
}

/** What a job with one container, and those in `also`, gets by a localrun.yaml in the directory of the test. */
function resolve(
  yaml: string,
  { volumes, also = [], ...container }: Parts,
  env: Record<string, string> = {},
  runtime?: KubernetesSettings,
  forwarded?: true,
): ResolvedResources {
  const { value, problems } = readLocalFile('localrun.yaml', yaml);
  expect(problems).toEqual([]);
  const config = path.join(directory, 'localrun.yaml');
  const settings = {
    ...defaultSettings,
    runtime,
    ...(forwarded && { forwarded }),
    config,
    ...mappingsOf(value, config, '/home/dev'),
  };
  const containers: Container[] = [container, ...also].map((of) => ({ image: 'i', ...of }));
  // Only what is mounted is needed.
  const mounted = containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name));
  const others = volumes?.filter(({ name }) => !mounted.includes(name)).map(({ name }) => ({ name, mountPath: '/m' }));
  if (containers[0] && others?.length) containers[0].volumeMounts = [...(container.volumeMounts ?? []), ...others];
  return resolveResources({ containers, volumes }, settings, { project: 'mine', projectNumber: '123', env });
}
const told = ({ problems }: ResolvedResources): string[] =>
  problems.map(({ at, message }) =>
    `${formatPath(at ?? []).replace('template.template.', '')}: ${message}`.replaceAll(directory, 'DIR'),
  );
const variable = (secret: string, version?: string): Container['env'] => [
  { name: 'KEY', valueSource: { secretKeyRef: { secret, version } } },
];
const mount = (name: string, subPath?: string): Container['volumeMounts'] => [{ name, mountPath: `/${name}`, subPath }];

test('a name that programs of this machine may act upon takes a secret of one line only', () => {
  file('two', 'a\nb');
  file('one', 'a');
  const yaml = 'secrets: { two: { file: ./two }, one: { file: ./one }, inline: { value: "a\\nb" }, env: { env: E } }';
  const env = ['two', 'one', 'inline', 'env'].flatMap((secret) =>
    ['HOME', 'A B', 'KEY', '=A'].map((name) => ({ name, valueSource: { secretKeyRef: { secret } } })),
  );
  expect(told(resolve(yaml, { env: [...env, { name: '=B', value: '' }] }, { E: 'a\r' }))).toEqual(
    [
      ...[0, 8, 12].map(
        (i) =>
          `containers[0].env[${i}].name: a variable named HOME can hold a secret of one line only, because programs on this machine may act on that name`,
      ),
      ...[1, 5, 9, 13].map(
        (i) => `containers[0].env[${i}].name: no container engine client accepts a secret for a variable named "A B"`,
      ),
      ...[3, 7, 11, 15].map((i) => `containers[0].env[${i}].name: no container engine accepts a variable named "=A"`),
      'containers[0].env[16].name: no container engine accepts a variable named "=B"',
    ].toSorted(byIndex),
  );
});
const byIndex = (a: string, b: string): number => Number(/env\[(\d+)/.exec(a)?.[1]) - Number(/env\[(\d+)/.exec(b)?.[1]);

test('a job that needs nothing gets nothing', () => {
  const resolved = resolve('secrets: { a: { env: A } }\nbuckets: { b: . }', {});
  expect(resolved).toEqual({
    settings: {
      ...defaultSettings,
      config: path.join(directory, 'localrun.yaml'),
      secrets: {},
      buckets: {},
      nfs: {},
      cloudSql: {},
    },
    problems: [],
    warnings: [],
    missing: new MissingMappings(),
  });
});

test('what no container mounts is not needed', () => {
  const volumes: Volume[] = [
    { name: 'a', secret: { secret: 'key' } },
    { name: 'b', gcs: { bucket: 'data' } },
    { name: 'c', nfs: { server: 'h', path: '/p' } },
    { name: 'cloudsql', cloudSqlInstance: { instances: ['p:r:i'] } },
  ];
  const containers = [{ image: 'i' }];
  const jobContext = { project: 'mine', projectNumber: '123', env: {} };
  expect(resolveResources({ containers, volumes }, defaultSettings, jobContext).problems).toEqual([]);
});

test('a place has the names of what is there', () => {
  const env: Container['env'] = [{ name: 'A', value: '' }, ...(variable('key') ?? [])];
  const { problems } = resolve('', { name: 'app', env, also: [{ env }] });
  expect(problems.map(({ path: shown }) => shown)).toEqual([
    'template.template.containers[app].env[KEY].valueSource.secretKeyRef',
    'template.template.containers[1].env[KEY].valueSource.secretKeyRef',
  ]);
});

test('a variable that gets the last line break of a file, or nothing, is warned of; a file of it is not', () => {
  file('line', 'hunter2\n');
  file('plain', 'hunter2');
  file('empty');
  const names = ['line', 'plain', 'empty', 'inline'];
  const yaml = `secrets: { ${names
    .slice(0, 3)
    .map((name) => `${name}: { file: ./${name} }`)
    .join(', ')}, inline: { value: "x\\n" } }`;
  const env = names.flatMap((name) => variable(name) ?? []);
  const volumes = names.map((name) => ({ name, secret: { secret: name } }));
  const { problems, warnings } = resolve(yaml, { env, volumes });
  expect(problems).toEqual([]);
  expect(warnings.map(({ at, message }) => `${formatPath(at ?? [])}: ${message}`)).toEqual([
    'template.template.containers[0].env[0]: the secret line ends in a line break, which the variable has, too',
    'template.template.containers[0].env[2]: the secret empty is empty',
  ]);
});

test('what is not mapped is reported all at once, with the lines that map it', () => {
  const parts: Parts = {
    env: [...(variable('db-password', '3') ?? []), ...(variable('projects/other/secrets/far') ?? [])],
    volumes: [
      { name: 'keys', secret: { secret: 'db-password' } },
      {
        name: 'pairs',
        secret: {
          secret: 'pair',
          items: [
            { path: 'a', version: '7' },
            { path: 'b', version: 'old' },
          ],
        },
      },
      { name: 'data', gcs: { bucket: 'my-data' } },
      { name: 'share', nfs: { server: '10.0.0.2', path: '/exports/share/' } },
      { name: 'cloudsql', cloudSqlInstance: { instances: ['p:r:main'] } },
    ],
  };
  const resolved = resolve('secrets: { pair: { versions: { 1: { value: x } } } }', parts);
  expect(told(resolved)).toEqual([
    'containers[0].env[0].valueSource.secretKeyRef: the secret db-password is not mapped',
    'containers[0].env[1].valueSource.secretKeyRef: the secret projects/other/secrets/far is not mapped',
    'volumes[0].secret.secret: the secret db-password is not mapped',
    'volumes[1].secret.items[0]: the secret pair has no version 7 in localrun.yaml',
    'volumes[1].secret.items[1]: the secret pair has no version old in localrun.yaml',
    'volumes[2].gcs.bucket: the bucket my-data is not mapped',
    'volumes[3].nfs: the export 10.0.0.2:/exports/share is not mapped',
    'volumes[4].cloudSqlInstance.instances[0]: the Cloud SQL instance p:r:main is not mapped',
  ]);
  const lines = yamlLines(resolved.missing.additions).join('\n');
  expect(lines).toBe(`secrets:
  db-password: { file: ./secrets/db-password }
  projects/other/secrets/far: { file: ./secrets/far }
  pair:
    versions:
      "7": { file: ./secrets/pair-7 }
      old: { file: ./secrets/pair-old }
buckets:
  my-data: ./buckets/my-data
nfs:
  "10.0.0.2:/exports/share": ./nfs/share
cloudSql:
  "p:r:main": { tcp: "127.0.0.1:5432" }`);

  for (const name of ['db-password', 'far', 'pair-7', 'pair-old']) file(`secrets/${name}`);
  for (const name of ['buckets/my-data', 'nfs/share']) folder(name);
  expect(told(resolve(lines, parts))).toEqual([]);
});

test.each(['__proto__', 'true', '1234', 'null', 'Abc_d-9'])('the lines for a secret called %s map it', (name) => {
  const lines = yamlLines(resolve('', { env: variable(name) }).missing.additions).join('\n');
  file(`secrets/${name}`);
  expect(told(resolve(lines, { env: variable(name) }))).toEqual([]);
});

test.each([
  ['key', 'key'],
  ['key', 'projects/mine/secrets/key'],
  ['key', 'projects/123/secrets/key'],
  ['projects/mine/secrets/key', 'key'],
  ['projects/123/secrets/key', 'projects/mine/secrets/key'],
  ['projects/other/secrets/key', 'projects/other/secrets/key'],
])('localrun.yaml has %s, the job %s', (mapped, used) => {
  const { settings, problems } = resolve(`secrets: { ${mapped}: { env: KEY } }`, { env: variable(used) }, { KEY: 'v' });
  expect(problems).toEqual([]);
  expect(settings.secrets).toEqual({ [used]: { latest: { env: 'KEY' } } });
});

test("a secret of another project is not the job's own of that name", () => {
  const resolved = resolve(
    'secrets: { key: { env: KEY } }',
    { env: variable('projects/other/secrets/key') },
    { KEY: 'v' },
  );
  expect(told(resolved)).toEqual([expect.stringContaining('projects/other/secrets/key is not mapped')]);
});

test('an execution is given the versions that its job names, and no others', () => {
  const yaml =
    'secrets: { k: { versions: { 1: { env: A }, 2: { env: B } }, aliases: { prod: 1 } }, other: { env: A } }';
  const env = [...(variable('k', 'prod') ?? []), ...(variable('k', 'latest') ?? [])];
  expect(resolve(yaml, { env }, { A: '1', B: '2' })).toMatchObject({
    problems: [],
    settings: { secrets: { k: { prod: { env: 'A' }, latest: { env: 'B' } } } },
  });
});

describe('what is mapped to something that is not there', () => {
  test('secrets', () => {
    file('.env', 'OTHER=1');
    file('large', 'x'.repeat(64 * 1024 + 1));
    file('largest', 'x'.repeat(64 * 1024));
    folder('directory');
    const yaml = `secrets:
  a: { file: ./none }
  b: { file: ./directory }
  c: { env: NONE }
  d: { dotenv: ./.env, key: KEY }
  e: { dotenv: ./none, key: KEY }
  f: { file: ./large }
  g: { file: ./largest }
  h: { env: EMPTY }
  i: { file: /dev/null }
`;
    const env = 'abcdefghi'.split('').flatMap((name) => variable(name) ?? []);
    expect(told(resolve(yaml, { env }, { EMPTY: '' })).map((line) => line.replace(/^.*?: /, ''))).toEqual([
      'the secret a has no value: DIR/none: there is no such file or directory',
      'the secret b has no value: DIR/directory is not a regular file',
      'the secret c has no value: the environment variable NONE is not set',
      'the secret d has no value: DIR/.env does not set KEY',
      'the secret e has no value: DIR/none: there is no such file or directory',
      'the secret f has no value: DIR/large has 65537 bytes, and a secret has 65536 at most',
      'the secret i has no value: /dev/null is not a regular file',
    ]);
  });

  test('directories and sockets', () => {
    file('file');
    const yaml = `buckets: { a: ./none, b: ./file }
nfs: { 'h:/c': ./none/c }
cloudSql: { 'p:r:d': { socket: ./none }, 'p:r:e': { socket: ./file } }`;
    const volumes = [
      { name: 'a', gcs: { bucket: 'a' } },
      { name: 'b', gcs: { bucket: 'b' } },
      { name: 'c', nfs: { server: 'h', path: '/c' } },
      { name: 'cloudsql', cloudSqlInstance: { instances: ['p:r:d', 'p:r:e'] } },
    ];
    expect(told(resolve(yaml, { volumes }))).toEqual([
      'volumes[0].gcs.bucket: the bucket a is not there: DIR/none: there is no such file or directory',
      'volumes[1].gcs.bucket: the bucket b is not there: DIR/file is a file and must be a directory',
      'volumes[2].nfs: the export h:/c is not there: DIR/none/c: there is no such file or directory',
      'volumes[3].cloudSqlInstance.instances[0]: the Cloud SQL instance p:r:d is not there: DIR/none: there is no such file or directory',
      'volumes[3].cloudSqlInstance.instances[1]: the Cloud SQL instance p:r:e is not there: DIR/file is neither a socket nor a directory',
    ]);
  });
});

test('directories are lent by their real paths, sockets too', async () => {
  folder('real');
  symlinkSync('real', path.join(directory, 'link'));
  const server = net.createServer().listen(path.join(directory, 'socket'));
  await new Promise((resolve) => server.once('listening', resolve));
  const { settings, problems } = resolve(
    `buckets: { a: ./link }\ncloudSql: { 'p:r:i': { socket: ./socket }, 'p:r:j': { tcp: 'localhost:1' } }`,
    {
      volumeMounts: mount('v'),
      volumes: [
        { name: 'v', gcs: { bucket: 'a' } },
        { name: 'cloudsql', cloudSqlInstance: { instances: ['p:r:i', 'p:r:j'] } },
      ],
    },
  );
  server.close();
  expect(problems).toEqual([]);
  expect(settings).toMatchObject({
    buckets: { a: path.join(directory, 'real') },
    cloudSql: {
      'p:r:i': { socket: path.join(directory, 'socket') },
      'p:r:j': { tcp: 'localhost:1', engine: 'postgres' },
    },
  });
});

describe('a job cannot get out of what is mapped', () => {
  test('by the paths in its spec', () => {
    folder('bucket');
    const resolved = resolve("buckets: { b: ./bucket }\nsecrets: { s: { value: '' } }", {
      volumeMounts: [...(mount('b', '../x') ?? []), ...(mount('c') ?? []), ...(mount('d', '/etc') ?? [])],
      volumes: [
        { name: 'b', gcs: { bucket: 'b' } },
        { name: 'c', gcs: { bucket: 'b', mountOptions: ['only-dir=a/../../x'] } },
        { name: 'd', emptyDir: {} },
        {
          name: 'e',
          secret: {
            secret: 's',
            items: ['../x', '/etc/passwd', 'a/../../b', '.', ''].map((name) => ({ path: name, version: '1' })),
          },
        },
      ],
    });
    expect(told(resolved)).toEqual([
      'containers[0].volumeMounts[0].subPath: leads out of the volume',
      'containers[0].volumeMounts[2].subPath: leads out of the volume',
      'volumes[1].gcs.mountOptions: only-dir=a/../../x leads out of the bucket',
      'volumes[3].secret.items[0].path: ../x leads out of the volume',
      'volumes[3].secret.items[1].path: /etc/passwd leads out of the volume',
      'volumes[3].secret.items[2].path: a/../../b leads out of the volume',
      'volumes[3].secret.items[3].path: . leads out of the volume',
      'volumes[3].secret.items[4].path:  leads out of the volume',
    ]);
  });

  test('by symbolic links below a mapped directory', () => {
    folder('bucket');
    folder('outside');
    symlinkSync('../outside', path.join(directory, 'bucket', 'way-out'));
    const volumes = [
      { name: 'a', gcs: { bucket: 'b' } },
      { name: 'b', gcs: { bucket: 'b', mountOptions: ['only-dir=way-out'] } },
    ];
    const parts = { volumes, volumeMounts: [...(mount('a', 'way-out') ?? []), ...(mount('b') ?? [])] };
    expect(told(resolve('buckets: { b: ./bucket }', parts))).toEqual([
      'containers[0].volumeMounts[0]: a symbolic link leads from DIR/bucket/way-out to DIR/outside, and cannot be mounted',
      'containers[0].volumeMounts[1]: a symbolic link leads from DIR/bucket/way-out to DIR/outside, and cannot be mounted',
    ]);
  });

  test('by changing localrun.yaml', () => {
    const volumes = [{ name: 'all', gcs: { bucket: 'all' } }];
    const yaml = 'buckets: { all: . }';
    expect(told(resolve(yaml, { volumes, volumeMounts: mount('all') }))).toEqual([
      'containers[0].volumeMounts[0]: DIR/localrun.yaml lies in DIR, and the job could change what it maps',
    ]);
    const readOnly = [{ name: 'all', gcs: { bucket: 'all', readOnly: true } }];
    expect(told(resolve(yaml, { volumes: readOnly, volumeMounts: mount('all') }))).toEqual([]);
  });

  test('by changing what another of its containers gets', () => {
    folder('all/part');
    file('all/key');
    const volumes = [
      { name: 'all', nfs: { server: 'h', path: '/all' } },
      { name: 'part', gcs: { bucket: 'part' } },
    ];
    const yaml = `nfs: { 'h:/all': ./all }\nbuckets: { part: ./all/part }\nsecrets: { key: { file: ./all/key } }`;
    const parts: Parts = {
      volumes,
      volumeMounts: mount('all'),
      also: [{ volumeMounts: mount('part'), env: variable('key') }, { volumeMounts: mount('all', 'part') }],
    };
    expect(told(resolve(yaml, parts))).toEqual([
      'containers[1].env[0].valueSource.secretKeyRef: DIR/all/key lies in DIR/all, which the volume all lets the job change',
      'containers[2].volumeMounts[0]: DIR/all/part lies in DIR/all, which the volume all lets the job change',
      'containers[1].volumeMounts[0]: DIR/all/part lies in DIR/all, which the volume all lets the job change',
    ]);
    const readOnly = volumes.map(({ nfs, ...volume }) => ({
      ...volume,
      ...(nfs && { nfs: { ...nfs, readOnly: true } }),
    }));
    expect(told(resolve(yaml, { ...parts, volumes: readOnly }))).toEqual([]);
  });
});

test('mounts and volumes that say nothing', () => {
  const resolved = resolve('', { volumeMounts: mount('nothing'), volumes: [{ name: 'empty' }] });
  expect(told(resolved)).toEqual([
    'containers[0].volumeMounts[0].name: nothing was not found in volumes list',
    'volumes[0]: does not say what the volume is',
  ]);
});

describe('on a cluster', () => {
  const cluster: KubernetesSettings = {
    ...{ kind: 'kubernetes', imagesOnNodes: false, imagePullSecrets: [], nodeSelector: {}, tolerations: [] },
  };
  const volumes: Volume[] = [
    { name: 'up', gcs: { bucket: 'uploads' } },
    { name: 'share', nfs: { server: 'nas', path: '/share' } },
    { name: 'sql', cloudSqlInstance: { instances: ['p:r:i'] } },
  ];

  test('claims, Secrets and exports need nothing of this machine', () => {
    const yaml = 'secrets: { key: { kubernetesSecret: keys/api } }\nbuckets: { uploads: { claim: up } }';
    const parts = { volumes, env: variable('key') };
    const resolved = resolve(yaml, parts, {}, cluster);
    expect(told(resolved)).toEqual([]);
    expect(resolved.settings).toMatchObject({
      secrets: { key: { latest: { kubernetesSecret: 'keys', key: 'api' } } },
      claims: { uploads: 'up' },
      nfs: {},
    });
    expect(told(resolve(yaml, parts))).toEqual([
      'containers[0].env[0].valueSource.secretKeyRef: the secret key is in a cluster, and the job runs on this machine',
      'volumes[0].gcs.bucket: the bucket uploads is in a cluster, and the job runs on this machine',
      'volumes[1].nfs: the export nas:/share is not mapped',
      'volumes[2].cloudSqlInstance.instances[0]: the Cloud SQL instance p:r:i is not mapped',
    ]);
  });

  test.each(['value: v', 'file: /f', 'env: HOME', 'dotenv: /f, key: k'])(
    'a secret with { %s } does not come with the command line of another machine',
    (source) => {
      const resolved = resolve(`secrets: { key: { ${source} } }`, { env: variable('key') }, {}, cluster, true);
      expect(told(resolved)).toEqual([
        'containers[0].env[0].valueSource.secretKeyRef: the secret key comes from your machine, and its value does not leave it',
      ]);
      expect(resolved.problems[0]?.fix).toContain('kubernetesSecret: NAME/KEY');
    },
  );

  test('an unmapped bucket can be a claim', () => {
    const resolved = resolve('', { volumes: [{ name: 'up', gcs: { bucket: 'my_up.loads' } }] }, {}, cluster);
    expect(told(resolved)).toEqual(['volumes[0].gcs.bucket: the bucket my_up.loads is not mapped']);
    expect(yamlLines(resolved.missing.additions)).toEqual(['buckets:', '  my_up.loads: { claim: my-up-loads }']);
  });

  test('names of variables are those of pods, and no program of this machine acts on them', () => {
    const env = ['HOME', 'a.b-c', 'A B', '=A', '1A'].map((name) => ({ name, value: 'v' }));
    expect(told(resolve('', { env }, {}, cluster))).toEqual([
      'containers[0].env[2].name: no pod can have a variable named A B',
      'containers[0].env[3].name: no pod can have a variable named =A',
      'containers[0].env[4].name: no pod can have a variable named 1A',
    ]);
  });
});

test('a mount for one run has its real path; it is a problem if it is not there, or its target is taken', () => {
  file('src/main.js');
  symlinkSync('src', path.join(directory, 'link'));
  const containers = [{ image: 'i', volumeMounts: [{ name: 'v', mountPath: '/data/' }] }];
  const volumes = [{ name: 'v', emptyDir: {} }];
  const mounted = (...mounts: [source: string, target: string][]): ResolvedResources =>
    resolveResources(
      { containers, volumes },
      {
        ...defaultSettings,
        mounts: mounts.map(([source, target]) => ({ source: path.join(directory, source), target, readOnly: false })),
      },
      { project: 'mine', projectNumber: '123', env: {} },
    );
  const good = mounted(['link', '/app'], ['src/main.js', '/main.js']);
  expect(good.problems).toEqual([]);
  expect(good.settings.mounts?.map(({ source }) => path.relative(directory, source))).toEqual(['src', 'src/main.js']);
  const { problems } = mounted(['none', '/app'], ['src', '/app'], ['src', '/data']);
  expect(problems.map((problem) => `${problem.path}: ${problem.message}`.replaceAll(directory, 'DIR'))).toEqual([
    'mount: /app has nothing to show: DIR/none: there is no such file or directory',
    'mount: something else is mounted at /app already',
    'mount: the job mounts the volume v at /data',
  ]);
});
