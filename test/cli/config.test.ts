import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { cli } from '../support/io.js';

/** Commands in a directory below one that has a localrun.yaml; LOCALRUN_PROJECT and LOCALRUN_ACCOUNT are not set. */
function below(yaml: string): { directory: string; run: ReturnType<typeof cli>['run'] } {
  const env = { LOCALRUN_PROJECT: '', LOCALRUN_ACCOUNT: '' };
  const { home, run } = cli({ env });
  const directory = path.join(home, 'app');
  const cwd = path.join(directory, 'deep', 'down');
  mkdirSync(cwd, { recursive: true });
  writeFileSync(path.join(directory, 'localrun.yaml'), yaml);
  return { directory, run: (line, more) => run(line, { cwd, ...more, env: { ...env, ...more?.env } }) };
}

interface Explained {
  file?: string;
  settings: { name: string; value: unknown; source: string }[];
  secrets: { name: string; version: string; source: string; resolves: boolean; problem?: string }[];
}
const explained = ({ stdout }: { stdout: string }): Explained => JSON.parse(stdout) as Explained;
const setting = (of: Explained, wanted: string): string => {
  const { value, source } = of.settings.find(({ name }) => name === wanted) ?? {};
  return `${String(value)} (${source})`;
};

test('flags win over variables, those over localrun.yaml, that over the variables of gcloud, those over defaults', async () => {
  const { directory, run } = below('project: of-file\nstrictFs: true\naccount: file@example.com\n');
  const file = path.join(directory, 'localrun.yaml');
  const project = async (line: string, env: Record<string, string>): Promise<string> =>
    setting(explained(await run(`config explain --format json ${line}`, { env })), 'project');
  const all = { LOCALRUN_PROJECT: 'of-env', CLOUDSDK_CORE_PROJECT: 'of-gcloud' };
  expect(await project('--project of-flag', all)).toBe('of-flag (--project)');
  expect(await project('', all)).toBe('of-env (LOCALRUN_PROJECT)');
  expect(await project('', { CLOUDSDK_CORE_PROJECT: 'of-gcloud' })).toBe(`of-file (${file}:1)`);
  const none = { LOCALRUN_CONFIG: path.join(directory, 'other.yaml') };
  writeFileSync(none.LOCALRUN_CONFIG, '');
  expect(await project('', { ...none, CLOUDSDK_CORE_PROJECT: 'of-gcloud' })).toBe('of-gcloud (CLOUDSDK_CORE_PROJECT)');
  expect(await project('', none)).toBe('local-project (default)');

  const settings = explained(await run('config explain --format json --no-strict-fs --join-network shop'));
  expect(setting(settings, 'strictFs')).toBe('false (--no-strict-fs)');
  expect(setting(settings, 'network')).toBe('shop (--join-network)');
  expect(setting(settings, 'account')).toBe(`file@example.com (${file}:3)`);
  expect(setting(settings, 'platform')).toBe('linux/amd64 (default)');
});

test('the runtime is chosen by flag, then by variable, then by localrun.yaml', async () => {
  const { directory, run } = below('runtime: { kind: kubernetes, context: prod, imagesOnNodes: true }\n');
  const file = path.join(directory, 'localrun.yaml');
  const explain = async (flags: string, env = {}): Promise<Explained> =>
    explained(await run(`config explain --format json ${flags}`, { env }));
  const chosen = await explain('');
  expect(setting(chosen, 'runtime')).toBe(`kubernetes (${file}:1)`);
  expect(setting(chosen, 'runtime.context')).toBe(`prod (${file}:1)`);
  expect(setting(chosen, 'runtime.imagesOnNodes')).toBe(`true (${file}:1)`);
  expect(setting(chosen, 'runtime.namespace')).toBe('undefined (default)');
  const local = await explain('', { LOCALRUN_RUNTIME: 'docker' });
  expect(setting(local, 'runtime')).toBe('docker (LOCALRUN_RUNTIME)');
  expect(local.settings.map(({ name }) => name)).not.toContain('runtime.context');
  expect(setting(await explain('--runtime kubernetes', { LOCALRUN_RUNTIME: 'docker' }), 'runtime')).toBe(
    'kubernetes (--runtime)',
  );
  const { code, stderr } = await run('config explain', { env: { LOCALRUN_RUNTIME: 'k8s' } });
  expect(code).toBe(2);
  expect(stderr).toContain('LOCALRUN_RUNTIME must be docker or kubernetes, got k8s');
});

test('jobs are made in the project and region of localrun.yaml, by its account', async () => {
  const { run } = below('project: shop\nregion: europe-west1\naccount: file@example.com\n');
  const { code, stdout } = await run('jobs create nightly --image i --format json');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    name: 'projects/shop/locations/europe-west1/jobs/nightly',
    creator: 'file@example.com',
  });
});

test('config explain says what is there, and shows no value', async () => {
  const { directory, run } = below(`region: us-east1
secrets:
  key: { file: ./key }
  gone: { file: ./gone }
  inline: { value: hunter2 }
  env: { env: SWORDFISH }
buckets: { data: ., none: ./none }
cloudSql: { p:r:i: { tcp: db:5432 } }
`);
  writeFileSync(path.join(directory, 'key'), 'correct horse');
  const env = { SWORDFISH: 'swordfish' };
  const { code, stdout } = await run('config explain', { env });
  expect(code).toBe(0);
  // Columns are as wide as the directory of the test makes them.
  expect(stdout.replaceAll(directory, 'DIR').replaceAll(/ {2,}/g, ' | ')).toContain(`
secrets:
NAME | SOURCE | RESOLVES
key:any | DIR/key | yes
gone:any | DIR/gone | DIR/gone: there is no such file or directory
inline:any | in DIR/localrun.yaml | yes
env:any | the environment variable SWORDFISH | yes

buckets:
NAME | SOURCE | RESOLVES
data | DIR | yes
none | DIR/none | DIR/none: there is no such file or directory

cloudSql:
NAME | SOURCE | RESOLVES
p:r:i | db:5432 (postgres) | not tried
`);
  const { stdout: json } = await run('config explain --format json', { env });
  expect(explained({ stdout: json })).toMatchObject({
    file: path.join(directory, 'localrun.yaml'),
    secrets: [{ name: 'key', version: 'any', resolves: true }, { resolves: false }, { resolves: true }, {}],
  });
  for (const value of ['hunter2', 'correct horse', 'swordfish']) expect(stdout + json).not.toContain(value);
});

test('config explain without a file says so', async () => {
  const { code, stdout } = await cli().run('config explain');
  expect(code).toBe(0);
  expect(stdout).toContain('File: none; there is no localrun.yaml in this directory or above it');
});

test('a file with problems stops every command, and says where they are', async () => {
  const { directory, run } = below('project: shop\nstrictfs: true\n');
  for (const line of ['config explain', 'jobs list', 'jobs create nightly --image i']) {
    const { code, stdout, stderr } = await run(line);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr.replaceAll(directory, 'DIR')).toContain(`DIR/localrun.yaml has a problem:
DIR/localrun.yaml:2:1: strictfs: unknown field of LocalFile
    strictfs: true
    ^
    Did you mean strictFs?
`);
  }
  expect(await run('jobs --help')).toMatchObject({ code: 0 });
});

test('a file that is found is named by every command, and one of another user is refused', async () => {
  const { directory, run } = below('region: us-east1\n');
  const file = path.join(directory, 'localrun.yaml');
  const used = {
    code: 0,
    stdout: '',
    stderr: expect.stringMatching(/^Using .*\/app\/localrun\.yaml\.\nListed 0 items\./),
  };
  expect(await run('jobs list')).toEqual(used);
  expect((await run('jobs list', { cwd: directory })).stderr).toContain('Using localrun.yaml.\n');
  expect(await run('__complete job')).toEqual({ code: 0, stdout: '', stderr: '' });
  const stranger = { trusted: [(process.getuid?.() ?? 0) + 1] };
  for (const line of ['jobs list', 'config explain']) {
    const { code, stdout, stderr } = await run(line, stranger);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/localrun\.yaml belongs to another user \(number \d+\), and could give your files/);
    expect(stderr).toContain(`Try: read it, and set LOCALRUN_CONFIG=${file} if you trust it, `);
  }
  // A file that is named is trusted.
  expect(await run('jobs list', { ...stranger, env: { LOCALRUN_CONFIG: file } })).toEqual(used);
});

test.each([
  ['none.yaml', 'there is no such file'],
  ['.', 'it is a directory'],
])('LOCALRUN_CONFIG=%s', async (name, why) => {
  const { code, stderr } = await cli().run('config explain', { env: { LOCALRUN_CONFIG: name } });
  expect(code).toBe(1);
  expect(stderr).toContain(`Cannot read the configuration`);
  expect(stderr).toContain(`: ${why}.`);
});

test('config init adds what a job lacks, says what it did, and does nothing twice', async () => {
  const { run, file, home } = cli({ env: { LOCALRUN_PROJECT: '', LOCALRUN_ACCOUNT: '' } });
  file(
    'job.yaml',
    `apiVersion: run.googleapis.com/v1
kind: Job
metadata: {name: nightly}
spec:
  template:
    spec:
      template:
        spec:
          containers:
            - image: alpine
              env: [{name: PW, valueFrom: {secretKeyRef: {name: db-password, key: latest}}}]
              volumeMounts: [{name: data, mountPath: /data}]
          volumes:
            - {name: data, csi: {driver: gcsfuse.run.googleapis.com, volumeAttributes: {bucketName: uploads}}}
            - {name: unused, secret: {secretName: nothing}}
`,
  );
  const { code, stdout, stderr } = await run('config init -f job.yaml');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toBe(`Created localrun.yaml:
  secrets:
    db-password: { file: ./secrets/db-password }
  buckets:
    uploads: ./buckets/uploads
Created secrets/.gitignore
Created secrets/db-password
Created buckets/uploads
`);
  writeFileSync(path.join(home, 'secrets', 'db-password'), 'hunter2');
  // A glob takes what it matches, and that is no job.
  expect((await run('config init -f *.yaml')).stderr).toContain('localrun.yaml has');
  expect((await run('config init -f job.yaml')).stdout).toBe('Nothing is missing in localrun.yaml.\n');
  await run('jobs replace job.yaml');
  expect((await run('config init nightly')).stdout).toBe('Nothing is missing in localrun.yaml.\n');
  expect((await run('config explain')).stdout).toMatch(/db-password:any +\S+ +yes/);
  expect(await run('config init')).toMatchObject({ code: 1, stdout: '' });
  expect(await run('config init none')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('Cannot find job [none]'),
  });
});
