import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { remedyText } from '../../../src/cli/errors.js';
import { mappingsOf } from '../../../src/model/local/mappings.js';
import { bucketOptions } from '../../../src/model/local/volume-options.js';
import { inside } from '../../../src/model/local/volume-paths.js';
import { LocalFileMessage } from '../../../src/model/local/schema.js';
import { readLocalFile } from '../../../src/model/local/read.js';

/** `line:column path: message (fix)` of every problem. */
const problems = (text: string): string[] =>
  readLocalFile('localrun.yaml', text).problems.map(
    ({ location, path, message, fix }) =>
      `${location?.line}:${location?.column} ${path}: ${message}${fix === undefined ? '' : ` (${remedyText(fix)})`}`,
  );

const mappings = (text: string): ReturnType<typeof mappingsOf> => {
  const { value, problems: found } = readLocalFile('localrun.yaml', text);
  expect(found).toEqual([]);
  return mappingsOf(value, '/work/app/localrun.yaml', '/home/dev');
};

test.each(['', '\n', '# nothing yet\n', '{}'])('%j is a file that says nothing', (text) => {
  expect(readLocalFile('localrun.yaml', text)).toMatchObject({ value: {}, problems: [] });
});

test('all that a file can say', () => {
  const text = `
project: 123456
region: europe-west1
account: dev@example.com
enforceIam: true
network: shop_default
hostAccess: true
metadata: true
credentials: adc
freshSandbox: true
strictFs: true
processLimit: 0
platform: any
pull: always
`;
  expect(readLocalFile('localrun.yaml', text)).toMatchObject({
    problems: [],
    value: {
      project: '123456',
      region: 'europe-west1',
      account: 'dev@example.com',
      enforceIam: true,
      network: 'shop_default',
      hostAccess: true,
      metadata: true,
      credentials: 'adc',
      freshSandbox: true,
      strictFs: true,
      processLimit: 0,
      platform: 'any',
      pull: 'always',
    },
  });
});

test('what the documentation shows has no problems', () => {
  const text = readFileSync(path.join(import.meta.dirname, '../../../docs/localrun-yaml.md'), 'utf8');
  const [, yaml = ''] = /```yaml\n(.*?)```/s.exec(text) ?? [];
  const { value, problems: found } = readLocalFile('localrun.yaml', yaml);
  expect(found).toEqual([]);
  expect(Object.keys(value).toSorted()).toEqual(Object.keys(LocalFileMessage.fields).toSorted());
});

describe('secrets', () => {
  test('have one value for every version, or versions with aliases and a latest one', () => {
    const { secrets } = mappings(`
secrets:
  from-file: { file: ./x }
  from-env: { env: NAME }
  from-dotenv: { dotenv: ../.env, key: NAME }
  inline: { value: '' }
  projects/other/secrets/far: { file: ~/far }
  many:
    versions:
      9: { file: /nine }
      10: { env: TEN }
      2: { value: two }
    aliases: { prod: 9, old: "2" }
  pinned: { versions: { 1: { env: ONE }, latest: { env: NEWEST } } }
`);
    expect(secrets).toEqual({
      'from-file': { '*': { file: '/work/app/x' } },
      'from-env': { '*': { env: 'NAME' } },
      'from-dotenv': { '*': { dotenv: '/work/.env', key: 'NAME' } },
      inline: { '*': { inline: '/work/app/localrun.yaml', at: ['secrets', 'inline', 'value'] } },
      'projects/other/secrets/far': { '*': { file: '/home/dev/far' } },
      many: {
        2: { inline: '/work/app/localrun.yaml', at: ['secrets', 'many', 'versions', '2', 'value'] },
        9: { file: '/nine' },
        10: { env: 'TEN' },
        latest: { env: 'TEN' },
        prod: { file: '/nine' },
        old: { inline: '/work/app/localrun.yaml', at: ['secrets', 'many', 'versions', '2', 'value'] },
      },
      pinned: { 1: { env: 'ONE' }, latest: { env: 'NEWEST' } },
    });
  });

  test('may have any name that Secret Manager takes', () => {
    const { secrets } = mappings('secrets: { __proto__: { env: A }, constructor: { versions: { "1": { env: B } } } }');
    expect(Object.entries(secrets)).toEqual([
      ['__proto__', { '*': { env: 'A' } }],
      ['constructor', { 1: { env: 'B' }, latest: { env: 'B' } }],
    ]);
  });
});

test('directories and instances', () => {
  const { buckets, nfs, cloudSql } = mappings(`
buckets: { data: ./data, other: "~" }
nfs: { "10.0.0.2:/a//b/": /mnt, "host:/": . }
cloudSql:
  p:r:a: { socket: ./proxy/p:r:a }
  p:r:b: { tcp: 127.0.0.1:5432 }
  p:r:c: { tcp: "db:3306" }
  example.com:p:r:d: { tcp: "[::1]:13306", engine: mysql }
`);
  expect(buckets).toEqual({ data: '/work/app/data', other: '/home/dev' });
  expect(nfs).toEqual({ '10.0.0.2:/a/b': '/mnt', 'host:/': '/work/app' });
  expect(cloudSql).toEqual({
    'p:r:a': { socket: '/work/app/proxy/p:r:a' },
    'p:r:b': { tcp: '127.0.0.1:5432', engine: 'postgres' },
    'p:r:c': { tcp: 'db:3306', engine: 'mysql' },
    'example.com:p:r:d': { tcp: '[::1]:13306', engine: 'mysql' },
  });
});

test('what stands in a cluster for secrets and buckets', () => {
  const text = `
secrets:
  key: { kubernetesSecret: app-keys/api.key }
buckets: { here: ./here, there: { claim: uploads } }
`;
  expect(mappings(text)).toMatchObject({
    secrets: { key: { '*': { kubernetesSecret: 'app-keys', key: 'api.key' } } },
    buckets: { here: '/work/app/here' },
    claims: { there: 'uploads' },
  });
});

test('how a cluster runs the attempts', () => {
  const text = `
runtime:
  kind: kubernetes
  context: prod
  namespace: batch
  imagesOnNodes: true
  serviceAccount: worker
  imagePullSecrets: [registry]
  nodeSelector: { pool: batch }
  tolerations: [{ key: batch, operator: Exists, effect: NoExecute, tolerationSeconds: 60 }, { key: a, value: 1 }]
  requests: { cpu: 0.5, memory: 128Mi }
`;
  expect(readLocalFile('localrun.yaml', text)).toMatchObject({
    problems: [],
    value: {
      runtime: {
        kind: 'kubernetes',
        context: 'prod',
        namespace: 'batch',
        imagesOnNodes: true,
        serviceAccount: 'worker',
        imagePullSecrets: ['registry'],
        nodeSelector: { pool: 'batch' },
        tolerations: [
          { key: 'batch', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 60 },
          { key: 'a', value: '1' },
        ],
        requests: { cpu: '0.5', memory: '128Mi' },
      },
    },
  });
});

describe('problems', () => {
  test('of what is in a cluster', () => {
    const text = `secrets:
  a: { kubernetesSecret: name }
  b: { kubernetesSecret: Name/key }
buckets:
  c: {}
  d: [x]
runtime:
  kind: podman
  requests: { cpu: much }
  tolerations:
    - value: x
    - { operator: Exists, value: x }
    - { key: k, tolerationSeconds: 1 }
`;
    expect(problems(text)).toEqual([
      '6:6 buckets.d: must be a mapping, got a list',
      '8:9 runtime.kind: must be one of docker, kubernetes, got "podman"',
    ]);
    expect(problems(text.replace('[x]', './x').replace('podman', 'kubernetes'))).toEqual([
      '2:26 secrets.a.kubernetesSecret: must be NAME/KEY',
      '3:26 secrets.b.kubernetesSecret: must be NAME/KEY',
      '5:6 buckets.c: names no claim (add claim: NAME)',
      '11:7 runtime.tolerations[0]: has no key (add key, or operator: Exists for all taints)',
      '12:34 runtime.tolerations[1].value: has no effect with operator: Exists',
      '13:36 runtime.tolerations[2].tolerationSeconds: requires effect: NoExecute',
      '9:20 runtime.requests.cpu: much is not a quantity (write it as 500m, 2 or 512Mi)',
    ]);
  });

  test('are reported all at once, where they are, with a suggestion', () => {
    const text = `secretz: {}
strictFS: yes
pull: allways
buckets: [a]
secrets:
  a: { fil: x }
  b: ./b
  c:
    versions: { 1: { file: x, env: Y } }
`;
    expect(problems(text)).toEqual([
      '1:1 secretz: unknown field of LocalFile (did you mean secrets?)',
      '2:1 strictFS: unknown field of LocalFile (did you mean strictFs?)',
      '3:7 pull: must be one of missing, always, never, got "allways" (did you mean always?)',
      '4:10 buckets: must be a mapping, got a list',
      '6:8 secrets.a.fil: unknown field of Secret (did you mean file?)',
      '7:6 secrets.b: must be a mapping, got "./b"',
      '9:20 secrets.c.versions["1"]: at most one of value, file, env, dotenv, kubernetesSecret may be set, got file and env',
    ]);
  });

  test('of what has the right types', () => {
    const text = `project: My_Project
secrets:
  a: {}
  b c: { env: B }
  d: { dotenv: .env }
  e: { file: e, key: K }
  f: { versions: { 1: {} }, aliases: { prod: 2 } }
  g: { env: G, aliases: { prod: 1 } }
buckets: { h: '' }
nfs: { /export: ./i }
cloudSql:
  p:r: { tcp: '127.0.0.1:5432' }
  p:r:j: {}
  p:r:k: { tcp: localhost }
  p:r:l: { socket: s, engine: mysql }
`;
    expect(problems(text)).toEqual([
      '1:10 project: My_Project cannot be a project',
      '3:6 secrets.a: does not say where the value is (add value, file, env, dotenv or kubernetesSecret)',
      '4:8 secrets["b c"]: is not the name of a secret (write NAME or projects/PROJECT/secrets/NAME)',
      '5:6 secrets.d: does not say which variable of the dotenv file to use (add key: NAME)',
      '6:22 secrets.e.key: requires dotenv',
      '7:23 secrets.f.versions["1"]: does not say where the value is (add value, file, env, dotenv or kubernetesSecret)',
      '7:46 secrets.f.aliases.prod: there is no version 2',
      '8:25 secrets.g.aliases: require versions',
      '9:15 buckets.h: names no directory',
      '10:17 nfs["/export"]: is not an export (write HOST:/PATH)',
      '12:8 cloudSql["p:r"]: is not an instance (write PROJECT:REGION:INSTANCE)',
      '13:10 cloudSql["p:r:j"]: does not say where the instance is (add socket: DIRECTORY, or tcp: HOST:PORT)',
      '14:17 cloudSql["p:r:k"].tcp: must be HOST:PORT',
      '15:31 cloudSql["p:r:l"].engine: requires tcp',
    ]);
  });

  test('of the file as a whole', () => {
    expect(problems('a: [')[0]).toContain('not valid YAML');
    expect(problems('project: a\n---\nproject: b')).toEqual([
      '3:1 undefined: there is a second document, which would be ignored',
    ]);
    expect(problems(`x: ${'y'.repeat(1024 * 1024)}`)[0]).toContain('larger than 1024 KiB');
  });

  test('do not show the values of secrets', () => {
    const text = `secrets:
  a: { value: hunter2, fil: x }
  b: { "value": "swordfish, \\"too\\" {", typo: 1 }
  c: { value: 1234567 }
  d:
    value: correct horse
    valu: y
`;
    const shown = JSON.stringify(readLocalFile('localrun.yaml', text).problems);
    expect(shown).toContain('{ value: *******, fil: x }');
    for (const part of ['hunter2', 'swordfish', 'too', '1234567', 'correct']) expect(shown).not.toContain(part);
  });
});

test.each([
  ['a/b', 'a/b'],
  ['./a//b/', 'a/b'],
  ['.', ''],
  ['', ''],
  ['a..b', 'a..b'],
  ['..', undefined],
  ['a/../..', undefined],
  ['a/../b', undefined],
  ['/a', undefined],
  ['a\0', undefined],
])('%j in a volume is %j', (text, expected) => {
  expect(inside(text)).toBe(expected);
});

test('options of gcsfuse', () => {
  const options = ['only-dir=a/b=c', 'implicit-dirs', 'uid=1000', '--file-mode=640', 'o=ro', 'logging:severity=trace'];
  expect(bucketOptions(options)).toEqual({
    only: 'a/b=c',
    readOnly: true,
    ignored: ['uid=1000', '--file-mode=640', 'logging:severity=trace'],
  });
});
