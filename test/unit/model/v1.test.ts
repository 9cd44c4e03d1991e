import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createdJob } from '../../../src/model/job.js';
import { type JobInput, JobMessage } from '../../../src/model/schema/job.js';
import { JobV1Message } from '../../../src/model/v1/schema.js';
import { decode } from '../../../src/model/spec/decode.js';
import { parseSource } from '../../../src/model/spec/source-document.js';
import { jobFromV1 } from '../../../src/model/v1/read.js';
import { exported, executionToV1, jobToV1, taskToV1 } from '../../../src/model/v1/write.js';
import { toYaml } from '../../../src/model/spec/write-yaml.js';
import { taskResource } from '../../../src/model/task.js';
import { anyJob } from '../../support/any-job.js';
import { inputFields, setFields } from '../../support/fields.js';
import { someExecution, someJob, someJobName, someTask, someTime } from '../../support/jobs.js';

const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const stored = (input: JobInput) => createdJob(input, someJobName, 'uid', { account: 'me', now: someTime });

/** What v1 has no words for. */
const v2Only = [
  'Job.name',
  'Job.etag',
  'ResourceRequirements.cpuIdle',
  'ResourceRequirements.startupCpuBoost',
  'Container.sourceCode',
  'Container.baseImageUri',
];

function readBack(yaml: string): JobInput {
  const [document] = parseSource('export', yaml);
  if (!document) throw new Error('nothing to read');
  document.yaml = '1.1';
  const { value, found } = decode(document, JobV1Message, 'gcloud');
  expect(found).toEqual([]);
  const { job, violations } = jobFromV1(value);
  expect(violations).toEqual([]);
  return job;
}

test('whatever v1 can say of a job is the same after v2 -> v1 -> v2, and nothing is left out of this', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(anyJob(v2Only), (input) => {
      const before = structuredClone(input);
      const v1 = exported(jobToV1(stored(input)));
      expect(input).toEqual(before);
      const back = readBack(toYaml(v1));
      // What is generally available says no launch stage.
      expect({ launchStage: 'GA', ...(json(back) as object) }).toEqual({ launchStage: 'GA', ...input });
      for (const path of setFields(JobMessage, input)) seen.add(path);
    }),
    { numRuns: 300, seed: 7 },
  );
  const sayable = inputFields(JobMessage, (name) => v2Only.includes(name));
  expect(sayable.filter((path) => !seen.has(path))).toEqual([]);
});

test('text that looks like a number, and names that every object has, are what they are', () => {
  const args = ['.', 'e3', 'E10', '-e1', '.e5', 'e+3', '08', '-.5'];
  const job =
    readBack(`{apiVersion: run.googleapis.com/v1, kind: Job, metadata: {name: e3, annotations: {__proto__: p}},
spec: {template: {spec: {template: {spec: {containers: [
  {image: i, args: [${args.join(', ')}], env: [{name: __proto__, value: e3}, {name: constructor, value: .}]}]}}}}}}`);
  const [container] = job.template.template.containers;
  expect(container?.args).toEqual(args);
  expect(container?.env).toEqual([
    { name: '__proto__', value: 'e3' },
    { name: 'constructor', value: '.' },
  ]);
  expect(Object.entries(job.annotations ?? {})).toEqual([['__proto__', 'p']]);
  expect(Object.entries(jobToV1(stored(job)).metadata.annotations ?? {})).toContainEqual(['__proto__', 'p']);
});

describe('an exported job', () => {
  test('keeps what came in, and leaves out what says when and how it was written', () => {
    const job = { ...stored(someJob({ labels: { team: 'a' } })), client: 'gcloud', lastModifier: 'you' };
    const v1 = jobToV1({ ...job, executionCount: 2, latestCreatedExecution: { name: 'nightly-x7k2p' } });
    expect(v1.metadata).toMatchObject({
      uid: 'uid',
      generation: 1,
      creationTimestamp: someTime,
      annotations: { 'run.googleapis.com/client-name': 'gcloud' },
    });
    expect(v1.status).toMatchObject({
      conditions: [{ type: 'Ready', status: 'True' }],
      executionCount: 2,
      latestCreatedExecution: { name: 'nightly-x7k2p' },
      observedGeneration: 1,
    });
    expect(exported(v1)).toEqual({
      apiVersion: 'run.googleapis.com/v1',
      kind: 'Job',
      metadata: {
        name: 'nightly',
        namespace: 'p',
        labels: {
          'cloud.googleapis.com/location': 'us-central1',
          'run.googleapis.com/lastUpdatedTime': someTime,
        },
        annotations: {
          'run.googleapis.com/client-name': 'gcloud',
          'run.googleapis.com/creator': 'me',
          'run.googleapis.com/lastModifier': 'you',
        },
      },
      spec: {
        template: {
          metadata: {
            labels: { team: 'a' },
            annotations: { 'run.googleapis.com/execution-environment': 'gen2' },
          },
          spec: {
            taskCount: 1,
            template: {
              spec: {
                containers: [
                  { image: 'localrun/busybox:latest', resources: { limits: { cpu: '1000m', memory: '512Mi' } } },
                ],
                maxRetries: 3,
                timeoutSeconds: '600',
                serviceAccountName: '123-compute@developer.gserviceaccount.com',
              },
            },
          },
        },
      },
    });
  });

  test('has aliases for secrets of other projects, and one for each', () => {
    const secretOf = (project: string) => `projects/${project}/secrets/pw`;
    const env = [secretOf('p1'), secretOf('p1'), secretOf('p2'), 'pw', 'pw-of-p2'].map((secret, i) => ({
      name: `S${i}`,
      valueSource: { secretKeyRef: { secret, version: '1' } },
    }));
    const { spec } = jobToV1(stored(someJob({}, { containers: [{ image: 'i', env }] })));
    expect(spec).toMatchObject({
      template: {
        metadata: {
          annotations: {
            'run.googleapis.com/secrets': `pw-of-p1:${secretOf('p1')},pw-of-p2-2:${secretOf('p2')}`,
          },
        },
        spec: {
          template: {
            spec: {
              containers: [
                {
                  env: ['pw-of-p1', 'pw-of-p1', 'pw-of-p2-2', 'pw', 'pw-of-p2'].map((name) => ({
                    valueFrom: { secretKeyRef: { name } },
                  })),
                },
              ],
            },
          },
        },
      },
    });
  });

  test('calls the secrets of other projects as the file did, unless that would hide another', () => {
    const written = ' pw:projects/p1/secrets/db , unused:projects/p2/secrets/x';
    const aliased = (...secrets: string[]): unknown => {
      const env = secrets.map((secret, i) => ({
        name: `S${i}`,
        valueSource: { secretKeyRef: { secret, version: '1' } },
      }));
      const onlyV1 = { execution: { annotations: { 'run.googleapis.com/secrets': written } } };
      const { spec } = jobToV1(stored({ ...someJob({}, { containers: [{ image: 'i', env }] }), onlyV1 }));
      const { metadata, spec: inner } = (spec as { template: { metadata: unknown; spec: unknown } }).template;
      return [
        (metadata as { annotations: Record<string, string> }).annotations['run.googleapis.com/secrets'],
        [...JSON.stringify(inner).matchAll(/"secretKeyRef":{"name":"([^"]+)"/g)].map(([, name]) => name),
      ];
    };
    const db = 'projects/p1/secrets/db';
    expect(aliased(db, 'own')).toEqual([written, ['pw', 'own']]);
    expect(aliased(db, 'projects/p3/secrets/new')).toEqual([
      `pw:${db},unused:projects/p2/secrets/x,new-of-p3:projects/p3/secrets/new`,
      ['pw', 'new-of-p3'],
    ]);
    expect(aliased(db, 'pw')).toEqual([`unused:projects/p2/secrets/x,db-of-p1:${db}`, ['db-of-p1', 'pw']]);
  });

  test('says Cloud SQL by the annotation where it means the same, by a volume elsewhere', () => {
    const volumes = [{ name: 'cloudsql', cloudSqlInstance: { instances: ['p:r:a', 'p:r:b'] } }];
    const mount = { name: 'cloudsql', mountPath: '/cloudsql' };
    const usual = jobToV1(stored(someJob({}, { containers: [{ image: 'i', volumeMounts: [mount] }], volumes })));
    expect(JSON.stringify(usual)).toContain('"run.googleapis.com/cloudsql-instances":"p:r:a,p:r:b"');
    expect(JSON.stringify(usual)).not.toContain('volume');
    const inOne = someJob({}, { containers: [{ image: 'i', volumeMounts: [mount] }, { image: 'j' }], volumes });
    expect(JSON.stringify(jobToV1(stored(inOne)))).toContain(
      '{"name":"cloudsql","csi":{"driver":"cloudsql.run.googleapis.com","volumeAttributes":{"instances":"p:r:a,p:r:b"}}}',
    );
  });
});

test('executions and tasks have their v1 shape', () => {
  const execution = someExecution(someJob({ taskCount: 2, annotations: { mine: 'x' } }, { encryptionKey: 'k' }));
  expect(executionToV1(execution)).toMatchObject({
    kind: 'Execution',
    metadata: {
      name: 'nightly-x7k2p',
      labels: {
        'run.googleapis.com/job': 'nightly',
        'run.googleapis.com/jobGeneration': '1',
        // Of 2026-11-23T12:00:00Z, in microseconds.
        'run.googleapis.com/jobResourceVersion': '1795435200000000',
        'run.googleapis.com/jobUid': 'uid-1',
        'cloud.googleapis.com/location': 'us-central1',
      },
      annotations: {
        mine: 'x',
        'run.googleapis.com/encryption-key': 'k',
        'run.googleapis.com/creator': 'dev@example.com',
        'run.googleapis.com/lastModifier': 'dev@example.com',
      },
      ownerReferences: [{ kind: 'Job', name: 'nightly', uid: 'uid-1', controller: true, blockOwnerDeletion: true }],
    },
    spec: { taskCount: 2, parallelism: 2, template: { spec: { maxRetries: 3, timeoutSeconds: '600' } } },
    status: { conditions: [{ type: 'Completed', status: 'Unknown' }], logUri: 'file:///logs' },
  });
  const failed = { status: { code: 10, message: 'The container exited with an error.' }, exitCode: 3 };
  const record = someTask(1, { state: 'Failed', completionTime: someTime, lastAttemptResult: failed });
  expect(taskToV1(taskResource(execution, record), record.state)).toMatchObject({
    kind: 'Task',
    metadata: {
      name: 'nightly-x7k2p-task1',
      labels: {
        'run.googleapis.com/job': 'nightly',
        'run.googleapis.com/execution': 'nightly-x7k2p',
        'run.googleapis.com/runningState': 'Failed',
      },
    },
    spec: { maxRetries: 3, containers: [{ image: 'localrun/busybox:latest' }] },
    status: {
      index: 1,
      lastAttemptResult: failed,
      conditions: [{ type: 'Completed', status: 'False', reason: 'NonZeroExitCode' }],
    },
  });
});

test('what is written as YAML is read back by YAML 1.1 as it was, however it looks', () => {
  const words = [
    'yes',
    'n',
    'On',
    '~',
    'null',
    '012',
    '1:30',
    '1_000',
    '0x1f',
    '1e3',
    '.5',
    '2026-11-23',
    '=',
    '-_',
    '',
  ];
  const env = words.map((value, i) => ({ name: `V${i}`, value }));
  const text = toYaml(exported(jobToV1(stored(someJob({}, { containers: [{ image: 'i', env }] })))));
  expect(readBack(text).template.template.containers[0]?.env).toEqual(env);
  expect(text).toContain("value: 'yes'\n");
  expect(text).toContain("value: '='\n");
  expect(text).toContain("timeoutSeconds: '600'\n");
});
