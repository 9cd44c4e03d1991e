import { expect, test } from 'vitest';
import { requirements } from '../../../src/engine/requirements.js';
import { defaultSettings, type LocalSettings } from '../../../src/model/local/settings.js';
import type { TaskTemplate } from '../../../src/model/schema/job.js';
import type { Capabilities, Feature } from '../../../src/runtime/port.js';

const image = 'i';
const template: TaskTemplate = {
  containers: [
    { image, name: 'app', dependsOn: ['db'], resources: { limits: { 'nvidia.com/gpu': '1' } } },
    { image, name: 'db', startupProbe: { tcpSocket: { port: 1 } } },
  ],
  volumes: [
    { name: 'scratch', emptyDir: {} },
    { name: 'data', gcs: { bucket: 'b' } },
    { name: 'share', nfs: { server: 's', path: '/p' } },
    { name: 'sql', cloudSqlInstance: { instances: ['p:r:i'] } },
  ],
};
const everything: LocalSettings = {
  ...defaultSettings,
  buckets: { b: '/data' },
  nfs: { 's:/p': '/share' },
  ...{
    metadata: true,
    credentials: 'adc',
    network: 'n',
    hostAccess: true,
    publish: [{ address: '127.0.0.1', port: 80, protocol: 'tcp' }],
    mounts: [{ source: '/s', target: '/t', readOnly: false }],
    strictFs: true,
    keep: true,
    keepFailed: true,
  },
};

test.each<[Feature, (string | undefined)[]]>([
  ['gpus', ['template.template.containers[app].resources.limits["nvidia.com/gpu"]']],
  ['startupOrder', ['template.template.containers[app].dependsOn', 'template.template.containers[db].startupProbe']],
  ['metadataServer', ['metadata']],
  ['hostFiles', [...['data', 'share', 'sql'].map((name) => `template.template.volumes[${name}]`), 'mounts']],
  ['publishedPorts', ['publish']],
  ['hostNetworks', ['network', 'hostAccess']],
  ['strictFs', ['strictFs']],
  ['keep', ['keep', 'keepFailed']],
])('a runtime without %s is a problem of the fields that ask for it', (feature, paths) => {
  const capabilities: Capabilities = { lacks: { [feature]: 'no' } };
  const problems = requirements(template, everything, capabilities);
  expect(problems.map(({ path }) => path)).toEqual(paths);
  for (const problem of problems) expect(problem).toMatchObject({ message: 'no', severity: 'error' });
});

test('a job has no problem with a runtime that can do all, nor a plain one with any', () => {
  expect(requirements(template, everything, { lacks: {} })).toEqual([]);
  const lacks = {
    gpus: '',
    startupOrder: '',
    hostFiles: '',
    metadataServer: '',
    hostNetworks: '',
    publishedPorts: '',
    strictFs: '',
    keep: '',
  };
  expect(requirements({ containers: [{ image }] }, defaultSettings, { lacks })).toEqual([]);
});

const cluster: LocalSettings = {
  ...defaultSettings,
  runtime: { kind: 'kubernetes', imagesOnNodes: false, imagePullSecrets: [], nodeSelector: {}, tolerations: [] },
};

test('a cluster has the exports and claims of a job, and only directories of this machine are a problem', () => {
  const lacks = { hostFiles: 'is on this machine' };
  const { volumes } = template;
  const of = (settings: Partial<LocalSettings>): unknown[] =>
    requirements(
      { containers: [{ image }], volumes: volumes?.slice(0, 3) },
      { ...cluster, ...settings },
      { lacks },
    ).map(({ path, fix }) => [path?.replace('template.template.', ''), fix]);
  expect(of({ claims: { b: 'claim' } })).toEqual([]);
  expect(of({ buckets: { b: '/data' }, nfs: { 's:/p': '/share' } })).toEqual([
    ['volumes[data]', 'map the bucket b to a persistent volume claim: { claim: NAME }'],
    ['volumes[share]', 'remove the mapping of s:/p, and the cluster mounts the export itself'],
  ]);
});

test('credentials of another machine do not come with its command line', () => {
  const settings: LocalSettings = { ...cluster, forwarded: true, credentials: 'adc' };
  const found = requirements({ containers: [{ image }] }, settings, { lacks: {} });
  expect(found).toEqual([
    expect.objectContaining({ path: 'credentials', fix: expect.stringContaining('serviceAccount') }),
  ]);
  expect(requirements({ containers: [{ image }] }, { ...cluster, credentials: 'adc' }, { lacks: {} })).toEqual([]);
});

test('everything that a cluster lacks is a problem with a way out', () => {
  const lacks = {
    ...{ gpus: 'g', startupOrder: 's', metadataServer: 'm', hostFiles: 'f' },
    ...{ hostNetworks: 'n', strictFs: 'f', keep: 'k' },
  };
  const problems = requirements(
    template,
    { ...everything, ...(cluster.runtime && { runtime: cluster.runtime }) },
    { lacks },
  );
  expect(problems).toHaveLength(13);
  for (const { fix } of problems) expect(fix).toBeTypeOf('string');
});

test.each([
  ...['localhost/app', 'localhost:5000/app:1', '127.0.0.1:5000/a/b', '[::1]:5000/app', 'host.docker.internal:5000/app'],
])('no node can pull %s, but it may have it', (local) => {
  const found = requirements({ containers: [{ image }, { image: local }] }, cluster, { lacks: {} });
  expect(found.map(({ path }) => path)).toEqual(['template.template.containers[1].image']);
  const runtime = cluster.runtime && { ...cluster.runtime, imagesOnNodes: true };
  expect(requirements({ containers: [{ image: local }] }, { ...cluster, runtime }, { lacks: {} })).toEqual([]);
  expect(requirements({ containers: [{ image: local }] }, defaultSettings, { lacks: {} })).toEqual([]);
});

test.each(['app', 'localhost', 'me/app:1', 'gcr.io/p/app', 'registry.example:5000/app', 'localhosts.example/app'])(
  'nodes may be able to pull %s',
  (remote) => expect(requirements({ containers: [{ image: remote }] }, cluster, { lacks: {} })).toEqual([]),
);
