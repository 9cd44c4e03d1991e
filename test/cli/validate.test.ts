import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { cli } from '../support/io.js';

const good = 'name: fine\ntemplate: {template: {containers: [{image: alpine}]}}\n';
const bad = 'name: wrong\ntemplate:\n  taskCount: 10001\n  template: {containers: [{image: alpine}]}\n';
const odd = 'name: odd\ntemplate: {template: {containers: [{image: alpine, workingDir: app}]}}\n';

describe('validate', () => {
  test('takes files as arguments, globs, and directories in globs, each file once', async () => {
    const { run, file, home } = cli();
    mkdirSync(path.join(home, 'deploy', 'eu'), { recursive: true });
    for (const name of ['a.yaml', 'deploy/b.yaml', 'deploy/eu/c.yaml', 'deploy/d[1].yaml']) file(name, good);
    const files = async (line: string): Promise<string[]> =>
      (JSON.parse((await run(`jobs validate ${line} --format json`)).stdout) as { file: string }[]).map(
        (one) => one.file,
      );
    expect(await files('a.yaml -f deploy/b.yaml')).toEqual(['deploy/b.yaml', 'a.yaml']);
    expect(await files('**/*.yaml a.yaml')).toEqual([
      'a.yaml',
      'deploy/b.yaml',
      'deploy/d[1].yaml',
      'deploy/eu/c.yaml',
    ]);
    // A file of that name is meant, whatever it would match.
    expect(await files('deploy/d[1].yaml')).toEqual(['deploy/d[1].yaml']);
  });

  test('tells what cannot be read like any problem, and goes on', async () => {
    const { run, file } = cli();
    const { code, stdout } = await run(`jobs validate nope.yaml *.json ${file('fine.yaml', good)}`);
    expect(code).toBe(1);
    expect(stdout).toBe(
      'Cannot read the job spec nope.yaml: there is no such file.\nCannot read the job spec *.json: there is no such file.\nfine.yaml: valid (fine)\n',
    );
  });

  test('shows problems at their lines on GitHub, which obeys nothing that a spec says', async () => {
    const { run, file } = cli({ env: { GITHUB_ACTIONS: 'true' } });
    const { stdout, stderr } = await run(`jobs validate ${file('wrong.yaml', bad)}`);
    expect(stdout).toMatch(/^::stop-commands::(\S+)\nwrong\.yaml:3:14: [^]*\n::\1::\n$/);
    expect(stderr).toMatch(/^::error file=wrong\.yaml,line=3,col=14::template\.taskCount: .*\n$/);
    expect((await run('jobs validate wrong.yaml --format json')).stdout).toMatch(/^\[/);
  });

  test('shows 50 problems of a file, errors first, and says how many more there are', async () => {
    const { run, file } = cli();
    const dupes = Array.from({ length: 60 }, () => '{name: A, value: b}').join(', ');
    const spec = `name: many\ntemplate: {template: {containers: [{image: i, env: [${dupes}]}]}}\ntaskCount: 1\n`;
    const { stdout } = await run(`jobs validate ${file('many.yaml', spec)}`);
    expect(stdout).toMatch(/^many\.yaml:\d+:1: taskCount: /);
    expect(stdout.match(/^many\.yaml:/gm)).toHaveLength(50);
    expect(stdout).toMatch(/^and 10 more$/m);
  });

  test('for machines: file, line, column, path, rule, severity, message and fix', async () => {
    const { run, file } = cli();
    const { code, stdout } = await run(`jobs validate ${file('bad.yaml', bad)} ${file('odd.yaml', odd)} --format json`);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual([
      {
        file: 'bad.yaml',
        valid: false,
        jobs: [],
        problems: [
          {
            file: 'bad.yaml',
            line: 3,
            column: 14,
            path: 'template.taskCount',
            rule: 'task-count',
            severity: 'error',
            message: 'must be a number between 0 and 10000',
          },
        ],
      },
      {
        file: 'odd.yaml',
        valid: true,
        jobs: ['odd'],
        problems: [expect.objectContaining({ rule: 'working-dir', severity: 'warning', line: 2 })],
      },
    ]);
  });

  test('takes warnings, unless --strict', async () => {
    const { run, file } = cli();
    expect(await run(`jobs validate ${file('odd.yaml', odd)}`)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^odd.yaml:2:64: warning: .*\n.*\n.*\nodd.yaml: valid \(odd\)\n$/),
    });
    expect(await run('jobs validate odd.yaml --strict')).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^odd.yaml:2:64: template/),
    });
  });
});

test('a wrong spec leaves the stored job as it was, and so does an odd one with --strict', async () => {
  const { run, file } = cli();
  const named = (text: string): string => text.replace(/name: .*/, 'name: etl');
  expect(await run(`jobs replace ${file('job.yaml', named(good))}`)).toMatchObject({ code: 0 });
  const before = (await run('jobs describe etl --format json')).stdout;
  file('bad.yaml', named(bad));
  file('odd.yaml', named(odd));
  for (const line of ['replace bad.yaml', 'run -f bad.yaml', 'replace odd.yaml --strict', 'run -f odd.yaml --strict']) {
    expect(await run(`jobs ${line}`)).toMatchObject({ code: 1, stdout: '' });
    expect((await run('jobs describe etl --format json')).stdout).toBe(before);
  }
  expect(await run('jobs replace odd.yaml')).toMatchObject({ code: 0, stderr: expect.stringContaining('warning: ') });
});

const specs = fileURLToPath(new URL('../fixtures/specs', import.meta.url));
const corpus = ['good', 'odd', 'bad']
  .flatMap((kind) => readdirSync(path.join(specs, kind)).map((name) => path.join(specs, kind, name)))
  .filter((name) => !name.endsWith('.expected'));

test('create and replace take the files that validate calls valid, and no others', async () => {
  const { run } = cli();
  const { stdout } = await run(['jobs', 'validate', ...corpus, '--format', 'json']);
  const checked = JSON.parse(stdout) as { file: string; valid: boolean; jobs: string[] }[];
  const taken = async (line: string): Promise<boolean> => {
    const { code, stderr } = await run(line);
    return code === 0 || stderr.includes('already exists');
  };
  const otherwise: string[] = [];
  for (const [i, { file, valid, jobs }] of checked.entries()) {
    // What does not name its job, as the body of a request, can be created under a name only.
    const nameless = jobs[0] === 'unnamed job';
    const created = await taken(`jobs create ${nameless ? `job-${i} ` : ''}-f ${file} --async`);
    const replaced = nameless || file.includes('/bad/') ? valid : await taken(`jobs replace ${file} --async`);
    if (created !== valid || replaced !== valid) otherwise.push(file);
  }
  expect(otherwise).toEqual([]);
});

test('the project and the region of a file count unless the command line says otherwise', async () => {
  const { run, file } = cli();
  const spec = file(
    'job.yaml',
    `apiVersion: run.googleapis.com/v1
kind: Job
metadata: {name: nightly, namespace: My Project, labels: {cloud.googleapis.com/location: europe-west1}}
spec: {template: {spec: {template: {spec: {containers: [{image: alpine}]}}}}}
`,
  );
  const { code, stderr } = await run(`jobs create -f ${spec}`);
  expect(code).toBe(1);
  expect(stderr).toContain('job.yaml:3:38: metadata.namespace: "My Project" cannot be a project\n');
  const named = async (line: string): Promise<string> =>
    (JSON.parse((await run(`${line} --format json`)).stdout) as { name: string }).name;
  expect(await named(`jobs create -f ${spec} --project q`)).toBe('projects/q/locations/europe-west1/jobs/nightly');
  expect(await named(`jobs create weekly -f ${spec} --project q --region r`)).toBe(
    'projects/q/locations/r/jobs/weekly',
  );
  expect(await named(`jobs create weekly -f ${spec} --project q`)).toBe(
    'projects/q/locations/europe-west1/jobs/weekly',
  );
});
