import path from 'node:path';
import { Job } from 'kubernetes-models/batch/v1/Job';
import type { Job as JobType } from 'kubernetes-types/batch/v1.js';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { defaultSettings, type LocalSettings } from '../../../src/model/local/settings.js';
import { readJobs } from '../../../src/model/spec/read.js';
import { indexedJob } from '../../../src/runtime/kubernetes/indexed-job.js';
import { exportJob } from '../../../src/service/export.js';

type Exported = ReturnType<typeof exportJob>;

function exported(spec: string, settings: Partial<LocalSettings> = {}): Exported {
  const { jobs, problems } = readJobs('job.yaml', spec, {});
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  const { name: _, ...job } = jobs[0]?.job ?? { template: { template: { containers: [] } } };
  const call = {
    account: 'a',
    projectNumber: '12',
    env: {},
    now: () => 0,
    settings: { ...defaultSettings, ...settings },
  };
  return exportJob(call, { name: 'projects/p/locations/l/jobs/nightly', job }, indexedJob);
}

const one = (template: string, more = ''): string => `name: nightly
template:
  ${more}
  template:
    ${template}
`;

const examples: Record<string, [spec: string, settings?: Partial<LocalSettings>]> = {
  plain: [one('containers: [{ image: r.example/app }]')],
  'retries-and-tasks': [
    one(
      `containers: [{ image: r.example/app, command: [sh, -c, 'echo $X $$'], env: [{ name: X, value: '$(Y)' }] }]
    maxRetries: 7
    timeout: 90.5s`,
      'taskCount: 10\n  parallelism: 3',
    ),
  ],
  sidecars: [
    one(`containers:
      - { name: main, image: r.example/app, dependsOn: [proxy] }
      - { name: logger, image: r.example/logger }
      - { name: proxy, image: r.example/proxy, startupProbe: { tcpSocket: { port: 80 } } }`),
  ],
  'secrets-and-volumes': [
    one(`containers:
      - image: r.example/app
        env:
          - { name: PASSWORD, valueSource: { secretKeyRef: { secret: Pass_Word, version: '3' } } }
          - { name: SHARED, valueSource: { secretKeyRef: { secret: projects/other/secrets/shared, version: latest } } }
        volumeMounts:
          - { name: files, mountPath: /secrets }
          - { name: cache, mountPath: /cache }
          - { name: bucket, mountPath: /bucket }
          - { name: other, mountPath: /other }
          - { name: share, mountPath: /share }
          - { name: cloudsql, mountPath: /cloudsql }
    volumes:
      - { name: files, secret: { secret: mapped, items: [{ path: a, version: '1' }, { path: b, version: '2' }] } }
      - { name: cache, emptyDir: { medium: MEMORY, sizeLimit: 64Mi } }
      - { name: bucket, gcs: { bucket: my_bucket, mountOptions: [uid=1] } }
      - { name: other, gcs: { bucket: mapped-bucket } }
      - { name: share, nfs: { server: 10.0.0.2, path: /export } }
      - { name: cloudsql, cloudSqlInstance: { instances: ['p:l:i'] } }`),
    {
      secrets: { mapped: { 2: { kubernetesSecret: 'team', key: 'two' } } },
      claims: { 'mapped-bucket': 'claim-of-bucket' },
    },
  ],
  gpu: [
    one(`containers: [{ image: r.example/app, resources: { limits: { cpu: '4', memory: 16Gi, nvidia.com/gpu: '1' } } }]
    nodeSelector: { accelerator: nvidia-l4 }
    gpuZonalRedundancyDisabled: true
    maxRetries: 0`),
  ],
  cluster: [
    one('containers: [{ image: r.example/app }]\n    serviceAccount: a@p.iam.gserviceaccount.com'),
    {
      runtime: {
        kind: 'kubernetes',
        namespace: 'batch',
        imagesOnNodes: false,
        serviceAccount: 'runner',
        imagePullSecrets: ['registry'],
        nodeSelector: { pool: 'batch' },
        tolerations: [{ key: 'dedicated', operator: 'Exists' }],
        requests: { cpu: '500m' },
      },
    },
  ],
};

/**
 * What the API server checks across fields, and a schema does not (validation of batch/v1 and core/v1 in Kubernetes,
 * pkg/apis/batch/validation and pkg/apis/core/validation).
 */
function crossFieldProblems({ metadata, spec }: JobType): string[] {
  const pod = spec?.template.spec;
  if (!spec || !pod) return ['no pod'];
  const problems: [wrong: boolean, what: string][] = [
    [
      spec.backoffLimitPerIndex !== undefined && spec.completionMode !== 'Indexed',
      'backoffLimitPerIndex needs Indexed',
    ],
    [spec.completionMode === 'Indexed' && spec.completions === undefined, 'Indexed needs completions'],
    [(spec.completions ?? 0) > 1e5 || (spec.parallelism ?? 0) > 1e5, 'more than 100000 indexes'],
    [spec.parallelism === 0, 'a parallelism of 0 pauses the Job'],
    [pod.restartPolicy !== 'Never', 'podFailurePolicy and backoffLimitPerIndex need restartPolicy Never'],
    [spec.podFailurePolicy !== undefined && spec.podReplacementPolicy !== 'Failed', 'podFailurePolicy needs Failed'],
    [(pod.activeDeadlineSeconds ?? 0) < 1, 'activeDeadlineSeconds must be positive'],
    [
      `${metadata?.generateName ?? ''}12345-${(spec.completions ?? 1) - 1}`.length > 63,
      'the host name of the last pod is longer than 63 characters',
    ],
  ];
  const containers = [...(pod.initContainers ?? []), ...pod.containers];
  const volumes = new Set(pod.volumes?.map((volume) => volume.name));
  const names = new Set(containers.map((container) => container.name));
  problems.push(
    [names.size !== containers.length, 'two containers have one name'],
    [
      pod.initContainers?.some(({ restartPolicy }) => restartPolicy !== 'Always') ?? false,
      'a sidecar would have to end',
    ],
    [pod.containers.some(({ restartPolicy }) => restartPolicy !== undefined), 'only init containers restart'],
    [
      containers.some(({ volumeMounts = [] }) => volumeMounts.some((mount) => !volumes.has(mount.name))),
      'a mount has no volume',
    ],
    [
      containers.some(({ env = [] }) => env.some((variable) => (variable.value === undefined) === !variable.valueFrom)),
      'a variable needs either a value or its source',
    ],
  );
  return problems.flatMap(([wrong, what]) => (wrong ? [what] : []));
}

describe('the Indexed Job of a job', () => {
  test.for(Object.entries(examples))('%s', async ([example, [spec, settings]]) => {
    const { job, ...rest } = exported(spec, settings);
    const file = path.join(import.meta.dirname, '../../fixtures/kubernetes/jobs', `${example}.yaml`);
    await expect(stringify({ job, ...rest }, { lineWidth: 0, aliasDuplicateObjects: false })).toMatchFileSnapshot(file);
    // The types of the models have fields as classes.
    new Job(job as ConstructorParameters<typeof Job>[0]).validate();
    expect(crossFieldProblems(job)).toEqual([]);
  });

  test('the schema and the rules find mistakes', () => {
    const { job } = exported(...(examples['plain'] ?? ['']));
    const wrong = { ...job, spec: { ...job.spec, completions: '10' } };
    expect(() => new Job(wrong as unknown as ConstructorParameters<typeof Job>[0]).validate()).toThrow('completions');
    const loose: JobType = structuredClone(job);
    if (loose.spec) loose.spec.completionMode = 'NonIndexed';
    expect(crossFieldProblems(loose)).toEqual(['backoffLimitPerIndex needs Indexed']);
  });

  test('the longest name leaves room for the index', () => {
    const { job } = exported(one('containers: [{ image: i }]', 'taskCount: 10000'));
    const longest = { ...job, metadata: { generateName: `${'n'.repeat(49)}-` } };
    expect(crossFieldProblems(longest)).toEqual([]);
  });
});
