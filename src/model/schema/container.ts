import { bool, enumeration, field, int32, int64, list, map, message, string, type Infer } from './field.js';

const SecretKeySelector = message('SecretKeySelector', {
  secret: string('The secret: `NAME`, or `projects/PROJECT/secrets/NAME`.', { required: true }),
  version: string('A version number, an alias, or `latest`.'),
});

const EnvVarSource = message('EnvVarSource', {
  secretKeyRef: field(SecretKeySelector, 'A secret version as the value.', { effect: 'mapped' }),
});

export const EnvVarMessage = message(
  'EnvVar',
  {
    name: string('The name of the variable.', { required: true }),
    value: string('The value, taken literally: nothing is expanded.'),
    valueSource: field(EnvVarSource, 'Where the value comes from.'),
  },
  [['value', 'valueSource']],
);
export type EnvVar = Infer<typeof EnvVarMessage>;

const ResourceRequirements = message('ResourceRequirements', {
  limits: map('The limits `cpu`, `memory` and `nvidia.com/gpu`.'),
  cpuIdle: bool('For services; a job always has its CPU.'),
  startupCpuBoost: bool('For services.', { effect: 'inert' }),
});

const ContainerPort = message('ContainerPort', {
  name: string('Empty, `http1` or `h2c`.', { effect: 'recorded' }),
  containerPort: int32('The port number, 1 to 65535.', { effect: 'recorded' }),
});

const VolumeMountMessage = message('VolumeMount', {
  name: string('The name of a volume of the template.', { required: true }),
  mountPath: string('Where it appears in the container; absolute, no `:`.', { required: true }),
  subPath: string('A path inside the volume that is mounted instead of its root.'),
});
export type VolumeMount = Infer<typeof VolumeMountMessage>;

const HttpHeader = message('HTTPHeader', {
  name: string('The header.', { required: true }),
  value: string('Its value.'),
});

const HttpGetAction = message('HTTPGetAction', {
  path: string('The path; `/` if unset.'),
  httpHeaders: list(field(HttpHeader, 'A header.'), 'Headers to send.'),
  port: int32('The port, 1 to 65535; the container port if unset.'),
});

const TcpSocketAction = message('TCPSocketAction', {
  port: int32('The port, 1 to 65535; the container port if unset.'),
});

const GrpcAction = message('GRPCAction', {
  port: int32('The port, 1 to 65535; the container port if unset.'),
  service: string('The service named in the health check request.'),
});

const ProbeMessage = message(
  'Probe',
  {
    initialDelaySeconds: int32('Wait before the first probe, 0 to 240 s; 0 if unset.'),
    timeoutSeconds: int32('Time for one probe, 1 to 240 s; 1 if unset.'),
    periodSeconds: int32('Time from probe to probe, 1 to 240 s; 10 if unset.'),
    failureThreshold: int32('Failures in a row that make the container fail; 3 if unset.'),
    httpGet: field(HttpGetAction, 'Healthy if a GET answers with a status from 200 to 399.'),
    tcpSocket: field(TcpSocketAction, 'Healthy if the port takes a connection.'),
    grpc: field(GrpcAction, 'Healthy if grpc.health.v1 answers SERVING.'),
  },
  [['httpGet', 'tcpSocket', 'grpc']],
);

export type Probe = Infer<typeof ProbeMessage>;

const BuildInfo = message('BuildInfo', {
  functionTarget: string('The entry point of the source.', { output: true }),
  sourceLocation: string('Where the source was.', { output: true }),
});

const CloudStorageSource = message('CloudStorageSource', {
  bucket: string('The bucket.', { required: true }),
  object: string('The object.', { required: true }),
  generation: int64('Its generation.'),
});

const SourceCode = message('SourceCode', {
  cloudStorageSource: field(CloudStorageSource, 'Source in a bucket.'),
});

export const ContainerMessage = message('Container', {
  name: string('A DNS label, unique in the template; may be empty where there is one container only.'),
  image: string('The image, `[HOST/]PATH[:TAG][@DIGEST]`.', { required: true }),
  sourceCode: field(SourceCode, 'For services deployed from source.', { effect: 'inert' }),
  command: list(string('An argument.'), "Replaces the image's entrypoint; run without a shell."),
  args: list(string('An argument.'), "Replaces the image's command."),
  env: list(field(EnvVarMessage, 'A variable.'), 'Environment variables.'),
  resources: field(ResourceRequirements, 'CPU and memory limits.'),
  ports: list(field(ContainerPort, 'A port.'), 'The port that the container listens on; nothing is published.'),
  volumeMounts: list(field(VolumeMountMessage, 'A mount.'), 'Volumes to mount.'),
  workingDir: string("The working directory; the image's if unset."),
  livenessProbe: field(ProbeMessage, 'For services; a job that sets it is rejected.'),
  startupProbe: field(ProbeMessage, 'Tells when the container is up, for those that depend on it.'),
  readinessProbe: field(ProbeMessage, 'For services.', { effect: 'inert' }),
  dependsOn: list(string('A container name.'), 'Containers that must be up before this one starts.'),
  baseImageUri: string('For functions.', { effect: 'inert' }),
  buildInfo: field(BuildInfo, 'How the image was built.', { output: true }),
  sandboxLauncher: bool('Lets the container start sandboxes (preview).', { effect: 'inert' }),
});
export type Container = Infer<typeof ContainerMessage>;

const SecretItem = message('VersionToPath', {
  path: string('The file, relative to the mount.', { required: true }),
  version: string('A version number, an alias, or `latest`.'),
  mode: int32('Permission bits, 0 to 0777 (511); the default mode if unset.'),
});

const SecretVolumeSource = message('SecretVolumeSource', {
  secret: string('The secret: `NAME`, or `projects/PROJECT/secrets/NAME`.', { required: true }),
  items: list(field(SecretItem, 'A file.'), 'The files; if none, one file named after the secret, version `latest`.'),
  defaultMode: int32('Permission bits, 0 to 0777 (511); 0444 if unset.'),
});

const CloudSqlInstance = message('CloudSqlInstance', {
  instances: list(string('`PROJECT:REGION:INSTANCE`.'), 'Instances whose sockets appear under /cloudsql.'),
});

const EmptyDirVolumeSource = message('EmptyDirVolumeSource', {
  medium: enumeration('EmptyDirVolumeSource.Medium', { MEDIUM_UNSPECIFIED: 0, MEMORY: 1, DISK: 2 }, 'Memory or disk.'),
  sizeLimit: string('A quantity, such as `128Mi`.'),
});

const NfsVolumeSource = message('NFSVolumeSource', {
  server: string('The host.'),
  path: string('The exported path.'),
  readOnly: bool('Mount it read-only.'),
});

const GcsVolumeSource = message('GCSVolumeSource', {
  bucket: string('The bucket.'),
  readOnly: bool('Mount it read-only.'),
  mountOptions: list(string('An option.'), 'Options of gcsfuse, without the leading dashes.'),
});

export const VolumeMessage = message(
  'Volume',
  {
    name: string('Unique in the template.', { required: true }),
    secret: field(SecretVolumeSource, 'Secret versions as files.', { effect: 'mapped' }),
    cloudSqlInstance: field(CloudSqlInstance, 'Sockets of Cloud SQL instances.', { effect: 'mapped' }),
    emptyDir: field(EmptyDirVolumeSource, 'A directory that lives as long as the attempt.'),
    nfs: field(NfsVolumeSource, 'An NFS export.', { effect: 'mapped' }),
    gcs: field(GcsVolumeSource, 'A Cloud Storage bucket.', { effect: 'mapped' }),
  },
  [['secret', 'cloudSqlInstance', 'emptyDir', 'nfs', 'gcs']],
);
export type Volume = Infer<typeof VolumeMessage>;
