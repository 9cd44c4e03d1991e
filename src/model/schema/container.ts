import { distinctName } from '../names.js';
import { quantity, quantityLike } from '../quantity.js';
import {
  bool,
  enumeration,
  field,
  int32,
  int64,
  list,
  map,
  message,
  string,
  type Infer,
  type Constraint,
} from './field.js';
import { ProbeMessage, StartupProbeMessage } from './probe.js';

const secretName: Constraint[] = [
  {
    id: 'secret-name',
    text: 'may only be {secret} or projects/{project}/secrets/{secret}',
    pattern: /^(?:projects\/[\w:.-]+\/secrets\/)?[\w-]{1,255}$/,
    filled: true,
  },
];
/** The fix for a malformed quantity if the mistake is obvious, otherwise examples. */
const orLike =
  (examples: string) =>
  (value: string): string => {
    const like = quantityLike(value);
    if (like === undefined) return `e.g. ${examples}`;
    return `write ${/^[\d.]+$/.test(like) ? JSON.stringify(like) : like}`;
  };
const secretVersion: Constraint[] = [
  {
    id: 'secret-version',
    text: 'should have only alphanumeric characters, hyphens and underscores',
    fix: 'a version number, an alias, or latest',
    pattern: /^[\w-]+$/,
    filled: true,
  },
];
const secretMode: Constraint[] = [
  {
    id: 'secret-mode',
    text: 'if present, must be a supported unix chmod bitmask',
    fix: 'octal 0000 to 0777, which is 0 to 511',
    min: 0,
    max: 511,
  },
];

const SecretKeySelector = message('SecretKeySelector', {
  secret: string('The secret: `NAME`, or `projects/PROJECT/secrets/NAME`.', {
    required: true,
    constraints: secretName,
  }),
  version: string('A version number, an alias, or `latest`.', { constraints: secretVersion }),
});

const EnvVarSource = message('EnvVarSource', {
  secretKeyRef: field(SecretKeySelector, 'A secret version as the value.', { effect: 'mapped' }),
});

export const EnvVarMessage = message(
  'EnvVar',
  {
    name: string('The name of the variable.', {
      required: true,
      constraints: [{ id: 'env-name', text: 'must not be empty', filled: true }],
    }),
    value: string('The value, taken literally, without expansion.', {
      constraints: [{ id: 'env-value', text: 'length cannot exceed 32768', maxBytes: 32768 }],
    }),
    valueSource: field(EnvVarSource, 'Where the value comes from.'),
  },
  { values: ['value', 'valueSource'] },
);
export type EnvVar = Infer<typeof EnvVarMessage>;

const ResourceRequirements = message('ResourceRequirements', {
  limits: map('The limits `cpu`, `memory` and `nvidia.com/gpu`.', {
    keyConstraints: [
      {
        id: 'limit-name',
        text: "only 'cpu', 'memory' and 'nvidia.com/gpu' limits are supported",
        values: ['cpu', 'memory', 'nvidia.com/gpu'],
        filled: true,
      },
    ],
    valueConstraints: [
      {
        id: 'quantity',
        text: 'Could not parse Quantity',
        fix: orLike('"1" or "500m" CPUs, "512Mi" or "2Gi" memory'),
        pattern: quantity,
        filled: true,
      },
    ],
  }),
  cpuIdle: bool('For services; the CPU of a job is always allocated.', {
    effect: 'refused',
    constraints: [{ id: 'cpu-idle', text: 'CPU idle must be set to false', values: [false] }],
  }),
  startupCpuBoost: bool('For services.', { effect: 'recorded', ignored: 'it is for services' }),
});

const ContainerPort = message('ContainerPort', {
  name: string('Empty, `http1` or `h2c`.', {
    effect: 'recorded',
    constraints: [{ id: 'port-name', text: "must be one of empty, 'http1' or 'h2c'", values: ['', 'http1', 'h2c'] }],
  }),
  containerPort: int32('The port number, 1 to 65535; the default for probes without a port.', {
    constraints: [{ id: 'port-number', text: 'must be 0 < container_port < 65536', min: 1, max: 65535, filled: true }],
  }),
});

const VolumeMountMessage = message('VolumeMount', {
  name: string('The name of a volume of the template.', { required: true }),
  mountPath: string('The absolute path in the container, without `:`. Optional for Cloud SQL.', {
    required: true,
    unset: '',
  }),
  subPath: string('A path inside the volume to mount instead of its root.'),
});
export type VolumeMount = Infer<typeof VolumeMountMessage>;

const BuildInfo = message('BuildInfo', {
  functionTarget: string('The entry point of the source.', { output: true }),
  sourceLocation: string('The location of the source.', { output: true }),
});

const CloudStorageSource = message('SourceCode.CloudStorageSource', {
  bucket: string('The bucket.', { required: true }),
  object: string('The object.', { required: true }),
  generation: int64('The generation of the object.'),
});

const InlinedSource = message('SourceCode.InlinedSource', {
  sources: list(
    field(
      message('SourceCode.InlinedSource.SourceFile', {
        filename: string('The path of the file.', { required: true }),
        content: string('The content of the file.', { required: true }),
      }),
      'A file.',
    ),
    'The files.',
    { required: true },
  ),
});

const SourceCode = message(
  'SourceCode',
  {
    cloudStorageSource: field(CloudStorageSource, 'Source in a bucket.'),
    inlinedSource: field(InlinedSource, 'Source in the request.'),
  },
  { sourceType: ['cloudStorageSource', 'inlinedSource'] },
);

const serviceOnly = 'it is for services';

/** `[HOST[:PORT]/]PATH[:TAG][@DIGEST]`, the grammar of the distribution project; PATH is lower case. */
const imageReference =
  /^(?:(?:[a-zA-Z0-9](?:[-a-zA-Z0-9.]*[a-zA-Z0-9])?(?::\d+)?)\/)?[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)*(?::\w[\w.-]{0,127})?(?:@[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-fA-F]{32,})?$/;

/** The image that was probably intended, or an example. */
function imageLike(value: string): string {
  const example = 'e.g. us-docker.pkg.dev/my-project/my-repo/my-image:1.0';
  if (value.length > 500) return example;
  if (/@[a-z0-9]+:[^:@]*$/i.test(value) && imageReference.test(value.replace(/@.*$/, '')))
    return 'a digest is sha256: and 64 hexadecimal digits';
  const [, path = '', rest = ''] =
    /^(.*?)(:[^/:@]+)?$/.exec(value.trim().replace(/^[a-z]+:\/\//i, '').replace(/[:/]+$/, '').replace(/^\/+/, '')) ?? [];
  const like = path.toLowerCase() + rest;
  return imageReference.test(like) ? `write ${like}` : example;
}

export const ContainerMessage = message('Container', {
  name: string('A DNS label, unique in the template; may be empty if there is only one container.', {
    constraints: [
      {
        id: 'container-name',
        text: 'must conform to RFC 1123',
        fix: 'use lower-case letters, digits, - and ., at most 63',
        pattern: distinctName,
      },
    ],
  }),
  image: string('The image, `[HOST/]PATH[:TAG][@DIGEST]`.', {
    required: true,
    missing: 'must provide an image name to deploy',
    constraints: [
      { id: 'image', text: 'must provide an image name to deploy', filled: true },
      {
        id: 'image',
        text: 'must be a container image path in the form [hostname/]repo-path[:tag and/or @digest]',
        fix: imageLike,
        pattern: imageReference,
      },
    ],
  }),
  sourceCode: field(SourceCode, 'For services deployed from source.', { effect: 'recorded', ignored: serviceOnly }),
  command: list(string('An argument.'), "Replaces the image's entrypoint; run without a shell."),
  args: list(string('An argument.'), "Replaces the image's command."),
  env: list(field(EnvVarMessage, 'A variable.'), 'Environment variables.'),
  resources: field(ResourceRequirements, 'CPU and memory limits.'),
  ports: list(field(ContainerPort, 'A port.'), 'The port that the container listens on; nothing is published.', {
    constraints: [{ id: 'ports', text: 'ports should contain 0 or 1 port', max: 1 }],
  }),
  volumeMounts: list(field(VolumeMountMessage, 'A mount.'), 'Volumes to mount.'),
  workingDir: string("The working directory; the image's if unset."),
  livenessProbe: field(ProbeMessage, 'For services; a job that sets it is rejected.', { effect: 'refused' }),
  startupProbe: field(StartupProbeMessage, 'Decides when the container is up, for containers that depend on it.'),
  readinessProbe: field(ProbeMessage, 'For services; jobs ignore it.', { effect: 'recorded' }),
  dependsOn: list(string('A container name.'), 'Containers that must be up before this one starts.'),
  baseImageUri: string('For functions.', { effect: 'recorded', ignored: serviceOnly }),
  buildInfo: field(BuildInfo, 'How the image was built.', { output: true }),
  sandboxLauncher: bool('Lets the container start sandboxes (preview).', { effect: 'ignoredLocally' }),
});
export type Container = Infer<typeof ContainerMessage>;

const SecretItem = message('VersionToPath', {
  path: string('The file, relative to the mount path.', { required: true }),
  version: string('A version number, an alias, or `latest`.', { constraints: secretVersion }),
  mode: int32('Permission bits, 0 to 0777 (511); the default mode if unset.', {
    octal: true,
    constraints: secretMode,
  }),
});

const SecretVolumeSource = message('SecretVolumeSource', {
  secret: string('The secret: `NAME`, or `projects/PROJECT/secrets/NAME`.', {
    required: true,
    constraints: secretName,
  }),
  items: list(field(SecretItem, 'A file.'), 'The files; if there are none, one file named after the secret, with version `latest`.'),
  defaultMode: int32('Permission bits, 0 to 0777 (511); 0444 if unset.', {
    octal: true,
    constraints: secretMode,
  }),
});

const CloudSqlInstance = message('CloudSqlInstance', {
  instances: list(
    string('`PROJECT:REGION:INSTANCE`.', {
      constraints: [
        {
          id: 'cloudsql-instance',
          text: 'must be in the format project:location:instance',
          pattern: /^(?:[a-z0-9.-]+:)?[a-z0-9-]+:[a-z0-9-]+:[a-z0-9-]+$/,
          filled: true,
        },
      ],
    }),
    'Instances whose sockets appear under /cloudsql.',
  ),
});

const EmptyDirVolumeSource = message('EmptyDirVolumeSource', {
  medium: enumeration('EmptyDirVolumeSource.Medium', { MEDIUM_UNSPECIFIED: 0, MEMORY: 1, DISK: 2 }, 'Memory or disk.'),
  sizeLimit: string('A quantity, such as `128Mi`.', {
    constraints: [{ id: 'size-limit', text: 'Could not parse Quantity', fix: orLike('"128Mi"'), pattern: quantity }],
  }),
});

const NfsVolumeSource = message('NFSVolumeSource', {
  server: string('The host.'),
  path: string('The exported path.'),
  readOnly: bool('Mount it read-only.'),
});

const GcsVolumeSource = message('GCSVolumeSource', {
  bucket: string('The bucket.', {
    constraints: [{ id: 'gcs-bucket', text: 'Bucket name must be specified', filled: true }],
  }),
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
  { volumeType: ['secret', 'cloudSqlInstance', 'emptyDir', 'nfs', 'gcs'] },
);
export type Volume = Infer<typeof VolumeMessage>;
