import { Chalk } from 'chalk';
import { expect, test } from 'vitest';
import { completed } from '../../../../src/model/execution.js';
import { describeExecution, describeJob } from '../../../../src/cli/output/describe/describe.js';
import { defaultSettings } from '../../../../src/model/local/settings.js';
import type { Job } from '../../../../src/model/schema/job.js';
import { someExecution, someJob, someTask, someTime } from '../../../support/jobs.js';

const plain = { chalk: new Chalk({ level: 0 }), unicode: true };

/** A job that sets all that `describe` shows. */
const everything: Job = {
  ...someJob(
    { taskCount: 10, parallelism: 3 },
    {
      maxRetries: 0,
      timeout: '5400s',
      serviceAccount: 'sa@demo.iam.gserviceaccount.com',
      nodeSelector: { accelerator: 'nvidia-l4' },
      vpcAccess: { connector: 'conn', egress: 'ALL_TRAFFIC' },
      containers: [
        {
          name: 'side',
          image: 'side:1',
          resources: { limits: { memory: '256Mi', cpu: '1' } },
          startupProbe: { httpGet: { path: '/h', port: 8080 } },
        },
        {
          name: 'main',
          image: 'img:1',
          command: ['python', '-u'],
          args: ['-c', 'print(1)'],
          workingDir: '/w',
          resources: { limits: { memory: '16Gi', cpu: '4', 'nvidia.com/gpu': '1' } },
          dependsOn: ['side'],
          env: [
            { name: 'PW', valueSource: { secretKeyRef: { secret: 'sec', version: 'latest' } } },
            { name: 'EMPTY', value: '' },
            { name: 'A', value: '1,2' },
          ],
          volumeMounts: [
            { name: 'exports', mountPath: '/nfs' },
            { name: 'api', mountPath: '/secrets/api' },
            { name: 'gcs', mountPath: '/gcs' },
            { name: 'cloudsql', mountPath: '/cloudsql' },
          ],
        },
      ],
      volumes: [
        { name: 'mem', emptyDir: { medium: 'MEMORY', sizeLimit: '100Mi' } },
        { name: 'gcs', gcs: { bucket: 'bk', readOnly: true, mountOptions: ['uid=1000', 'implicit-dirs'] } },
        { name: 'exports', nfs: { server: '10.0.0.1', path: '/share' } },
        { name: 'api', secret: { secret: 'api', items: [{ path: 'key', version: '3' }] } },
        { name: 'cloudsql', cloudSqlInstance: { instances: ['demo:us-central1:db1', 'p2:r2:db2'] } },
      ],
    },
  ),
  labels: { team: 'a', env: 'prod', 'client.knative.dev/nonce': 'x', 'run.googleapis.com/x': 'y' },
  binaryAuthorization: { useDefault: true, breakglassJustification: 'why' },
  executionCount: 2,
  latestCreatedExecution: { name: 'nightly-x7k2p', createTime: '2026-11-23T21:47:52.100000Z' },
};

// gcloud 578 prints this for such a job, but for the empty variable and the NFS volume, which it has by its rules.
test('a job is laid out as by gcloud', async () => {
  expect(await describeJob(everything, plain)).toBe(`✔ Job nightly in region us-central1
Executed 2 times
Last executed 2026-11-23T21:47:52.100000Z with execution nightly-x7k2p
Last updated on 2026-11-23T12:00:00.000000Z by dev@example.com
 
env:prod team:a
 
Tasks:               10
Parallelism:         3
Container main
  Image:             img:1
  Command:           python -u
  Args:              -c print(1)
  Working Directory: /w
  Memory:            16Gi
  CPU:               4
  GPU:               1
  GPU Type:          nvidia-l4
  Env vars:
    A                1,2
    EMPTY
  Volume Mounts:
    /gcs
      name:          gcs
      type:          cloud-storage
      bucket:        bk
    /nfs
      name:          exports
      type:          nfs
      location:      10.0.0.1:/share
  Secrets:
    /secrets/api     api:3
    PW               sec:latest
  Container Dependencies: side
Container side
  Image:             side:1
  Memory:            256Mi
  CPU:               1
  Startup Probe:
    HTTP every 10s
    Path:            /h
    Initial delay:   0s
    Timeout:         1s
    Success threshold: 1
    Failure threshold: 3
Task Timeout:        1h30m
Max Retries:         0
Service account:     sa@demo.iam.gserviceaccount.com
VPC access:
  Connector:         conn
  Egress:            all-traffic
SQL connections:     demo:us-central1:db1, p2:r2:db2
Volumes:
  exports
    type:            nfs
    location:        10.0.0.1:/share
  gcs
    type:            cloud-storage
    bucket:          bk
    read-only:       True
    mount-options:
      uid            1000
      implicit-dirs
  mem
    type:            in-memory
    size-limit:      100Mi
Binary Authorization: default
Breakglass Justification: why
`);
});

test('other kinds of probes and networks', async () => {
  const job = someJob(
    {},
    {
      containers: [{ image: 'i', startupProbe: { tcpSocket: { port: 80 }, periodSeconds: 5, initialDelaySeconds: 2 } }],
      vpcAccess: { networkInterfaces: [{ network: 'net', subnetwork: 'sub' }], egress: 'PRIVATE_RANGES_ONLY' },
    },
  );
  const text = await describeJob(job, plain);
  expect(text).toContain('    TCP every 5s\n    Port:            80\n    Initial delay:   2s\n');
  expect(text).toContain(
    'VPC access:\n  Network:           net\n  Subnet:            sub\n  Egress:            private-ranges-only\n',
  );
});

test('the lines of a value are below each other', async () => {
  const text = await describeJob(someJob({}, { containers: [{ image: 'i', args: ['-c', 'one\ntwo'] }] }), plain);
  expect(text).toContain('\n  Args:          -c one\n                 two\n');
});

test('what is not set is not shown', async () => {
  const text = await describeJob(someJob(), plain);
  for (const title of ['VPC access', 'Volumes', 'Secrets', 'Env vars', 'Probe', 'GPU', 'Last executed', ':\n']) {
    expect(text).not.toContain(title);
  }
  expect(text).toContain('Executed 0 times\n');
  expect(text).toContain('Parallelism:     No limit\n');
});

test('a message is broken at 100 columns', async () => {
  const failed = someTask(0, {
    state: 'Failed',
    lastAttemptResult: { status: { code: 10, message: `${'word '.repeat(40).trim()}.` }, exitCode: 1 },
  });
  const execution = completed(someExecution(someJob()), { cancelled: false, failed, time: someTime }, someTime);
  const message = (await describeExecution(execution, defaultSettings, plain)).split('\nX ')[1] ?? '';
  const [first = '', second = '', third = ''] = `X ${message}`.split('\n');
  expect(first).toMatch(/^X Task nightly-x7k2p-task0 failed with exit code: 1 and message: (word ?)+$/);
  expect(second).toMatch(/^(word ?)+$/);
  expect(Math.max(first.length, second.length, third.length)).toBeLessThanOrEqual(100);
  expect(`${first} word`.length).toBeGreaterThan(100);
});

test('what of this machine an execution uses is shown, and no value', async () => {
  const settings = {
    ...defaultSettings,
    strictFs: true,
    secrets: { key: { latest: { file: '/keys/new' }, 2: { env: 'OLD_KEY' } }, other: { 1: { inline: '/l', at: [] } } },
    buckets: { data: '/data' },
    nfs: { 'host:/e': '/share' },
    cloudSql: { 'p:r:i': { tcp: 'db:5432', engine: 'postgres' as const }, 'p:r:j': { socket: '/proxy' } },
  };
  const text = await describeExecution(someExecution(someJob()), settings, plain);
  expect(text.slice(text.indexOf('Local:')).replaceAll(/ +/g, ' ')).toContain(`Local:
 File system: counts as memory
 Secret key:2: the environment variable OLD_KEY
 Secret key:latest: /keys/new
 Secret other:1: in /l
 Bucket data: /data
 Export host:/e: /share
 Cloud SQL instance p:r:i: db:5432 (postgres)
 Cloud SQL instance p:r:j: /proxy
`);
});
