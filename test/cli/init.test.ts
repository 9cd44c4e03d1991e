import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { cli } from '../support/io.js';

const fixtures = path.join(import.meta.dirname, '../fixtures');
const fixture = (name: string): string => path.join(fixtures, name);
const dockerfile = 'FROM busybox\nCMD ["true"]\n';

test('makes a job of the one source in a directory, which every command takes as it is', async () => {
  const { run, home, file } = cli();
  const cwd = path.join(home, 'My App');
  mkdirSync(cwd);
  cpSync(fixture('init/Dockerfile'), path.join(cwd, 'Dockerfile'));
  // Neither of them is a source.
  writeFileSync(path.join(cwd, 'package.json'), '{"name": "x"}');
  writeFileSync(path.join(cwd, 'values.yaml'), '{{ template }}');
  const made = await run('init', { cwd });
  expect(made).toEqual({
    code: 0,
    stdout: `Created job.yaml of Dockerfile. Its comments say what was left out.\nNext:\n  localrun jobs run job.yaml --build .\n`,
    stderr: '',
  });
  expect(await run('jobs validate job.yaml', { cwd })).toMatchObject({ code: 0, stdout: 'job.yaml: valid (my-app)\n' });
  expect(await run('jobs replace job.yaml', { cwd })).toMatchObject({ code: 0 });
  const [first] = readFileSync(path.join(cwd, 'job.yaml'), 'utf8').split('\n');
  const [, schema = ''] = /^# yaml-language-server: \$schema=(.*)$/.exec(first ?? '') ?? [];
  expect(JSON.parse(readFileSync(path.resolve(cwd, schema), 'utf8'))).toMatchObject({ definitions: expect.anything() });
  // Nothing is overwritten unless the user says so.
  const text = readFileSync(path.join(cwd, 'job.yaml'), 'utf8');
  writeFileSync(path.join(cwd, 'job.yaml'), 'mine\n');
  expect(await run('init', { cwd })).toEqual({
    code: 1,
    stdout: '',
    stderr:
      'ERROR: (localrun.init) job.yaml exists already, and stays as it is.\nTry: --force to overwrite it, or --output FILE\n',
  });
  expect(readFileSync(path.join(cwd, 'job.yaml'), 'utf8')).toBe('mine\n');
  expect(await run('init --force', { cwd })).toMatchObject({ code: 0 });
  expect(readFileSync(path.join(cwd, 'job.yaml'), 'utf8')).toBe(text);
  expect(await run('init --output -', { cwd })).toEqual({ code: 0, stdout: text, stderr: '' });
  expect(await run('init other -o other.yaml --format json', { cwd })).toMatchObject({
    code: 0,
    stdout: `{\n  "file": "other.yaml",\n  "job": "other",\n  "run": "localrun jobs run other.yaml --build .",\n  "secrets": [],\n  "source": "Dockerfile"\n}\n`,
  });
  expect(await run(`init --from ${file('x.txt', dockerfile)} -o -`)).toMatchObject({ code: 0 });
});

test('of several sources, flags choose one, or the user does; otherwise all are listed', async () => {
  const { run, home } = cli();
  cpSync(fixture('init/compose.yaml'), path.join(home, 'compose.yaml'));
  cpSync(fixture('init/etl.env'), path.join(home, 'etl.env'));
  cpSync(fixture('init/cronjob.yaml'), path.join(home, 'cron.yaml'));
  cpSync(fixture('specs/odd/terraform-plan.json'), path.join(home, 'plan.json'));
  cpSync(fixture('specs/good/v1-minimal.yaml'), path.join(home, 'spec.yaml'));
  const listed = [
    '  the service etl in compose.yaml: localrun init --from compose.yaml --service etl',
    '  the service two-secrets in compose.yaml: localrun init --from compose.yaml --service two-secrets',
    '  the service db in compose.yaml: localrun init --from compose.yaml --service db',
    '  the CronJob nightly in cron.yaml: localrun init --from cron.yaml',
    '  google_cloud_run_v2_job.nightly in plan.json: localrun init --from plan.json',
  ].join('\n');
  expect(await run('init')).toEqual({
    code: 2,
    stdout: '',
    stderr: `ERROR: (localrun.init) A job can be made of each of these:\n${listed}\n`,
  });
  expect(await run('init --service nope')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`There is no nope in this directory:\n${listed}\n`),
  });
  expect(existsSync(path.join(home, 'job.yaml'))).toBe(false);
  const asked = await run('init -o two.yaml', { terminal: 100, stdin: '9\n2\n' });
  expect(asked).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('of the service two-secrets in compose.yaml'),
  });
  expect(asked.stderr).toContain(' [2] the service two-secrets in compose.yaml\n');
  for (const [i, line] of ['--service etl', '--from cron.yaml', '--from plan.json'].entries()) {
    expect(await run(`init ${line} -o ${i}.yaml`)).toMatchObject({ code: 0 });
    expect(await run(`jobs replace ${i}.yaml --region us-central1 --project p`)).toMatchObject({ code: 0 });
  }
  const secrets = await run('init --service etl --force --format=value(secrets)');
  expect(secrets.stdout).toBe('database-password;api-token;db-password\n');
  const stdin = readFileSync(fixture('init/cronjob.yaml'), 'utf8');
  expect(await run('init --from - -o -', { stdin })).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('<stdin>:'),
  });
});

test('prints command lines that a shell reads as they are meant, and does not wait for a pipe', async () => {
  const { run, home } = cli();
  // Nor does it search each line of a large file to its end.
  writeFileSync(path.join(home, 'rows.json'), `[\n${'{"a": 1},\n'.repeat(60_000)}{}]`);
  execFileSync('mkfifo', [path.join(home, 'pipe.yaml'), path.join(home, 's.env')]);
  const service = (name: string): object => ({ [name]: { build: 'my app', image: 'i', env_file: 's.env' } });
  writeFileSync(path.join(home, 'compose.yaml'), JSON.stringify({ services: { ...service('a; b'), ...service('c') } }));
  expect((await run('init')).stderr).toContain("localrun init --from compose.yaml --service 'a; b'\n");
  const made = await run(['init', '--service', 'a; b', '-o', 'my job.yaml']);
  expect(made.stdout).toContain("  localrun jobs run 'my job.yaml' --build 'my app'\n");
});

test.for<[what: string, line: string, files: Record<string, string>, code: number, says: string]>([
  [
    'nothing to make it of',
    'init',
    {},
    2,
    'There is nothing in this directory that a job can be made of.\nTry: give a Dockerfile',
  ],
  ['a file that is not there', 'init --from nope', {}, 2, 'Cannot read the file nope: there is no such file.'],
  [
    'a broken compose file',
    'init',
    { 'compose.yaml': 'services: [' },
    2,
    'compose.yaml cannot be read:\ncompose.yaml:1:12: ',
  ],
  [
    'a job spec',
    'init --from a.yaml',
    { 'a.yaml': 'template: {}\n' },
    2,
    'a.yaml is a job spec already.\nTry: localrun jobs run a.yaml',
  ],
  ['an invalid name', 'init Not_valid', { Dockerfile: dockerfile }, 2, 'Invalid job name [Not_valid].'],
  ['no directory', 'init -o no/job.yaml', { Dockerfile: dockerfile }, 1, 'Cannot write no/job.yaml: ENOENT'],
  [
    'a source that makes no valid job',
    'init',
    { 'compose.yaml': 'services: {s: {image: "$NOPE"}}' },
    1,
    'What the service s in compose.yaml says makes no valid job:\njob.yaml:',
  ],
])('refuses %s', async ([, line, files, code, says]) => {
  const { run, file, home } = cli();
  for (const [name, text] of Object.entries(files)) file(name, text);
  const result = await run(line);
  expect(result).toMatchObject({ code, stdout: '' });
  expect(result.stderr).toContain(says);
  expect(existsSync(path.join(home, 'job.yaml'))).toBe(false);
});
