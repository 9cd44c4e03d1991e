import { type Remedy, suggest } from '../errors.js';
import { folded } from '../field-path.js';

/**
 * Field names from elsewhere: Kubernetes, Cloud Run services, compose, gcloud's flags, Terraform. `as` is the v2 name
 * of the field with the same meaning. `say` is the advice if there is none; `v1` and `v2` are used instead where it
 * depends on the version.
 */
interface Advice {
  as?: string | undefined;
  say?: Remedy | undefined;
  v1?: string;
  v2?: string;
}

const inName = 'write it in name: projects/PROJECT/locations/REGION/jobs/JOB, or give --project and --region';
const all = (names: string, say: Remedy): [string, Advice][] => names.split(' ').map((name) => [name, { say }]);

const table = new Map<string, Advice>([
  ...all(
    'selector manualSelector suspend podFailurePolicy podReplacementPolicy maxFailedIndexes successPolicy managedBy',
    'remove it: Cloud Run manages the tasks itself',
  ),
  ...all(
    'tolerations affinity nodeName priorityClassName priority preemptionPolicy schedulerName topologySpreadConstraints runtimeClassName schedulingGates overhead',
    'remove it: Cloud Run chooses the machines',
  ),
  ...all(
    'hostNetwork hostPID hostIPC hostUsers hostAliases hostname subdomain dnsPolicy dnsConfig enableServiceLinks shareProcessNamespace setHostnameAsFQDN automountServiceAccountToken lifecycle tty stdin stdinOnce volumeDevices resizePolicy ephemeralContainers readinessGates os',
    'remove it: Cloud Run has no equivalent',
  ),
  ...all(
    'traffic containerConcurrency maxInstanceRequestConcurrency concurrency scaling minInstances maxInstances ingress invokerIamDisabled defaultUriDisabled customAudiences iapEnabled sessionAffinity healthCheckDisabled revision minScale maxScale',
    'remove it: it is for services',
  ),
  ...all(
    'schedule timeZone concurrencyPolicy jobTemplate startingDeadlineSeconds successfulJobsHistoryLimit failedJobsHistoryLimit cron',
    [
      'remove it: Cloud Scheduler runs a Cloud Run job at set times; locally, cron can run: ',
      suggest('jobs execute', 'JOB'),
    ],
  ),
  ...all(
    'hostPath persistentVolumeClaim projected downwardAPI configMap ephemeral iscsi',
    'use a secret, emptyDir, nfs or a bucket: Cloud Run has no other volumes',
  ),
  ...all('imagePullPolicy', 'remove it: an execution uses the image that its tag names when it is created'),
  ...all('restartPolicy restart', 'remove it: a failed task is retried, maxRetries times'),
  ...all(
    'fieldRef resourceFieldRef',
    'set a value; every task has CLOUD_RUN_TASK_INDEX, CLOUD_RUN_EXECUTION and so on',
  ),
  ...all('configMapKeyRef', 'set a value: Cloud Run has no ConfigMaps'),
  ...all('envFrom', 'list the variables in env, each with its name'),
  ...all('envFile', 'list the variables in env, or give them with --env-vars-file'),
  ...all('securityContext user', 'remove it: a job runs as the user of its image (USER in the Dockerfile)'),
  ...all(
    'imagePullSecrets',
    'remove it: Cloud Run pulls with the permissions of its service agent, and the local container engine with those of your docker client',
  ),
  [
    'initContainers',
    {
      v1: 'list it in containers; the annotation run.googleapis.com/container-dependencies sets the start order',
      v2: 'list it in containers; dependsOn sets the start order',
    },
  ],
  ['csi', { v2: 'write gcs: {bucket: NAME} for a bucket, cloudSqlInstance: {instances: [NAME]} for Cloud SQL' }],
  ...all('ttlSecondsAfterFinished', 'remove it: Cloud Run deletes old executions itself'),
  ...all('completionMode', 'remove it: every task has an index, CLOUD_RUN_TASK_INDEX'),
  ...all('build', 'build the image first, and name it in image'),
  ...all('deletionProtection', 'remove it: it is for Terraform'),
  ['region', { v1: 'write it as the label cloud.googleapis.com/location in metadata, or give --region', v2: inName }],
  ['location', { v1: 'write it as the label cloud.googleapis.com/location in metadata, or give --region', v2: inName }],
  ['project', { v1: 'write it as metadata.namespace, or give --project', v2: inName }],
  ['projectId', { v1: 'write it as metadata.namespace, or give --project', v2: inName }],
  ['completions', { as: 'taskCount' }],
  ['tasks', { as: 'taskCount' }],
  ['backoffLimit', { as: 'maxRetries' }],
  ['backoffLimitPerIndex', { as: 'maxRetries' }],
  ['retries', { as: 'maxRetries' }],
  ['retryCount', { as: 'maxRetries' }],
  ['maxAttempts', { as: 'maxRetries' }],
  ['activeDeadlineSeconds', { as: 'timeout' }],
  ['taskTimeout', { as: 'timeout' }],
  ['environment', { as: 'env' }],
  ['envVars', { as: 'env' }],
  ['setEnvVars', { as: 'env' }],
  ['variables', { as: 'env' }],
  ['entrypoint', { as: 'command' }],
  ['cmd', { as: 'args' }],
  ['arguments', { as: 'args' }],
  ['containerName', { as: 'name' }],
  ['workdir', { as: 'workingDir' }],
  ['volumes', { as: 'volumeMounts' }],
  ['mounts', { as: 'volumeMounts' }],
  ['gpu', { as: 'nvidia.com/gpu' }],
  ['vpcConnector', { as: 'connector' }],
  ['cloudSqlInstances', { as: 'cloudSqlInstance' }],
]);

const byFolded = new Map([...table].map(([name, known]) => [folded(name), known]));

/** Advice about a name that is not a field where it was written. Spelling is ignored. */
export function foreignField(name: string, version: 'v1' | 'v2' = 'v2'): Pick<Advice, 'as' | 'say'> {
  const { as, say, ...by } = byFolded.get(folded(name)) ?? {};
  return { ...(as && { as }), say: say ?? by[version] };
}
