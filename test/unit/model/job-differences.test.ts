import fc from 'fast-check';
import { expect, test } from 'vitest';
import { withDefaults } from '../../../src/model/defaults.js';
import { formatPath, type FieldPath } from '../../../src/model/field-path.js';
import { jobDifferences } from '../../../src/model/job-differences.js';
import { createdJob } from '../../../src/model/job.js';
import { type JobInput, JobMessage } from '../../../src/model/schema/job.js';
import { decode } from '../../../src/model/spec/decode.js';
import { parseSource } from '../../../src/model/spec/source-document.js';
import { toYaml } from '../../../src/model/spec/write-yaml.js';
import { get, isTree, type Tree } from '../../../src/model/v1/convert.js';
import { jobFromV1 } from '../../../src/model/v1/read.js';
import { JobV1Message } from '../../../src/model/v1/schema.js';
import { exported, jobToV1 } from '../../../src/model/v1/write.js';
import { anyJob } from '../../support/any-job.js';
import { inputFields } from '../../support/fields.js';
import { jobInput, parent, someJobName, someTime } from '../../support/jobs.js';

const filled = (job: JobInput) => ({ job: withDefaults(job, '123'), parent });
const between = (from: JobInput, to: JobInput): [from: string, to: string][] =>
  jobDifferences(filled(from), filled(to)).map((found) => [formatPath(found.from.path), formatPath(found.to.path)]);
const task = (template: Partial<JobInput['template']['template']>): JobInput => jobInput({}, template);

/** What v1 cannot say, or no difference is made of. */
const notCompared = [
  'Job.name',
  'Job.etag',
  'Job.client',
  'Job.clientVersion',
  'ExecutionTemplate.client',
  'ExecutionTemplate.clientVersion',
];
const v2Only = [
  'ResourceRequirements.cpuIdle',
  'ResourceRequirements.startupCpuBoost',
  'Container.sourceCode',
  'Container.baseImageUri',
];

test('a job does not differ from its own export', () => {
  fc.assert(
    fc.property(anyJob([...notCompared, ...v2Only]), (input) => {
      const stored = createdJob(withDefaults(input, '123'), someJobName, 'uid', { account: 'me', now: someTime });
      const [document] = parseSource('export', toYaml(exported(jobToV1(stored))));
      if (!document) throw new Error('nothing to read');
      document.yaml = '1.1';
      const { job } = jobFromV1(decode(document, JobV1Message, 'gcloud').value);
      expect(between(input, job)).toEqual([]);
    }),
    { numRuns: 80, seed: 3 },
  );
});

/** The paths of all fields and list items. */
function* pathsIn(tree: unknown, path: FieldPath = []): Generator<FieldPath> {
  const steps = Array.isArray(tree) ? tree.keys() : isTree(tree) ? Object.keys(tree) : [];
  for (const step of steps) {
    yield [...path, step];
    yield* pathsIn((tree as Tree)[step], [...path, step]);
  }
}

function without(job: JobInput, path: FieldPath): JobInput {
  const left = structuredClone(job);
  const holder = get(left, path.slice(0, -1));
  const last = path.at(-1) ?? '';
  if (Array.isArray(holder)) holder.splice(Number(last), 1);
  else delete (holder as Tree)[last];
  return left;
}

test('every field makes a difference where it is left out', () => {
  const unseen = new Set(inputFields(JobMessage, (name) => notCompared.includes(name)));
  fc.assert(
    fc.property(anyJob(notCompared), (input) => {
      const whole = filled(input);
      for (const path of pathsIn(input)) {
        const field = path.filter((step) => typeof step === 'string').join('.');
        if (!unseen.has(field)) continue;
        const left = without(input, path);
        const isJob = left.template?.template?.containers?.length;
        if (isJob && jobDifferences(whole, filled(left)).length > 0) unseen.delete(field);
      }
    }),
    { numRuns: 300, seed: 5 },
  );
  // A job without the first two is none, and there is only one execution environment for jobs.
  expect([...unseen]).toEqual(['template', 'template.template', 'template.template.executionEnvironment']);
});

test.for<[what: string, from: JobInput, to: JobInput]>([
  ['defaults', jobInput(), { ...jobInput({ taskCount: 1, parallelism: 0 }), launchStage: 'GA' }],
  ['defaults of a task', task({}), task({ maxRetries: 3, timeout: '600s', terminationGracePeriod: '10s' })],
  [
    'the default account of any project',
    task({}),
    task({ serviceAccount: '987-compute@developer.gserviceaccount.com' }),
  ],
  ['quantities', withLimits({ cpu: '1', memory: '0.5Gi' }), withLimits({ cpu: '1000m', memory: '512Mi' })],
  ['default limits', jobInput(), withLimits({ cpu: '1' })],
  ['durations', task({ timeout: '60s' }), task({ timeout: '60.0s' })],
  ['the client', { ...jobInput(), client: 'gcloud' }, { ...jobInput({ client: 'terraform' }), clientVersion: '1' }],
  [
    'the nonce of gcloud',
    { ...jobInput(), labels: { a: 'b' } },
    {
      ...jobInput({ labels: { 'client.knative.dev/nonce': 'x' } }),
      labels: { 'client.knative.dev/nonce': 'y', a: 'b' },
    },
  ],
  [
    'the order of variables',
    container({ env: [{ name: 'A', value: '1' }, { name: 'B' }] }),
    container({
      env: [
        { name: 'B', value: '' },
        { name: 'A', value: '1' },
      ],
    }),
  ],
  [
    'the order of containers, volumes, mounts and dependencies',
    task({
      containers: [
        { name: 'a', image: 'a', dependsOn: ['b', 'c'] },
        {
          name: 'b',
          image: 'b',
          volumeMounts: [
            { name: 'v', mountPath: '/v' },
            { name: 'w', mountPath: '/w' },
          ],
        },
      ],
      volumes: [
        { name: 'v', emptyDir: {} },
        { name: 'w', secret: { secret: 's' } },
      ],
    }),
    task({
      containers: [
        {
          name: 'b',
          image: 'b',
          volumeMounts: [
            { name: 'w', mountPath: '/w' },
            { name: 'v', mountPath: '/v' },
          ],
        },
        { name: 'a', image: 'a', dependsOn: ['c', 'b'] },
      ],
      volumes: [
        { name: 'w', secret: { secret: 's', defaultMode: 0o444 } },
        { name: 'v', emptyDir: { medium: 'MEMORY' } },
      ],
    }),
  ],
  [
    'short and full names in the project of the job',
    secret('db', { connector: 'c' }),
    secret('projects/p/secrets/db', { connector: 'projects/p/locations/us-central1/connectors/c' }),
  ],
])('no difference: %s', ([, from, to]) => {
  expect(between(from, to)).toEqual([]);
  expect(between(to, from)).toEqual([]);
});

test.for<[what: string, from: JobInput, to: JobInput, paths: [from: string, to: string][]]>([
  [
    'the order of arguments',
    container({ args: ['a', 'b'] }),
    container({ args: ['b', 'a'] }),
    [['template.template.containers[0].args', 'template.template.containers[0].args']],
  ],
  [
    'a variable, where it is in each list',
    container({
      env: [
        { name: 'A', value: '1' },
        { name: 'B', value: '2' },
      ],
    }),
    container({
      env: [
        { name: 'B', value: '3' },
        { name: 'C', value: '4' },
      ],
    }),
    [
      ['template.template.containers[0].env[0]', 'template.template.containers[0].env'],
      ['template.template.containers[0].env[1].value', 'template.template.containers[0].env[0].value'],
      ['template.template.containers[0].env', 'template.template.containers[0].env[1]'],
    ],
  ],
  [
    'an only container with another name',
    task({ containers: [{ image: 'i' }] }),
    task({ containers: [{ image: 'i', name: 'app' }] }),
    [['template.template.containers[0].name', 'template.template.containers[0].name']],
  ],
  [
    'retries: none are not the default',
    task({ maxRetries: 0 }),
    task({}),
    [['template.template.maxRetries', 'template.template.maxRetries']],
  ],
  [
    'a secret of another project',
    secret('db'),
    secret('projects/other/secrets/db'),
    [
      [
        'template.template.containers[0].env[0].valueSource.secretKeyRef.secret',
        'template.template.containers[0].env[0].valueSource.secretKeyRef.secret',
      ],
    ],
  ],
  [
    'the type of a volume',
    task({ volumes: [{ name: 'v', emptyDir: {} }] }),
    task({ volumes: [{ name: 'v', gcs: { bucket: 'b' } }] }),
    [
      ['template.template.volumes[0].emptyDir', 'template.template.volumes[0].emptyDir'],
      ['template.template.volumes[0].gcs.bucket', 'template.template.volumes[0].gcs.bucket'],
    ],
  ],
  [
    'an annotation that only v1 has and that acts',
    { ...jobInput(), onlyV1: { execution: { annotations: { 'run.googleapis.com/ssh-enabled': 'true' } } } },
    jobInput(),
    [
      [
        'spec.template.metadata.annotations["run.googleapis.com/ssh-enabled"]',
        'spec.template.metadata.annotations["run.googleapis.com/ssh-enabled"]',
      ],
    ],
  ],
])('a difference: %s', ([, from, to, paths]) => {
  expect(between(from, to)).toEqual(paths);
});

function container(more: Partial<JobInput['template']['template']['containers'][number]>): JobInput {
  return task({ containers: [{ image: 'i', ...more }] });
}

function withLimits(limits: Record<string, string>): JobInput {
  return task({ containers: [{ image: 'localrun/busybox:latest', resources: { limits } }] });
}

function secret(name: string, vpcAccess?: JobInput['template']['template']['vpcAccess']): JobInput {
  const env = [{ name: 'DB', valueSource: { secretKeyRef: { secret: name, version: 'latest' } } }];
  return task({ containers: [{ image: 'i', env }], vpcAccess });
}
