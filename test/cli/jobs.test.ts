import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { cli } from '../support/io.js';

const ok = (stderr: string, stdout = ''): object => ({ code: 0, stdout, stderr });
const hint = (job: string): string => `\nTo execute this job, use:\nlocalrun jobs execute ${job}\n`;
const doing = (what: 'Creating' | 'Updating', job: string, where = ['p', 'us-central1']): string =>
  `${what} Cloud Run job [${job}] in project [${where[0]}] region [${where[1]}]\n${what} job...\n`;
const created = (job: string, flags = '', where?: string[]): object =>
  ok(`${doing('Creating', job, where)}Done.\nJob [${job}] has successfully been created.\n${hint(job + flags)}`);

const v1 = `apiVersion: run.googleapis.com/v1
kind: Job
metadata:
  name: etl
spec:
  template:
    spec:
      taskCount: 3
      template:
        spec:
          maxRetries: 1
          containers:
            - image: localrun/sample:latest
              env:
                - name: GREETING
                  value: hello
`;
const v2 = `name: etl
template:
  taskCount: 3
  template:
    maxRetries: 1
    containers:
      - image: localrun/sample:latest
        env:
          - name: GREETING
            value: hello
`;

interface Spec {
  template: { taskCount: number; parallelism?: number; template: Record<string, unknown> & { containers: object[] } };
}

describe('create', () => {
  test('from flags', async () => {
    const { run } = cli();
    const flags = [
      '--tasks=4 --parallelism=2 --max-retries=0 --task-timeout=1.5h --memory=1Gi --cpu=2 --labels=team=a,env=dev',
      '--set-env-vars=A=1,B=x=y --command=python,-u --args=-c,print(1)',
    ];
    expect(await run(`jobs create etl --image gcr.io/p/img:1 ${flags.join(' ')}`)).toEqual(created('etl'));
    const job = JSON.parse((await run('jobs describe etl --format json')).stdout) as Spec;
    expect(job).toMatchObject({
      name: 'projects/p/locations/us-central1/jobs/etl',
      creator: 'dev@example.com',
      createTime: '2026-11-23T12:00:00.000000Z',
      labels: { team: 'a', env: 'dev' },
      template: {
        labels: { team: 'a', env: 'dev' },
        taskCount: 4,
        parallelism: 2,
        template: {
          maxRetries: 0,
          timeout: '5400s',
          containers: [
            {
              image: 'gcr.io/p/img:1',
              command: ['python', '-u'],
              args: ['-c', 'print(1)'],
              env: [
                { name: 'A', value: '1' },
                { name: 'B', value: 'x=y' },
              ],
              resources: { limits: { cpu: '2', memory: '1Gi' } },
            },
          ],
        },
      },
    });
  });

  test.each([
    ['v1 YAML', 'job.yaml', v1],
    ['v2 YAML', 'job.yaml', v2],
    ['v1 JSON', 'job.json', JSON.stringify(parse(v1))],
    ['v2 JSON', 'job.json', JSON.stringify(parse(v2))],
    ['v1 YAML with CRLF', 'job.yaml', v1.replaceAll('\n', '\r\n')],
    ['v2 YAML with a byte order mark', 'job.yaml', `\u{feff}${v2}`],
  ])('from a file of %s', async (_, name, text) => {
    const { run, file } = cli();
    expect(await run(`jobs create -f ${file(name, text)}`)).toEqual(created('etl'));
    const job = JSON.parse((await run('jobs describe etl --format json')).stdout) as Spec;
    expect(job.template).toMatchObject({
      taskCount: 3,
      template: { maxRetries: 1, containers: [{ env: [{ name: 'GREETING', value: 'hello' }] }] },
    });
  });

  test('from stdin', async () => {
    const { run } = cli();
    expect(await run('jobs create -f -', { stdin: v1 })).toEqual(created('etl'));
  });

  test('from a file, with flags that win', async () => {
    const { run, file } = cli();
    const name = file('job.yaml', v1);
    expect(await run(`jobs create nightly -f ${name} --region europe-west1 --tasks 9`)).toEqual(
      created('nightly', ' --region europe-west1', ['p', 'europe-west1']),
    );
    const { stdout } = await run(
      'jobs describe nightly --region europe-west1 --format value(name,region,template.taskCount)',
    );
    expect(stdout).toBe('nightly\teurope-west1\t9\n');
  });

  test('refuses a job that is there', async () => {
    const { run } = cli();
    await run('jobs create etl --image i');
    expect(await run('jobs create etl --image j')).toEqual({
      code: 1,
      stdout: '',
      stderr: `${doing('Creating', 'etl')}failed\nJob failed to deploy\nERROR: (localrun.jobs.create) Job [etl] already exists.\n`,
    });
    expect((await run('jobs describe etl --format value(template.template.containers[0].image)')).stdout).toBe('i\n');
  });

  test('prints the job where a format is asked for', async () => {
    const { stdout, stderr } = await cli().run('jobs create etl --image i --format value(name)');
    expect(stdout).toBe('etl\n');
    expect(stderr).toContain('has successfully been created');
  });

  test('tells problems by the flags that make them', async () => {
    const { run } = cli();
    const { code, stderr } = await run('jobs create etl --image Not/Lower --max-retries 99 --set-env-vars=PORT=1');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^ERROR: \(localrun\.jobs\.create\) Job \[etl\] is invalid:\n/);
    for (const flag of ['--image: ', '--max-retries: ', '--set-env-vars: ']) expect(stderr).toContain(`\n${flag}`);
    expect((await run('jobs list')).stdout).toBe('');
  });
});

describe('update', () => {
  test('changes what the flags name and nothing else', async () => {
    const { run, file } = cli();
    await run(`jobs create -f ${file('job.yaml', v1)}`);
    expect(await run('jobs update etl --tasks 7 --labels team=b')).toEqual(
      ok(`${doing('Updating', 'etl')}Done.\nJob [etl] has successfully been updated.\n${hint('etl')}`),
    );
    const job = JSON.parse((await run('jobs describe etl --format json')).stdout) as Spec;
    expect(job).toMatchObject({
      generation: '2',
      labels: { team: 'b' },
      template: { taskCount: 7, template: { maxRetries: 1, containers: [{ image: 'localrun/sample:latest' }] } },
    });
  });

  test('keeps the variables that it does not set only where they are secrets', async () => {
    const { run, file } = cli();
    const secret = v2.replace(
      'env:',
      'env:\n          - name: PW\n            valueSource: {secretKeyRef: {secret: pw, version: latest}}',
    );
    await run(`jobs create -f ${file('job.yaml', secret)}`);
    await run('jobs update etl --set-env-vars A=1');
    const { stdout } = await run('jobs describe etl --format json(template.template.containers[0].env)');
    expect(JSON.parse(stdout)).toEqual({
      template: {
        template: {
          containers: [
            {
              env: [
                { name: 'PW', valueSource: { secretKeyRef: { secret: 'pw', version: 'latest' } } },
                { name: 'A', value: '1' },
              ],
            },
          ],
        },
      },
    });
  });

  test('says which job is missing, and which name is near', async () => {
    const { run } = cli();
    await run('jobs create nightly --image i');
    expect(await run('jobs update nihgtly --tasks 2')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'ERROR: (localrun.jobs.update) Job [nihgtly] could not be found.\nDid you mean nightly?\n',
    });
  });
});

describe('replace', () => {
  test('creates, replaces as a whole, and leaves alone what is the same', async () => {
    const { run, file } = cli();
    const name = file('job.yaml', v1);
    const said = (change: 'Creating' | 'Updating', what: string): object =>
      ok(`${doing(change, 'etl')}Done.\nJob [etl] ${what}.\n${hint('etl')}`);
    expect(await run(`jobs replace ${name}`)).toEqual(said('Creating', 'has been successfully created'));
    expect(await run(`jobs replace -f ${name}`)).toEqual(said('Updating', 'is unchanged'));
    file('job.yaml', v1.replace('          maxRetries: 1\n', ''));
    // ./job.yaml is what it reads if no file is named.
    expect(await run('jobs replace')).toEqual(said('Updating', 'has been successfully updated'));
    const { stdout } = await run('jobs describe etl --format value(generation,template.template.maxRetries)');
    expect(stdout).toBe('2\t3\n');
  });

  test('reads what describe exports', async () => {
    const { run, file } = cli();
    await run('jobs create etl --image i --tasks 3 --set-env-vars A=1 --labels team=a --max-retries 0');
    const exported = await run('jobs describe etl --format export');
    expect(parse(exported.stdout)).toMatchObject({
      apiVersion: 'run.googleapis.com/v1',
      kind: 'Job',
      metadata: { name: 'etl', namespace: 'p', labels: { team: 'a' } },
      spec: { template: { spec: { taskCount: 3, template: { spec: { maxRetries: 0 } } } } },
    });
    const { stderr } = await run(`jobs replace ${file('exported.yaml', exported.stdout)}`);
    expect(stderr).toContain('Job [etl] is unchanged.');
  });

  test('takes the file once', async () => {
    expect(await cli().run('jobs replace a.yaml -f b.yaml')).toMatchObject({ code: 2 });
  });
});

describe('describing a job', () => {
  test('shows the job as gcloud does', async () => {
    const { run, file } = cli();
    await run(`jobs create -f ${file('job.yaml', v1)} --labels team=a`);
    expect(await run('jobs describe etl')).toEqual(
      ok(
        '',
        `✔ Job etl in region us-central1
Executed 0 times
Last updated on 2026-11-23T12:00:00.000000Z by dev@example.com
 
team:a
 
Tasks:           3
Parallelism:     No limit
Container
  Image:         localrun/sample:latest
  Memory:        512Mi
  CPU:           1000m
  Env vars:
    GREETING     hello
Task Timeout:    10m
Max Retries:     1
Service account: 100000000000-compute@developer.gserviceaccount.com
`,
      ),
    );
  });

  test.each(['namespaces/p/jobs/etl', 'projects/p/locations/us-central1/jobs/etl'])('finds %s', async (name) => {
    const { run } = cli();
    await run('jobs create etl --image i');
    expect((await run(`jobs describe ${name} --format value(name)`)).stdout).toBe('etl\n');
  });

  test('says which job is missing, and which name is near', async () => {
    const { run } = cli();
    await run('jobs create nightly --image i');
    expect(await run('jobs describe nightli')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'ERROR: (localrun.jobs.describe) Cannot find job [nightli].\nDid you mean nightly?\n',
    });
    expect((await run('jobs describe other')).stderr).toBe(
      'ERROR: (localrun.jobs.describe) Cannot find job [other].\n',
    );
  });
});

describe('list', () => {
  test('of no jobs prints nothing but how to make one', async () => {
    const { run } = cli();
    const stderr = 'Listed 0 items. To make one: localrun jobs create NAME --image IMAGE\n';
    expect(await run('jobs list')).toEqual(ok(stderr));
    expect(await run('jobs list --format json')).toEqual(ok(stderr, '[]\n'));
    expect(await run('jobs list --format yaml')).toEqual(ok(stderr));
    expect(await run('jobs list --format value(name)')).toEqual(ok(stderr));
  });

  test('shows all regions by name, or one', async () => {
    const { run } = cli();
    await run('jobs create zeta --image i --region asia-east1');
    await run('jobs create alpha --image i');
    await run('jobs create alpha --image i --region europe-west1');
    await run('jobs create alpha-2 --image i');
    await run('jobs create other --image i --project q');
    expect((await run('jobs list')).stdout)
      .toBe(`   JOB      REGION        LAST RUN AT  CREATED                  CREATED BY
✔  alpha    europe-west1               2026-11-23 12:00:00 UTC  dev@example.com
✔  alpha    us-central1                2026-11-23 12:00:00 UTC  dev@example.com
✔  alpha-2  us-central1                2026-11-23 12:00:00 UTC  dev@example.com
✔  zeta     asia-east1                 2026-11-23 12:00:00 UTC  dev@example.com
`);
    expect((await run('jobs list --limit 2 --format value(region)')).stdout).toBe('europe-west1\nus-central1\n');
    expect((await run('jobs list --region asia-east1 --format value(name)')).stdout).toBe('zeta\n');
    expect((await run('jobs list --sort-by name,~region --limit 1 --format value(name,region)')).stdout).toBe(
      'alpha\tus-central1\n',
    );
  });

  test('sorts by fields, absent ones first, numbers as numbers', async () => {
    const { run } = cli();
    await run('jobs create a --image i --tasks 10');
    await run('jobs create b --image i --tasks 9 --labels team=x');
    await run('jobs create c --image i --tasks 9 --labels team=w');
    const names = async (key: string): Promise<string> =>
      (await run(`jobs list --format value(name) --sort-by ${key}`)).stdout.replaceAll('\n', '');
    expect(await names('template.taskCount')).toBe('bca');
    expect(await names('~template.taskCount,labels.team')).toBe('acb');
    expect(await names('labels.team')).toBe('acb');
  });
});

describe('delete', () => {
  test('asks, and does what the answer says', async () => {
    const { run } = cli();
    const question = 'Job [etl] will be deleted.\n\nDo you want to continue (Y/n)?  ';
    await run('jobs create etl --image i');
    expect(await run('jobs delete etl', { stdin: 'n\n', terminal: 80 })).toEqual({
      code: 1,
      stdout: '',
      stderr: `${question}ERROR: (localrun.jobs.delete) Aborted by user.\n`,
    });
    expect(await run('jobs delete etl', { stdin: 'what\ny\n', terminal: 80 })).toEqual(
      ok(
        `${question}Please enter 'y' or 'n'.\nDo you want to continue (Y/n)?  Deleting [etl]...\nDeleting [etl]...done.\nDeleted job [etl].\n`,
      ),
    );
    expect((await run('jobs list')).stdout).toBe('');
  });

  test('takes an answer from a pipe, and Enter for yes', async () => {
    const { run } = cli();
    for (const stdin of ['y\n', '\n', 'YES\n']) {
      await run('jobs create etl --image i');
      expect(await run('jobs delete etl', { stdin })).toMatchObject({ code: 0 });
    }
  });

  test('does nothing without a terminal to ask on, and does not ask with --quiet', async () => {
    const { run } = cli();
    await run('jobs create etl --image i');
    const { code, stderr } = await run('jobs delete etl');
    expect(code).toBe(1);
    expect(stderr).toContain('You can re-run the command with the --quiet flag');
    expect((await run('jobs list --format value(name)')).stdout).toContain('etl');
    expect(await run('jobs delete etl --quiet')).toEqual(ok('Deleting [etl]...\ndone.\nDeleted job [etl].\n'));
  });

  test('does not ask about a job that is not there', async () => {
    expect(await cli().run('jobs delete etl')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'ERROR: (localrun.jobs.delete) Job [etl] could not be found.\n',
    });
  });
});

test('get-iam-policy prints the policy of a job that has none', async () => {
  const { run } = cli();
  await run('jobs create etl --image i');
  expect(await run('jobs get-iam-policy etl')).toEqual(ok('', 'etag: ACAB\n'));
  expect(await run('jobs get-iam-policy nope')).toMatchObject({ code: 1, stdout: '' });
});

test('validate tells valid files from others and stores nothing', async () => {
  const { run, file } = cli();
  expect(await run(`jobs validate -f ${file('good.yaml', v1)}`)).toEqual(ok('', 'good.yaml: valid (etl)\n'));
  file('bad.yaml', v1.replace('maxRetries: 1', 'maxRetries: 12'));
  const { code, stdout } = await run('jobs validate -f good.yaml bad.yaml');
  expect(code).toBe(1);
  expect(stdout).toContain('good.yaml: valid (etl)\nbad.yaml:11:23: spec.template.spec.template.spec.maxRetries: ');
  expect((await run('jobs list')).stdout).toBe('');
});

test('the quickstart example is valid', async () => {
  const { run } = cli();
  const text = readFileSync(path.join(import.meta.dirname, '..', '..', 'examples', 'quickstart.yaml'), 'utf8');
  expect(await run('jobs validate -f -', { stdin: text })).toEqual(ok('', '<stdin>: valid (quickstart)\n'));
});

describe('with specs of several projects and regions', () => {
  const spec = (namespace: string, location: string): string => `apiVersion: run.googleapis.com/v1
kind: Job
metadata: {name: nightly, namespace: '${namespace}', labels: {cloud.googleapis.com/location: ${location}}}
spec: {template: {spec: {template: {spec: {containers: [{image: alpine}]}}}}}
`;
  /** The command lines that a text suggests. */
  const suggested = (text: string): string[] =>
    [...text.matchAll(/localrun (jobs .*)$/gm)].map(([, line = '']) => line);

  test('what is said to be next works as it is pasted', async () => {
    const { run, file } = cli();
    const replaced = await run(`jobs replace ${file('job.yaml', spec('123456', 'europe-west1'))}`);
    expect(suggested(replaced.stderr)).toEqual(['jobs execute nightly --project 123456 --region europe-west1']);
    const made = await run('jobs create weekly --image alpine --region us-east1');
    expect(suggested(made.stderr)).toEqual(['jobs execute weekly --region us-east1']);
    const here = await run('jobs create hourly --image alpine --project p --region us-central1');
    expect(suggested(here.stderr)).toEqual(['jobs execute hourly']);
    // What the working directory decides need not be said.
    file('localrun.yaml', 'region: us-east1\n');
    expect(suggested((await run('jobs update weekly --tasks 2')).stderr)).toEqual(['jobs execute weekly']);
  });

  test.each([
    ['jobs describe nightly', 'Cannot find job [nightly].'],
    ['jobs update nightly --tasks 2', 'Job [nightly] could not be found.'],
    ['jobs delete nightly --quiet', 'Job [nightly] could not be found.'],
    ['jobs run nightly', 'Cannot find job [nightly].'],
    ['jobs logs tail nightly', "Resource 'nightly' of kind 'JOB'"],
    ['jobs get-iam-policy nightly', "Resource 'nightly' of kind 'JOB'"],
    ['jobs executions describe-latest --job nightly', 'Cannot find job [nightly].'],
  ])('%s says where one of that name is', async (line, message) => {
    const { run, file } = cli();
    await run(`jobs replace ${file('job.yaml', spec('q', 'europe-west1'))}`);
    const { code, stdout, stderr } = await run(line);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(message);
    const again = 'run again with --project q --region europe-west1\n';
    expect(stderr).toContain(`\nA job named [nightly] is in project q, region europe-west1: ${again}`);
    await run(`jobs replace ${file('job.yaml', spec('p', 'europe-west1'))}`);
    expect((await run(line)).stderr).toContain(
      '\nJobs named [nightly] are in project p, region europe-west1; project q, region europe-west1: run again with',
    );
    // Only the owner of the projects may know.
    const env = { LOCALRUN_ENFORCE_IAM: 'true', LOCALRUN_ACCOUNT: 'other@example.com' };
    expect((await run(line, { env })).stderr).not.toContain('named [nightly]');
  });

  test('a list says how many there are elsewhere, to people who have not named a project', async () => {
    const { run, file } = cli();
    for (const project of ['q', 'r']) {
      await run(`jobs replace ${file('job.yaml', spec(project, 'europe-west1'))}`);
      await run(`jobs replace ${file('job.yaml', spec(project, 'us-east1'))}`);
    }
    const { stdout, stderr } = await run('jobs list');
    expect(stdout).toBe('');
    expect(stderr).toBe(`Listed 0 items. To make one: localrun jobs create NAME --image IMAGE
2 more jobs in project q: localrun jobs list --project q
2 more jobs in project r: localrun jobs list --project r
`);
    for (const line of ['--project p', '--format=json', '--quiet', '--uri']) {
      expect((await run(`jobs list ${line}`)).stderr).not.toContain('more jobs');
    }
    const [one = ''] = suggested(stderr);
    expect((await run(suggested(stderr)[1] ?? one)).stdout.match(/nightly/g)).toHaveLength(2);
  });

  test('the number of the project is a name for it', async () => {
    const { run, file } = cli();
    file('localrun.yaml', 'projectNumber: 123456\n');
    const { stderr } = await run(`jobs replace ${file('job.yaml', spec('123456', 'us-central1'))}`);
    expect(suggested(stderr)).toEqual(['jobs execute nightly']);
    for (const flags of ['', '--project 123456', '--project p']) {
      expect((await run(`jobs list ${flags}`)).stdout).toContain('nightly');
    }
  });
});

test('to replace a job by its own export is no update, and v2 does not show what only v1 says', async () => {
  const { run, file } = cli();
  const spec = `apiVersion: run.googleapis.com/v1
kind: Job
metadata:
  name: nightly
  annotations: {run.googleapis.com/client-name: cloud-console, run.googleapis.com/new: x}
spec:
  template:
    metadata:
      annotations: {run.googleapis.com/secrets: 'pw:projects/other/secrets/db'}
    spec:
      template:
        spec:
          containers:
            - image: alpine
              env: [{name: PW, valueFrom: {secretKeyRef: {name: pw, key: latest}}}]
`;
  await run(`jobs replace ${file('job.yaml', spec)}`);
  const { stdout } = await run('jobs describe nightly --format export');
  for (const kept of ['client-name: cloud-console', 'new: x', 'secrets: pw:projects/other/secrets/db', 'name: pw']) {
    expect(stdout).toContain(kept);
  }
  expect((await run(`jobs replace ${file('export.yaml', stdout)}`)).stderr).toContain('Job [nightly] is unchanged.\n');
  // Flags that change something else leave it.
  await run('jobs update nightly --tasks 2');
  const changed = (await run('jobs describe nightly --format export')).stdout;
  for (const kept of ['new: x', 'secrets: pw:projects/other/secrets/db', 'taskCount: 2']) {
    expect(changed).toContain(kept);
  }
  expect((await run('jobs describe nightly --format json')).stdout).not.toMatch(/onlyV1|run.googleapis.com\/new/);
  await run(`jobs replace ${file('job.yaml', spec.replace('new: x', 'new: z'))}`);
  expect((await run('jobs describe nightly --format value(generation)')).stdout).toBe('3\n');
});

test('an export warns of what v1 cannot say', async () => {
  const { run, file } = cli();
  const job = {
    name: 'idle',
    template: { template: { containers: [{ image: 'i', resources: { startupCpuBoost: true } }] } },
  };
  await run(`jobs create -f ${file('job.json', JSON.stringify(job))}`);
  const { code, stderr } = await run('jobs describe idle --format export');
  expect([code, stderr]).toEqual([
    0,
    'WARNING: v1 has no field for template.template.containers[0].resources.startupCpuBoost\n',
  ]);
});
