import { expect, test } from 'vitest';
import { cli } from '../support/io.js';

/** What `gcloud run jobs describe nightly --format=export` prints. */
const exported = (more: { image?: string; taskCount?: number; retries?: string; env?: string } = {}): string => {
  const { image = 'us-docker.pkg.dev/acme/etl/nightly:2', taskCount = 3, retries = '0' } = more;
  const {
    env = "\n            - name: LOG_LEVEL\n              value: info\n            - name: BATCH\n              value: '500'",
  } = more;
  return `apiVersion: run.googleapis.com/v1
kind: Job
metadata:
  annotations:
    run.googleapis.com/client-name: gcloud
    run.googleapis.com/client-version: 528.0.0
    run.googleapis.com/creator: ci@acme-prod.iam.gserviceaccount.com
    run.googleapis.com/operation-id: 7b0f1f4e-3c57-4a6e-9d7a-d6d4f8f1b4a1
  labels:
    cloud.googleapis.com/location: europe-west1
    run.googleapis.com/lastUpdatedTime: '2026-11-23T21:50:58.169340Z'
    team: data
  name: nightly
  namespace: '123456789012'
spec:
  template:
    metadata:
      annotations:
        run.googleapis.com/client-name: gcloud
        run.googleapis.com/execution-environment: gen2
        run.googleapis.com/cloudsql-instances: acme-prod:europe-west1:main
    spec:
      parallelism: 2
      taskCount: ${taskCount}
      template:
        spec:
          containers:
          - image: ${image}
            env:${env}
            resources:
              limits:
                cpu: 1000m
                memory: 512Mi
          maxRetries: ${retries}
          serviceAccountName: 123456789012-compute@developer.gserviceaccount.com
          timeoutSeconds: '600'
`;
};

/** The same job, as a person writes it. */
const ours = `name: nightly
labels: { team: data }
template:
  task_count: 3
  parallelism: 2
  template:
    max_retries: 0
    containers:
      - image: us-docker.pkg.dev/acme/etl/nightly:2
        env:
          - { name: BATCH, value: "500" }
          - { name: LOG_LEVEL, value: info }
        volumeMounts: [{ name: cloudsql, mountPath: /cloudsql }]
    volumes: [{ name: cloudsql, cloudSqlInstance: { instances: [acme-prod:europe-west1:main] } }]
`;

test('a job that says the same as an export or a file is equal: nothing on stdout, exit code 0', async () => {
  const { run, file } = cli();
  file('job.yaml', ours);
  expect(await run('jobs replace job.yaml')).toMatchObject({ code: 0 });
  const equal = { code: 0, stdout: '', stderr: expect.stringMatching(/^No difference between .* and .*\.\n$/) };
  for (const line of [
    'nightly -',
    'nightly -f -',
    'nightly --file=-',
    '- job.yaml',
    'job.yaml -',
    '-f job.yaml -f -',
  ]) {
    expect(await run(`jobs diff ${line}`, { stdin: exported() })).toMatchObject(equal);
  }
  expect(await run('jobs diff job.yaml')).toMatchObject(equal);
});

test('shows what differs by the paths of the input, with values as it writes them, and line and column', async () => {
  const { run, file } = cli();
  file('job.yaml', ours);
  await run('jobs replace job.yaml');
  const env =
    "\n            - name: LOG_LEVEL\n              value: debug\n            - name: ONLY_HERE\n              value: 'yes'";
  const stdin = exported({ image: 'us-docker.pkg.dev/acme/etl/nightly:3', retries: '3', env });
  const local = await run('jobs diff nightly -', { stdin });
  expect(local).toMatchObject({ code: 1, stderr: '' });
  expect(local.stdout).toBe(`--- nightly (local job)
+++ <stdin>
@@ spec.template.spec.template.spec.containers[0].image <stdin>:28:20 @@
-us-docker.pkg.dev/acme/etl/nightly:2
+us-docker.pkg.dev/acme/etl/nightly:3
@@ spec.template.spec.template.spec.containers[0].env[BATCH] <stdin>:30:13 @@
-name: BATCH
-value: '500'
@@ spec.template.spec.template.spec.containers[0].env[LOG_LEVEL].value <stdin>:31:22 @@
-info
+debug
@@ spec.template.spec.template.spec.containers[0].env[ONLY_HERE] <stdin>:32:15 @@
+name: ONLY_HERE
+value: 'yes'
@@ spec.template.spec.template.spec.maxRetries <stdin>:38:23 @@
-0
+3
`);
  file('short.yaml', ours.replace('    max_retries: 0\n', '').replace('task_count: 3', 'task_count: 30'));
  expect((await run('jobs diff nightly -f short.yaml')).stdout).toBe(`--- nightly (local job)
+++ short.yaml
@@ template.task_count short.yaml:4:15 @@
-3
+30
@@ template.template.maxRetries short.yaml:7:5 @@
-0
+3 # default
`);
  const mixed = await run('jobs diff - short.yaml', { stdin: exported({ taskCount: 5 }) });
  expect(mixed.stdout).toContain(
    '@@ spec.template.spec.taskCount = template.task_count <stdin>:24:18 short.yaml:4:15 @@\n-5\n+30\n',
  );
});

test('colours as git does on a terminal, and for machines: both values with path and place', async () => {
  const { run, file } = cli();
  file('job.yaml', ours);
  await run('jobs replace job.yaml');
  file('new.yaml', ours.replace('value: info', 'value: "\\e[31mred"'));
  const coloured = await run('jobs diff nightly -f new.yaml', { env: { FORCE_COLOR: '1' } });
  expect(coloured.stdout).toContain('\u001B[31m-info');
  // Only what localrun colours has colour.
  expect(coloured.stdout).toContain('\u001B[32m+"\\u001b[31mred"');
  const { code, stdout } = await run('jobs diff nightly -f new.yaml --format json');
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toEqual({
    from: 'nightly (local job)',
    to: 'new.yaml',
    equal: false,
    unknown: [],
    differences: [
      {
        from: { path: 'template.template.containers[0].env[LOG_LEVEL].value', value: 'info' },
        to: {
          path: 'template.template.containers[0].env[LOG_LEVEL].value',
          value: '\u001B[31mred',
          ...{ file: 'new.yaml', line: 12, column: 39 },
        },
      },
    ],
  });
  const equal = await run('jobs diff nightly -f job.yaml --format=value(equal)');
  expect(equal).toMatchObject({ code: 0, stdout: 'True\n' });
});

test.for<[what: string, line: string, stdin: string, says: string]>([
  ['no file', 'jobs diff nightly', '', 'argument FILE: Must be specified.'],
  ['three files', 'jobs diff -f a -f b -f c', '', 'There are more than two files.'],
  ['stdin twice', 'jobs diff - -', ours, 'stdin cannot be both files.'],
  ['a job that is not there', 'jobs diff other -', ours, 'Cannot find job [other].'],
  ['a file that is not there', 'jobs diff nightly -f nope.yaml', '', 'Cannot read the job spec nope.yaml'],
  ['no name', 'jobs diff -', ours.replace('name: nightly\n', ''), '<stdin> does not name its job.'],
  ['an export that failed', 'jobs diff nightly -', '', '<stdin> is empty: it holds no job'],
  ['what is no job', 'jobs diff nightly -', 'ERROR: (gcloud.run.jobs.describe) Cannot find job [x].', '<stdin>'],
  ['an unknown flag', 'jobs diff nightly --nope', '', '--nope'],
])('exit code 2 for %s', async ([, line, stdin, says]) => {
  const { code, stdout, stderr } = await cli().run(line, { stdin });
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(says);
});

test('an invalid file gets all its errors with their places, and exit code 2', async () => {
  const { run, file } = cli();
  await run(`jobs replace ${file('job.yaml', ours)}`);
  const wrong = ours.replace('max_retries: 0', 'max_retries: 11').replace('task_count: 3', 'task_count: -1');
  const { code, stdout, stderr } = await run(`jobs diff nightly -f ${file('bad.yaml', wrong)}`);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/bad\.yaml has 2 problems:\nbad\.yaml:4:15: [^]*\nbad\.yaml:7:18: /);
});
