/**
 * Every rule that a spec can break, its severity, and the layer of the API that enforces it.
 * - `error`: Cloud Run rejects the spec.
 * - `warning`: Cloud Run accepts the spec, but it is probably a mistake; an error under `--strict`.
 * - `strict`: Cloud Run rejects the spec, but it works locally; reported only under `--strict`.
 */
interface RuleInfo {
  severity: 'error' | 'warning' | 'strict';
  /**
   * `text`: the file is not read at all. `json`: the request is not valid JSON of the message. `field`: the v2 API
   * checks the field. `shared`: a rule that both API versions share, reported in terms of v1. Unset: the API does not
   * enforce it.
   */
  layer?: 'text' | 'json' | 'field' | 'shared';
  says: string;
}

const text = (says: string): RuleInfo => ({ severity: 'error', layer: 'text', says });
const json = (says: string): RuleInfo => ({ severity: 'error', layer: 'json', says });
const error = (says: string): RuleInfo => ({ severity: 'error', layer: 'field', says });
const shared = (says: string): RuleInfo => ({ severity: 'error', layer: 'shared', says });
const warning = (says: string): RuleInfo => ({ severity: 'warning', says });

const declared = {
  file: text('The file exists and can be read.'),
  syntax: text('The file is YAML or JSON.'),
  size: text('A spec has at most 1 MiB and is not nested deeper than any job needs.'),
  'one-job': text('A file holds one job.'),
  kind: text('A v1 job has apiVersion run.googleapis.com/v1 and kind Job.'),
  'map-key': text('In v1, a key that YAML 1.1 does not read as text is quoted.'),
  'leading-zero': text('In v2, a whole number has no leading zero: YAML 1.1 and 1.2 read it differently.'),

  'unknown-field': json('A field is known to its message.'),
  'duplicate-field': json('A field or key is set once.'),
  type: json('A value has the type of its field.'),
  enum: json('A value of an enum is one of its names.'),
  oneof: json('At most one field of a oneof is set.'),
  required: error('A required field is set.'),
  unsupported: error('Fields that exist in v1 but that Cloud Run does not support are not set.'),
  ignored: warning('Fields that have no effect on a job are not set.'),
  'null-item': warning('A list contains no null.'),
  'single-item': warning('In v1, a list is written as a list.'),
  unspecified: warning('An enum is left out rather than set to its UNSPECIFIED name.'),
  placeholder: warning('Placeholders are filled in.'),
  'known-after-apply': warning('A plan of Terraform has the values of all fields that its configuration sets.'),
  'decimal-mode': warning('Permission bits are octal.'),

  'job-name': shared(
    'A job id has 1 to 49 lower-case letters, digits and -, begins with a letter and does not end with -.',
  ),
  'job-parent': shared('The project and the region in a spec are valid.'),
  'execution-token': error('The job id and the execution token have fewer than 63 characters together.'),
  'launch-stage': error('The launch stage is ALPHA, BETA or GA.'),
  'system-metadata': error('In v2, labels and annotations do not use the namespaces of Cloud Run and Knative.'),
  'label-count': error('A resource has at most 64 labels.'),
  'label-key': error('A label key has 1 to 63 lower-case letters, digits, _ and -, and begins with a letter.'),
  'label-value': error('A label value has at most 63 lower-case letters, digits, _ and -.'),
  'annotation-key': error('An annotation key is [PREFIX/]NAME by the rules of Kubernetes.'),
  'annotation-size': error('The annotations of a resource take at most 256 KiB.'),
  'annotation-kind': shared('In v1, a system annotation is set on a kind of resource that supports it.'),
  'annotation-value': shared('In v1, a system annotation has a value in its format.'),
  'annotation-unknown': warning('In v1, a run.googleapis.com annotation or label is a known one.'),
  breakglass: error('A break-glass justification requires the default policy.'),
  'binary-authorization-policy': warning('A policy is projects/P/platforms/cloudRun/POLICY.'),

  'task-count': error('An execution has 0 to 10000 tasks; 0 means 1.'),
  parallelism: error('Parallelism is not negative.'),
  'max-retries': error('A task has 0 to 10 retries.'),
  timeout: error('The timeout of a task is 1 s to 168 h.'),
  'termination-grace': error('The grace period after SIGTERM is not negative.'),
  'execution-environment': shared('A job runs in the second generation.'),
  'service-account': error('A service account is an e-mail address or an account id.'),
  'encryption-key': error('An encryption key is the full name of a Cloud KMS key.'),
  'vpc-mode': error('VPC access uses a connector or a network interface.'),
  'vpc-connector': error('A connector is projects/P/locations/L/connectors/C, or C.'),
  'vpc-interfaces': error('There is at most one network interface.'),
  'vpc-network': error('A network interface names a network or a subnetwork.'),

  'container-count': error('A task has 1 to 10 containers.'),
  'container-name': error('A container name is a DNS name by RFC 1123 of at most 63 characters.'),
  'container-name-unique': error('Container names are unique.'),
  image: error('An image is [HOST/]PATH[:TAG][@DIGEST].'),
  'image-host': {
    severity: 'strict',
    layer: 'field',
    says: 'Cloud Run pulls from gcr.io, docker.pkg.dev and docker.io only.',
  },
  'args-count': error('All containers together have at most 1000 arguments.'),
  'working-dir': warning('A working directory is an absolute path.'),
  'empty-command': warning('A command does not begin with an empty string.'),
  nul: warning('Arguments and variables contain no NUL.'),
  'env-count': error('All containers together have at most 1000 variables.'),
  'env-name': error('A variable has a name of 1 to 32768 characters.'),
  'env-value': error('The value of a variable has at most 32768 bytes.'),
  'env-reserved': shared('Variables that the system sets are not set.'),
  'env-shape': warning('The name of a variable contains no = and no NUL.'),
  'env-google': warning('Variables do not begin with X_GOOGLE_ and are not those of services.'),
  'env-duplicate': warning('A variable is set once.'),
  'value-source': warning('A value source names a secret.'),
  'secret-name': error('A secret is NAME or projects/PROJECT/secrets/NAME.'),
  'secret-version': error('A secret version is a number, an alias or latest.'),
  ports: error('A container has at most one port, and at most one container of a task has any.'),
  'port-name': error('A port name is empty, http1 or h2c.'),
  'port-number': error('A port is 1 to 65535.'),
  'job-ports': warning('A job does not listen on a port.'),

  'liveness-probe': error('A job has no liveness probe.'),
  'readiness-probe': warning('A job has no readiness probe.'),
  'probe-action': error('A probe has exactly one of httpGet, tcpSocket and grpc.'),
  'probe-seconds': error('The times of a startup probe are 0 to 240 s.'),
  'probe-threshold': error('A failure threshold is not negative.'),
  'probe-port': error('The port of a probe is 1 to 65535.'),
  'probe-header': error('An HTTP header name consists of letters, digits and -; its value is one line.'),
  'probe-timeout': warning('A probe times out within its period.'),
  'probe-budget': warning('A startup probe fails within 600 s, with a GPU within 1800 s.'),
  'depends-on': error('A container depends on containers that exist.'),
  'depends-on-cycle': error('No container depends on itself, directly or indirectly.'),
  'depends-on-probe': shared('A container that others depend on has a startup probe.'),

  'limit-name': shared('Limits are cpu, memory and nvidia.com/gpu.'),
  quantity: error('A limit is a Kubernetes quantity.'),
  cpu: shared('A container has 0.08 to 1, 2, 4, 6 or 8 CPUs.'),
  memory: shared('Memory is within the limits for the number of CPUs.'),
  'total-cpu': shared('The containers of a task have at least 1 CPU together.'),
  'total-memory': shared('The containers of a task have at least 512 MiB together.'),
  'cpu-idle': error('The CPU of a job is always allocated.'),
  'gpu-count': shared('A container has at most 1 GPU.'),
  'gpu-containers': shared('At most one container of a task has a GPU.'),
  'gpu-size': shared('A container with a GPU has the CPUs and the memory that the GPU requires.'),
  'gpu-missing': error('GPU fields are set only for jobs with a GPU.'),
  'gpu-redundancy': shared('A job with a GPU disables zonal redundancy.'),
  'gpu-timeout': shared('A task with a GPU has a timeout of at most 1 h.'),
  accelerator: warning('The accelerator is available to jobs.'),

  'volume-name-unique': error('Volume names are unique.'),
  'volume-name': warning('A volume name is a DNS label by RFC 1123.'),
  'volume-source': warning('A volume has a type.'),
  'volume-mount': error('A mount refers to a volume of the template.'),
  'mount-path': error('A mount path is absolute and contains no colon.'),
  'mount-reserved': error('Nothing is mounted at or below /dev, /proc and /sys.'),
  'mount-sub-path': error('A secret is mounted without a sub-path.'),
  'mount-duplicate': warning('Each path is mounted once.'),
  'cloudsql-name': error('A Cloud SQL volume is named cloudsql, and no other volume is.'),
  'cloudsql-mount': error('A Cloud SQL volume is mounted at /cloudsql.'),
  'cloudsql-instance': error('A Cloud SQL instance is PROJECT:LOCATION:INSTANCE.'),
  'cloudsql-empty': warning('A Cloud SQL volume has an instance.'),
  'secret-mode': error('Permission bits are 0 to 0777.'),
  'secret-path': warning('A secret file is a relative path without `..`.'),
  'size-limit': error('A size limit is a quantity.'),
  'gcs-bucket': error('A bucket volume names its bucket.'),
  'nfs-path': warning('An NFS volume names its server and an absolute path.'),
} satisfies Record<string, RuleInfo>;

/** The id of a rule, for machines. */
export type RuleId = keyof typeof declared;

export const validationRules: Readonly<Record<RuleId, RuleInfo>> = declared;
