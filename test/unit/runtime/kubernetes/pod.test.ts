import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { defaultSettings, type KubernetesSettings, type LocalSettings } from '../../../../src/model/local/settings.js';
import {
  containerNames,
  type PodContext,
  podOf,
  secretKey,
  secretReferences,
} from '../../../../src/runtime/kubernetes/pod.js';
import type { AttemptContainer, AttemptSpec } from '../../../../src/runtime/port.js';

const container = (changes: Partial<AttemptContainer> = {}): AttemptContainer => ({
  name: 'container-0',
  image: 'registry.example/app@sha256:abc',
  env: {},
  secrets: {},
  memoryBytes: 512 * 1024 ** 2,
  cpus: 1,
  gpus: 0,
  dependsOn: [],
  probe: undefined,
  volumeMounts: [],
  ...changes,
});

const attempt = (changes: Partial<AttemptSpec> = {}): AttemptSpec => ({
  task: 3,
  attempt: 1,
  main: 0,
  graceSeconds: 10,
  containers: [container()],
  volumes: [],
  ...changes,
});

const kubernetes: KubernetesSettings = {
  kind: 'kubernetes',
  imagesOnNodes: false,
  imagePullSecrets: [],
  nodeSelector: {},
  tolerations: [],
};

const context: PodContext = {
  name: 'localrun-e-3-1',
  namespace: 'jobs',
  labels: { 'dev.localrun.home': 'h', 'dev.localrun.task': '3', 'dev.localrun.attempt': '1' },
  annotations: { 'dev.localrun.execution': 'projects/p/locations/l/jobs/j/executions/e' },
  owner: { apiVersion: 'v1', kind: 'ConfigMap', name: 'localrun-e', uid: 'u-1' },
  secretName: 'localrun-e',
  settings: defaultSettings,
  kubernetes,
  startupOrder: false,
};

interface Example {
  spec?: Partial<AttemptSpec>;
  settings?: Partial<LocalSettings>;
  kubernetes?: Partial<KubernetesSettings>;
  startupOrder?: boolean;
}

const twoProjects = ['projects/a/secrets/key', 'projects/b/secrets/key'] as const;

const examples: Record<string, Example> = {
  plain: {},
  'command-and-dollars': {
    spec: {
      containers: [
        container({
          command: ['sh', '-c', 'echo $HOME $(date) $$ "$@"'],
          args: ['$(HOME)', '$$(HOME)', 'cost: 5$'],
          env: { LITERAL: '$(HOSTNAME)', DOUBLE: '$$', EMPTY: '' },
          workingDir: '/srv/$(x)',
        }),
      ],
    },
  },
  secrets: {
    spec: {
      containers: [
        container({
          env: { CLOUD_RUN_JOB: 'j' },
          secrets: {
            PASSWORD: { secret: 'password', version: 'latest' },
            SHARED: { secret: 'shared', version: '2' },
            CLOUD_RUN_JOB: { secret: 'password', version: '1' },
          },
          volumeMounts: [
            { name: 'whole', mountPath: '/secrets/whole' },
            { name: 'items', mountPath: '/secrets/items', subPath: 'tls' },
          ],
        }),
      ],
      volumes: [
        { name: 'whole', secret: { secret: twoProjects[0], items: [] } },
        {
          name: 'items',
          secret: {
            secret: 'shared',
            defaultMode: 0o440,
            items: [
              { path: 'tls/./key.pem', version: '1', mode: 0o600 },
              { path: 'tls/cert.pem', version: '2' },
              { path: 'ca.pem' },
            ],
          },
        },
        { name: 'unused', secret: { secret: 'unused', items: [] } },
      ],
    },
    settings: { secrets: { shared: { 2: { kubernetesSecret: 'team-secrets', key: 'shared.txt' } } } },
  },
  volumes: {
    spec: {
      containers: [
        container({
          volumeMounts: [
            { name: 'cache', mountPath: '/cache' },
            { name: 'limited', mountPath: '/limited', subPath: 'part' },
            { name: 'scratch', mountPath: '/scratch' },
            { name: 'sized', mountPath: '/sized' },
            { name: 'share', mountPath: '/share' },
            { name: 'bucket', mountPath: '/bucket', subPath: 'in' },
            { name: 'same-bucket', mountPath: '/writable' },
          ],
        }),
      ],
      volumes: [
        { name: 'cache', emptyDir: {} },
        { name: 'limited', emptyDir: { medium: 'MEMORY', sizeLimit: '64Mi' } },
        { name: 'scratch', emptyDir: { medium: 'DISK' } },
        { name: 'sized', emptyDir: { medium: 'DISK', sizeLimit: '10Gi' } },
        { name: 'share', nfs: { server: '10.0.0.2', path: '/export', readOnly: true } },
        { name: 'bucket', gcs: { bucket: 'models', mountOptions: ['only-dir=v1/', 'ro'] } },
        { name: 'same-bucket', gcs: { bucket: 'models' } },
        { name: 'unused', nfs: { server: '10.0.0.3', path: '/none' } },
      ],
    },
    settings: { claims: { models: 'models-claim' } },
  },
  sidecars: {
    spec: {
      containers: [
        container({ name: 'main' }),
        container({ name: 'proxy.one', image: 'proxy', memoryBytes: 1000, cpus: 0.25 }),
      ],
      volumes: [],
    },
  },
  'startup-order': {
    spec: {
      containers: [
        container({ name: 'main', dependsOn: [2] }),
        container({ name: 'watcher' }),
        container({
          name: 'proxy',
          dependsOn: [3],
          probe: { httpGet: { port: 8080, httpHeaders: [{ name: 'X-A' }] }, periodSeconds: 1, failureThreshold: 5 },
        }),
        container({ name: 'database', probe: { grpc: { port: 5432, service: 'db' }, timeoutSeconds: 2 } }),
      ],
    },
    startupOrder: true,
  },
  gpu: {
    spec: { containers: [container({ gpus: 1, cpus: 8, memoryBytes: 32 * 1024 ** 3 })] },
    settings: { platform: 'any', pull: 'always' },
  },
  cluster: {
    settings: { platform: 'linux/arm64/v8' },
    kubernetes: {
      imagesOnNodes: true,
      serviceAccount: 'runner',
      imagePullSecrets: ['registry', 'mirror'],
      nodeSelector: { pool: 'batch' },
      tolerations: [
        { key: 'dedicated', value: 'batch', effect: 'NoSchedule' },
        { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 600 },
      ],
      requests: { cpu: '250m', memory: '1Gi' },
    },
  },
  credentials: { settings: { credentials: 'adc' } },
};

describe('the pod of an attempt', () => {
  test.for(Object.entries(examples))('%s', async ([name, example]) => {
    const pod = podOf(attempt(example.spec), {
      ...context,
      settings: { ...defaultSettings, ...example.settings },
      kubernetes: { ...kubernetes, ...example.kubernetes },
      startupOrder: example.startupOrder ?? false,
    });
    const file = path.join(import.meta.dirname, '../../../fixtures/kubernetes/pods', `${name}.yaml`);
    await expect(stringify(pod, { lineWidth: 0, aliasDuplicateObjects: false })).toMatchFileSnapshot(file);
  });

  test('a request never exceeds its limit', () => {
    const small = attempt({ containers: [container({ memoryBytes: 128 * 1024 ** 2, cpus: 0.1 })] });
    const requests = { cpu: '0.5', memory: '64Mi' };
    const pod = podOf(small, { ...context, kubernetes: { ...kubernetes, requests } });
    expect(pod.spec?.containers[0]?.resources?.requests).toEqual({ cpu: '100m', memory: '64Mi' });
  });

  test('without native sidecars every container is a plain one', () => {
    const spec = attempt({ containers: [container({ name: 'a', dependsOn: [1] }), container({ name: 'b' })] });
    expect(podOf(spec, context).spec?.initContainers).toBeUndefined();
    expect(podOf(spec, context).spec?.containers.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  test('if a name has a dot, all containers go by their number', () => {
    const named = (...names: string[]): string[] =>
      containerNames({ containers: names.map((name) => container({ name })) });
    expect(named('a', 'b-1')).toEqual(['a', 'b-1']);
    expect(named('a.b', 'container-0')).toEqual(['container-0', 'container-1']);
  });

  test('volumes that Kubernetes could not name go by their number', () => {
    const names = ['Data_1', 'localrun-credentials'];
    for (const taken of names) {
      const spec = attempt({
        volumes: [{ name: taken, emptyDir: {} }],
        containers: [container({ volumeMounts: [{ name: taken, mountPath: '/a' }] })],
      });
      const { volumes, containers } = podOf(spec, context).spec ?? { containers: [] };
      expect(volumes?.map(({ name }) => name)).toEqual(['volume-0']);
      expect(containers[0]?.volumeMounts?.map(({ name }) => name)).toEqual(['volume-0']);
    }
  });
});

describe('the secrets of an attempt', () => {
  test('each version of each project has a key of its own, which a Secret accepts', () => {
    const references = [...twoProjects, `s${'x'.repeat(300)}`].flatMap((secret) =>
      ['latest', '1', 'v'.repeat(300)].map((version) => ({ secret, version })),
    );
    const keys = references.map((reference) => secretKey(reference, defaultSettings) ?? '');
    expect(new Set(keys).size).toBe(references.length);
    for (const key of keys) expect(key).toMatch(/^[-._a-zA-Z0-9]{1,253}$/);
  });

  test('one that a Secret of the namespace holds has none', () => {
    const secrets = { shared: { 2: { kubernetesSecret: 'team', key: 'k' } } };
    expect(secretKey({ secret: 'shared', version: '2' }, { secrets })).toBeUndefined();
    expect(secretKey({ secret: 'shared', version: '1' }, { secrets })).toMatch(/^shared\.1\./);
  });

  test('are those of variables and of mounted volumes', () => {
    expect(secretReferences(attempt(examples['secrets']?.spec))).toEqual([
      { secret: 'password', version: 'latest' },
      { secret: 'shared', version: '2' },
      { secret: 'password', version: '1' },
      { secret: twoProjects[0], version: 'latest' },
      { secret: 'shared', version: '1' },
      { secret: 'shared', version: '2' },
      { secret: 'shared', version: 'latest' },
    ]);
  });
});
