import { ContainerMessage, EnvVarMessage, VolumeMessage } from '../schema/container.js';
import { bool, enumeration, field, int32, int64, list, map, message, string, type Infer } from '../schema/field.js';
import { ExecutionTemplateMessage, JobMessage, TaskTemplateMessage } from '../schema/job.js';
import { StartupProbeMessage } from '../schema/probe.js';

/**
 * `apiVersion: run.googleapis.com/v1, kind: Job`, the form of gcloud's YAML. Fields that both versions share are v2's.
 * Server-set fields are declared so that an exported job is accepted.
 */
const job = JobMessage.fields;
const execution = ExecutionTemplateMessage.fields;
const task = TaskTemplateMessage.fields;
const container = ContainerMessage.fields;
const volume = VolumeMessage.fields;
const env = EnvVarMessage.fields;
const mount = container.volumeMounts.of.message.fields;
const probe = StartupProbeMessage.fields;

/** Set by the server, and accepted in input so that an exported job can be read. */
const server = { output: true } as const;

const notSupported = 'Cloud Run does not support it';

const secretName = string('The secret, or an alias from the annotation run.googleapis.com/secrets.', {
  required: true,
  constraints: [
    {
      id: 'secret-name',
      text: 'v1 takes the name of a secret of the same project, or an alias',
      pattern: /^[\w-]{1,255}$/,
      filled: true,
    },
  ],
});

const localObjectReference = map('', { refused: notSupported });

const SecretKeySelector = message('SecretKeySelector', {
  name: secretName,
  key: env.valueSource.message.fields.secretKeyRef.message.fields.version,
  optional: bool('', { ignored: 'a secret must exist' }),
  localObjectReference,
});

const ConfigMapKeySelector = message('ConfigMapKeySelector', {
  name: string(''),
  key: string(''),
  optional: bool(''),
  localObjectReference,
});

export const EnvVarV1Message = message(
  'EnvVar',
  {
    name: env.name,
    value: env.value,
    valueFrom: field(
      message('EnvVarSource', {
        secretKeyRef: field(SecretKeySelector, 'A secret version as the value.'),
        configMapKeyRef: field(ConfigMapKeySelector, '', { refused: notSupported }),
      }),
      'Where the value comes from.',
    ),
  },
  { values: ['value', 'valueFrom'] },
);

const EnvFromSource = message('EnvFromSource', {
  prefix: string(''),
  configMapRef: field(ConfigMapKeySelector, ''),
  secretRef: field(ConfigMapKeySelector, ''),
});

const Probe = message(
  'Probe',
  {
    initialDelaySeconds: probe.initialDelaySeconds,
    timeoutSeconds: probe.timeoutSeconds,
    periodSeconds: probe.periodSeconds,
    failureThreshold: probe.failureThreshold,
    successThreshold: int32('1.', { refused: 'must be 1', neutral: [1] }),
    httpGet: field(
      message('HTTPGetAction', {
        ...probe.httpGet.message.fields,
        host: string('', { refused: notSupported }),
        scheme: string('HTTP.', { refused: 'only HTTP is supported', neutral: ['HTTP'] }),
      }),
      probe.httpGet.doc,
    ),
    tcpSocket: field(
      message('TCPSocketAction', {
        ...probe.tcpSocket.message.fields,
        host: string('', { refused: notSupported }),
      }),
      probe.tcpSocket.doc,
    ),
    grpc: probe.grpc,
    exec: field(message('ExecAction', { command: list(string(''), '') }), '', { refused: notSupported }),
  },
  { probeType: ['httpGet', 'tcpSocket', 'grpc'] },
);

const Container = message('Container', {
  name: container.name,
  image: container.image,
  command: container.command,
  args: container.args,
  env: list(field(EnvVarV1Message, 'A variable.'), 'Environment variables.'),
  envFrom: list(field(EnvFromSource, ''), '', { refused: notSupported }),
  workingDir: container.workingDir,
  resources: field(
    message('ResourceRequirements', {
      limits: container.resources.message.fields.limits,
      requests: map('', { ignored: 'a container gets its limits' }),
    }),
    'CPU and memory limits.',
  ),
  ports: list(
    field(
      message('ContainerPort', {
        ...container.ports.of.message.fields,
        protocol: string('TCP.', { refused: 'only TCP is supported', neutral: ['TCP'] }),
      }),
      'A port.',
    ),
    container.ports.doc,
    { constraints: container.ports.constraints },
  ),
  volumeMounts: list(
    field(
      message('VolumeMount', {
        ...mount,
        readOnly: bool('', { ignored: 'the volume itself is read-only or not' }),
      }),
      'A mount.',
    ),
    'Volumes to mount.',
  ),
  livenessProbe: field(Probe, 'For services; a job that sets it is rejected.'),
  readinessProbe: field(Probe, 'For services.'),
  startupProbe: field(Probe, 'Decides when the container is up, for containers that depend on it.'),
  sandboxLauncher: container.sandboxLauncher,
  imagePullPolicy: enumeration('ImagePullPolicy', { Always: 0, IfNotPresent: 1, Never: 2 }, '', {
    ignored: 'an execution uses the image that its tag names when it is created',
  }),
  securityContext: field(message('SecurityContext', { runAsUser: int64('') }), '', { refused: notSupported }),
  terminationMessagePath: string('', { ignored: notSupported }),
  terminationMessagePolicy: string('', { ignored: notSupported }),
});

const item = volume.secret.message.fields.items.of.message.fields;
const KeyToPath = message('KeyToPath', {
  key: item.version,
  path: item.path,
  mode: item.mode,
});

const Volume = message(
  'Volume',
  {
    name: volume.name,
    secret: field(
      message('SecretVolumeSource', {
        secretName,
        items: list(field(KeyToPath, 'A file.'), volume.secret.message.fields.items.doc),
        defaultMode: volume.secret.message.fields.defaultMode,
        optional: bool('', { ignored: 'a secret must exist' }),
      }),
      'Secret versions as files.',
    ),
    emptyDir: field(
      message('EmptyDirVolumeSource', {
        medium: enumeration('Medium', { Memory: 1, Disk: 2 }, 'Memory or Disk.'),
        sizeLimit: volume.emptyDir.message.fields.sizeLimit,
      }),
      'A directory that lives as long as the attempt.',
    ),
    nfs: volume.nfs,
    csi: field(
      message('CSIVolumeSource', {
        driver: enumeration(
          'Driver',
          { 'gcsfuse.run.googleapis.com': 0, 'cloudsql.run.googleapis.com': 1 },
          'The kind of volume.',
          { required: true },
        ),
        readOnly: bool('Mount it read-only.'),
        volumeAttributes: map('bucketName and mountOptions, or instances.'),
      }),
      'A bucket or Cloud SQL instances.',
    ),
    configMap: field(
      message('ConfigMapVolumeSource', {
        name: string(''),
        items: list(field(KeyToPath, ''), ''),
        defaultMode: int32(''),
        optional: bool(''),
      }),
      '',
      { refused: notSupported },
    ),
  },
  { volumeType: ['secret', 'emptyDir', 'nfs', 'csi', 'configMap'] },
);

const serverMeta = {
  generation: int64('', server),
  creationTimestamp: string('', server),
  deletionTimestamp: string('', server),
  deletionGracePeriodSeconds: int32('', server),
  resourceVersion: string('', server),
  selfLink: string('', server),
  uid: string('', server),
  clusterName: string('', server),
  finalizers: list(string(''), '', server),
  ownerReferences: list(string(''), '', server),
};

const labels = map('Labels; those of run.googleapis.com are set by the service.');
const annotations = map('Annotations; those of run.googleapis.com are fields of the v2 API.');

const JobMeta = message('ObjectMeta', {
  name: string("The job's id."),
  namespace: string('The project.', { orNumber: true }),
  generateName: string('', { refused: notSupported }),
  labels,
  annotations,
  ...serverMeta,
});

const named = 'the service names executions';
const ExecutionMeta = message('ObjectMeta', {
  name: string('', { ignored: named }),
  namespace: string('', { orNumber: true, ignored: named }),
  generateName: string('', { refused: notSupported }),
  labels,
  annotations,
  ...serverMeta,
});

const TaskSpec = message('TaskSpec', {
  containers: list(field(Container, 'A container.'), task.containers.doc, {
    required: true,
    missing: task.containers.missing,
    constraints: task.containers.constraints,
  }),
  volumes: list(field(Volume, 'A volume.'), 'Volumes for the containers to mount.'),
  maxRetries: task.maxRetries,
  timeoutSeconds: int64('Time for one attempt, at most 604800 (168 h); 600 if unset.', {
    constraints: task.timeout.constraints,
  }),
  serviceAccountName: task.serviceAccount,
  nodeSelector: map('run.googleapis.com/accelerator: the GPU type.'),
  terminationGracePeriodSeconds: int64('Time from SIGTERM to SIGKILL; 10 if unset.', {
    constraints: task.terminationGracePeriod.constraints,
  }),
});

const ExecutionSpec = message('ExecutionSpec', {
  parallelism: execution.parallelism,
  taskCount: execution.taskCount,
  delayExecution: execution.delayExecution,
  template: field(
    message('TaskTemplateSpec', {
      spec: field(TaskSpec, 'The task template.', { required: true, missing: 'has no task template' }),
    }),
    'The task template.',
    { required: true, missing: 'has no task template' },
  ),
});

/** The input of `gcloud run jobs replace`. */
export const JobV1Message = message('Job', {
  apiVersion: string('run.googleapis.com/v1', {
    required: true,
    constraints: [
      { id: 'kind', text: 'must be run.googleapis.com/v1', values: ['run.googleapis.com/v1'], filled: true },
    ],
  }),
  kind: string('Job', {
    required: true,
    constraints: [{ id: 'kind', text: 'must be Job', values: ['Job'], filled: true }],
  }),
  metadata: field(JobMeta, 'Name, labels, annotations.', { required: true }),
  spec: field(
    message(
      'JobSpec',
      {
        template: field(
          message('ExecutionTemplateSpec', {
            metadata: field(ExecutionMeta, 'Labels and annotations of the executions.'),
            spec: field(ExecutionSpec, 'The execution template.', { required: true }),
          }),
          'The execution template.',
          { required: true, missing: 'has no task template' },
        ),
        startExecutionToken: job.startExecutionToken,
        runExecutionToken: job.runExecutionToken,
      },
      { createExecution: ['startExecutionToken', 'runExecutionToken'] },
    ),
    'The spec of the job.',
    { required: true },
  ),
  status: string('', server),
});

export type JobV1 = Infer<typeof JobV1Message>;
