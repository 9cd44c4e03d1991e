import type { Job } from 'kubernetes-types/batch/v1.js';
import type { Container, EnvVar } from 'kubernetes-types/core/v1.js';
import type { KubernetesSettings, LocalSettings } from '../../model/local/settings.js';
import { shortName } from '../../model/names.js';
import { ownProperty } from '../../model/own-property.js';
import type { AttemptSpec, SecretReference } from '../port.js';
import { namespaceSecret, podSpec, secretReferences, startedFirst } from './pod.js';

/** What an engine does with attempts, and the Job controller of a cluster instead. */
export interface JobPlan {
  job: string;
  /** The project whose secrets go by their short names. */
  project: string;
  taskCount: number;
  parallelism: number;
  maxRetries: number;
  timeoutSeconds: number;
}

/** A job that Kubernetes runs by itself, and what the cluster needs besides. */
export interface IndexedJob {
  job: Job;
  /** Secrets that must be there, with the secret version that each key stands for. */
  secrets: { name: string; keys: { key: string; secret: string; version: string }[] }[];
  /** Persistent volume claims that must be there, and the buckets that they stand for. */
  claims: { name: string; bucket: string }[];
}

/** A cluster of which nothing is known. */
const anyCluster: KubernetesSettings = {
  ...{ kind: 'kubernetes', imagesOnNodes: false, imagePullSecrets: [], nodeSelector: {}, tolerations: [] },
};

/** What Kubernetes knows about a pod of an Indexed Job: its index, how often it has failed, and its Job. */
const downward: Record<string, string> = {
  CLOUD_RUN_TASK_INDEX: "metadata.annotations['batch.kubernetes.io/job-completion-index']",
  CLOUD_RUN_TASK_ATTEMPT: "metadata.annotations['batch.kubernetes.io/job-index-failure-count']",
  CLOUD_RUN_EXECUTION: "metadata.labels['batch.kubernetes.io/job-name']",
};

/**
 * The attempts of an execution as an Indexed Job of Kubernetes 1.33. Sockets of Cloud SQL instances are left out, because
 * nothing in a cluster listens on them.
 * @param attempt any attempt: the variables that differ between them come from the pod
 */
export function indexedJob(attempt: AttemptSpec, plan: JobPlan, settings: LocalSettings): IndexedJob {
  const { job, project, taskCount, parallelism, maxRetries, timeoutSeconds } = plan;
  const kubernetes = settings.runtime ?? anyCluster;
  const spec = withoutSockets(attempt);
  const secrets = exportedSecrets(secretReferences(spec), settings, project);
  const claims = exportedClaims(spec, settings);
  // All but the main container end with it, and in the order in which they start.
  const needed = startedFirst(spec.containers);
  const others = [...spec.containers.keys()].filter((i) => i !== spec.main && !needed.includes(i));
  const pod = podSpec(spec, [...needed, ...others], {
    // No value is in a Secret of localrun's.
    secretName: '',
    settings: { ...settings, credentials: undefined, secrets: secrets.mapped, claims: claims.mapped },
    kubernetes,
  });
  const withDownward = (container: Container): Container => ({
    ...container,
    ...(container.env && { env: container.env.map(fromPod) }),
  });
  const labels = { 'app.kubernetes.io/name': job };
  return {
    job: {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: {
        // Each `kubectl create` is an execution with a name of its own.
        generateName: `${job}-`,
        ...(kubernetes.namespace && { namespace: kubernetes.namespace }),
        labels,
      },
      spec: {
        completionMode: 'Indexed',
        completions: taskCount,
        parallelism,
        backoffLimitPerIndex: maxRetries,
        podReplacementPolicy: 'Failed',
        // A task that a drain or a lost node has stopped has used up no retry.
        podFailurePolicy: {
          rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }],
        },
        template: {
          metadata: { labels },
          spec: {
            ...pod,
            activeDeadlineSeconds: Math.ceil(timeoutSeconds),
            ...(pod.initContainers && { initContainers: pod.initContainers.map(withDownward) }),
            containers: pod.containers.map(withDownward),
          },
        },
      },
    },
    secrets: secrets.needed,
    claims: claims.needed,
  };
}

/** The variables that differ between the tasks, in the place of their values. */
function fromPod(variable: EnvVar): EnvVar {
  const fieldPath = ownProperty(downward, variable.name);
  return fieldPath === undefined ? variable : { name: variable.name, valueFrom: { fieldRef: { fieldPath } } };
}

function withoutSockets(spec: AttemptSpec): AttemptSpec {
  const sockets = new Set(spec.volumes.flatMap(({ name, cloudSqlInstance }) => (cloudSqlInstance ? name : [])));
  return {
    ...spec,
    volumes: spec.volumes.filter(({ name }) => !sockets.has(name)),
    containers: spec.containers.map((container) => ({
      ...container,
      volumeMounts: container.volumeMounts.filter(({ name }) => !sockets.has(name)),
    })),
  };
}

/** A name that an object of Kubernetes can have, as close to `name` as possible. */
const objectName = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    .replace(/(?:^|[.-])[.-]*(?=[.-]|$)/g, (dashes) => dashes.slice(0, 1))
    .replace(/^[.-]+|[.-]+$/g, '') || 'secret';

/** The Secret of each secret version: the mapped one, or one that is named after the secret, with a key per version. */
function exportedSecrets(
  references: readonly SecretReference[],
  settings: LocalSettings,
  project: string,
): { mapped: LocalSettings['secrets']; needed: IndexedJob['secrets'] } {
  const mapped: LocalSettings['secrets'] = {};
  const needed = new Map<string, Map<string, IndexedJob['secrets'][number]['keys'][number]>>();
  for (const reference of references) {
    const { secret, version } = reference;
    const [, owner = project] = /^projects\/([^/]+)\//.exec(secret) ?? [];
    const own = objectName(owner === project ? shortName(secret) : `${owner}-${shortName(secret)}`);
    const { name, key } = namespaceSecret(reference, settings) ?? { name: own, key: version };
    mapped[secret] = { ...mapped[secret], [version]: { kubernetesSecret: name, key } };
    const keys = needed.get(name) ?? new Map();
    needed.set(name, keys.set(key, { key, secret, version }));
  }
  return { mapped, needed: [...needed].map(([name, keys]) => ({ name, keys: [...keys.values()] })) };
}

/** The claim of each mounted bucket: the mapped one, or one that is named after the bucket. */
function exportedClaims(
  { volumes, containers }: AttemptSpec,
  settings: LocalSettings,
): { mapped: LocalSettings['claims']; needed: IndexedJob['claims'] } {
  const mounted = new Set(containers.flatMap(({ volumeMounts }) => volumeMounts.map(({ name }) => name)));
  const buckets = new Set(volumes.flatMap(({ name, gcs }) => (gcs?.bucket && mounted.has(name) ? gcs.bucket : [])));
  const needed = [...buckets].map((bucket) => ({
    bucket,
    name: ownProperty(settings.claims, bucket) ?? objectName(bucket),
  }));
  return { mapped: Object.fromEntries(needed.map(({ bucket, name }) => [bucket, name])), needed };
}
