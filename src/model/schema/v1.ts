import { bool, enumeration, field, int32, int64, list, map, message, string, type Infer } from './field.js';

/**
 * `apiVersion: run.googleapis.com/v1, kind: Job`, the shape of gcloud's YAML. Only what a client may write is
 * declared with care; the server's own fields are there so that an exported job is accepted.
 */
const server = { output: true } as const;

const ObjectMeta = message('ObjectMeta', {
  name: string("The job's id."),
  namespace: string('The project.', { orNumber: true }),
  labels: map('Labels.'),
  annotations: map('Annotations; the run.googleapis.com ones are fields of the v2 API.'),
  generation: int64('', server),
  creationTimestamp: string('', server),
  deletionTimestamp: string('', server),
  deletionGracePeriodSeconds: int32('', server),
  resourceVersion: string('', server),
  selfLink: string('', server),
  uid: string('', server),
  generateName: string('', server),
  clusterName: string('', server),
  finalizers: list(string(''), '', server),
  ownerReferences: list(string(''), '', server),
});

const SecretKeySelector = message('SecretKeySelector', {
  name: string('The secret, or an alias from the annotation run.googleapis.com/secrets.', { required: true }),
  key: string('A version number, an alias, or `latest`.'),
  optional: bool('Not supported.'),
});

const EnvVarSource = message('EnvVarSource', {
  secretKeyRef: field(SecretKeySelector, 'A secret version as the value.'),
});

const EnvVar = message(
  'EnvVar',
  {
    name: string('The name of the variable.', { required: true }),
    value: string('The value, taken literally.'),
    valueFrom: field(EnvVarSource, 'Where the value comes from.'),
  },
  [['value', 'valueFrom']],
);

const port = int32('The port.');
const Probe = message(
  'Probe',
  {
    initialDelaySeconds: int32('Wait before the first probe.'),
    timeoutSeconds: int32('Time for one probe.'),
    periodSeconds: int32('Time from probe to probe.'),
    failureThreshold: int32('Failures in a row that make the container fail.'),
    successThreshold: int32('Must be 1.'),
    httpGet: field(
      message('HTTPGetAction', {
        path: string('The path.'),
        port,
        host: string('Not supported.'),
        scheme: string('Not supported.'),
        httpHeaders: list(
          field(
            message('HTTPHeader', { name: string('The header.', { required: true }), value: string('Its value.') }),
            '',
          ),
          'Headers to send.',
        ),
      }),
      'Healthy if a GET succeeds.',
    ),
    tcpSocket: field(
      message('TCPSocketAction', { port, host: string('Not supported.') }),
      'Healthy if the port takes a connection.',
    ),
    grpc: field(
      message('GRPCAction', { port, service: string('The service named in the health check request.') }),
      'Healthy if grpc.health.v1 answers SERVING.',
    ),
  },
  [['httpGet', 'tcpSocket', 'grpc']],
);

const Container = message('Container', {
  name: string('A DNS label.'),
  image: string('The image.', { required: true }),
  command: list(string(''), "Replaces the image's entrypoint."),
  args: list(string(''), "Replaces the image's command."),
  env: list(field(EnvVar, 'A variable.'), 'Environment variables.'),
  workingDir: string('The working directory.'),
  resources: field(
    message('ResourceRequirements', {
      limits: map('The limits `cpu`, `memory` and `nvidia.com/gpu`.'),
      requests: map('Ignored; they are the limits.'),
    }),
    'CPU and memory limits.',
  ),
  ports: list(
    field(
      message('ContainerPort', {
        name: string('Empty, `http1` or `h2c`.'),
        containerPort: int32('The port number.'),
        protocol: string('TCP.'),
      }),
      '',
    ),
    'The port that the container listens on.',
  ),
  volumeMounts: list(
    field(
      message('VolumeMount', {
        name: string('The volume.', { required: true }),
        mountPath: string('Where it appears.', { required: true }),
        subPath: string('A path inside the volume.'),
        readOnly: bool('Ignored; what is read-only says so in the volume.'),
      }),
      '',
    ),
    'Volumes to mount.',
  ),
  livenessProbe: field(Probe, 'For services.'),
  readinessProbe: field(Probe, 'For services.'),
  startupProbe: field(Probe, 'Tells when the container is up.'),
  sandboxLauncher: bool('Lets the container start sandboxes (preview).'),
  imagePullPolicy: enumeration('ImagePullPolicy', { Always: 0, IfNotPresent: 1, Never: 2 }, 'When to pull the image.'),
  terminationMessagePath: string('Ignored.'),
  terminationMessagePolicy: string('Ignored.'),
});

const Volume = message(
  'Volume',
  {
    name: string('Unique in the template.', { required: true }),
    secret: field(
      message('SecretVolumeSource', {
        secretName: string('The secret, or an alias.', { required: true }),
        items: list(
          field(
            message('KeyToPath', {
              key: string('A version.', { required: true }),
              path: string('The file.', { required: true }),
              mode: int32('Permission bits.'),
            }),
            '',
          ),
          'The files.',
        ),
        defaultMode: int32('Permission bits.'),
        optional: bool('Not supported.'),
      }),
      'Secret versions as files.',
    ),
    emptyDir: field(
      message('EmptyDirVolumeSource', {
        medium: enumeration('Medium', { Memory: 0, Disk: 1 }, 'Memory or Disk.'),
        sizeLimit: string('A quantity.'),
      }),
      'A directory that lives as long as the attempt.',
    ),
    nfs: field(
      message('NFSVolumeSource', {
        server: string('The host.'),
        path: string('The exported path.'),
        readOnly: bool('Mount it read-only.'),
      }),
      'An NFS export.',
    ),
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
  },
  [['secret', 'emptyDir', 'nfs', 'csi']],
);

const TaskSpec = message('TaskSpec', {
  containers: list(field(Container, 'A container.'), 'The containers of a task.', { required: true }),
  volumes: list(field(Volume, 'A volume.'), 'Volumes that the containers mount.'),
  maxRetries: int32('Retries of a failed task; 3 if unset.'),
  timeoutSeconds: int64('Time for one attempt; 600 if unset.'),
  serviceAccountName: string("The task's identity."),
  nodeSelector: map('run.googleapis.com/accelerator: the GPU type.'),
  terminationGracePeriodSeconds: int64('Ignored; it is 10 s.'),
});

const ExecutionSpec = message('ExecutionSpec', {
  parallelism: int32('Tasks that run at once.'),
  taskCount: int32('Tasks of an execution.'),
  delayExecution: bool('Allows a later start (preview).'),
  template: field(
    message('TaskTemplateSpec', { spec: field(TaskSpec, 'What a task is.', { required: true }) }),
    'What a task is.',
    { required: true },
  ),
});

/** What `gcloud run jobs replace` reads. */
export const JobV1Message = message('Job', {
  apiVersion: string('run.googleapis.com/v1', { required: true }),
  kind: string('Job', { required: true }),
  metadata: field(ObjectMeta, 'Name, labels, annotations.', { required: true }),
  spec: field(
    message('JobSpec', {
      template: field(
        message('ExecutionTemplateSpec', {
          metadata: field(ObjectMeta, 'Labels and annotations of the executions.'),
          spec: field(ExecutionSpec, 'What an execution is.', { required: true }),
        }),
        'What an execution is.',
        { required: true },
      ),
      startExecutionToken: string('Starts an execution.'),
      runExecutionToken: string('Runs an execution.'),
    }),
    'What the job is.',
    { required: true },
  ),
  status: string('', server),
});

export type JobV1 = Infer<typeof JobV1Message>;
