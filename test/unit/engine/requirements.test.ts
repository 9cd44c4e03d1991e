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
  ...{
    metadata: true,
    credentials: 'adc',
    network: 'n',
    hostAccess: true,
    strictFs: true,
    keep: true,
    keepFailed: true,
  },
};

test.each<[Feature, (string | undefined)[]]>([
  ['gpus', ['template.template.containers[app].resources.limits["nvidia.com/gpu"]']],
  ['startupOrder', ['template.template.containers[app].dependsOn', 'template.template.containers[db].startupProbe']],
  ['metadataServer', ['metadata']],
  ['hostFiles', [...['data', 'share', 'sql'].map((name) => `template.template.volumes[${name}]`), 'credentials']],
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
    strictFs: '',
    keep: '',
  };
  expect(requirements({ containers: [{ image }] }, defaultSettings, { lacks })).toEqual([]);
});
