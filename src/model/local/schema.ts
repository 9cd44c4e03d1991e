import { bool, enumeration, field, int32, list, map, mapOf, message, string, type Infer } from '../schema/field.js';
import { pullPolicies, runtimeKinds } from './settings.js';

const numbered = <T extends string>(names: readonly T[]): Record<T, number> =>
  Object.fromEntries(names.map((name, i) => [name, i])) as Record<T, number>;

const valueFields = {
  value: string('The value itself.'),
  file: string('A file whose bytes are the value, including a line break at its end.'),
  env: string('A variable in the environment of the command that runs the job.'),
  dotenv: string('A dotenv file; `key` names the variable in it.'),
  key: string('The variable in the dotenv file.'),
  kubernetesSecret: string("NAME/KEY: a Secret of the cluster's namespace, and the key of the value in it."),
};
const sources = ['value', 'file', 'env', 'dotenv', 'kubernetesSecret'] as const;

const SecretVersionMessage = message('SecretVersion', valueFields, { source: sources });
export type LocalSecretVersion = Infer<typeof SecretVersionMessage>;

const SecretMessage = message(
  'Secret',
  {
    ...valueFields,
    versions: mapOf(
      field(SecretVersionMessage, 'A version.'),
      'Values by version number. `latest` is the highest number unless it is listed itself.',
    ),
    aliases: mapOf(string('A version number.', { orNumber: true }), 'Version numbers by alias.'),
  },
  { source: [...sources, 'versions'] },
);
export type LocalSecret = Infer<typeof SecretMessage>;

const CloudSqlMessage = message(
  'CloudSql',
  {
    socket: string('The directory in which a Cloud SQL proxy keeps its socket, or the socket itself.'),
    tcp: string('`HOST:PORT` as seen from this machine; the job sees a socket.'),
    engine: enumeration(
      'CloudSql.Engine',
      { postgres: 0, mysql: 1 },
      'The kind of socket for `tcp`: mysql if the port is 3306, otherwise postgres.',
    ),
  },
  { endpoint: ['socket', 'tcp'] },
);

const BucketMessage = message('Bucket', {
  claim: string("A persistent volume claim of the cluster's namespace."),
});

const RuntimeMessage = message('Runtime', {
  kind: enumeration(
    'Runtime.Kind',
    numbered(runtimeKinds),
    'The runtime unless --runtime or LOCALRUN_RUNTIME names one: docker is the container engine of this machine, which may be podman. The other keys are for kubernetes.',
  ),
  context: string('The context of the kubeconfig. Default: its current context, or in a pod the cluster of the pod.'),
  namespace: string('The namespace. Default: that of the context.'),
  worker: string(
    'NAMESPACE/DEPLOYMENT of the cluster worker that does the work of commands, with executions of its own; LOCALRUN_WORKER wins.',
  ),
  imagesOnNodes: bool('The nodes have the images already: the cluster pulls none, and no registry is asked.'),
  serviceAccount: string('The service account of the pods, whose token they get.'),
  imagePullSecrets: list(string(''), 'Secrets of the namespace with credentials of registries.'),
  nodeSelector: map('Labels of the nodes that may run attempts.'),
  tolerations: list(
    field(
      message('Toleration', {
        key: string('The key of the taint; unset: any.'),
        operator: enumeration('Toleration.Operator', { Equal: 0, Exists: 1 }, 'Default: Equal.'),
        value: string('The value of the taint.', { orNumber: true }),
        effect: enumeration(
          'Toleration.Effect',
          { NoSchedule: 0, PreferNoSchedule: 1, NoExecute: 2 },
          'The effect of the taint; unset: any.',
        ),
        tolerationSeconds: int32('How long a running pod tolerates the effect NoExecute.'),
      }),
      '',
    ),
    'Taints of nodes that do not keep attempts away, as in a pod.',
  ),
  requests: field(
    message('Requests', {
      cpu: string('As 500m or 2.', { orNumber: true }),
      memory: string('As 512Mi.', { orNumber: true }),
    }),
    'What each container asks the scheduler for. Default: its limits.',
  ),
});

/** localrun.yaml: how the jobs below a directory use this machine. Paths are relative to the file. */
export const LocalFileMessage = message('LocalFile', {
  project: string('The project id.', { orNumber: true }),
  projectNumber: string('The project number, which specs and references may use instead of the id.', {
    orNumber: true,
  }),
  region: string('The region.'),
  account: string('Who calls.'),
  enforceIam: bool('Enforce the IAM policies of jobs for callers other than the owner.'),
  secrets: mapOf(
    field(SecretMessage, 'Where the value comes from.'),
    'Secrets by NAME or projects/PROJECT/secrets/NAME. Without `versions`, one value serves every version.',
  ),
  buckets: mapOf(
    field(BucketMessage, 'A directory of this machine, or a claim.', { orString: true }),
    'Directories, or persistent volume claims of a cluster, by the name of the bucket that each replaces.',
  ),
  nfs: map('Directories by the export that each replaces, HOST:/PATH.'),
  cloudSql: mapOf(field(CloudSqlMessage, 'Where the instance is.'), 'Cloud SQL instances by PROJECT:REGION:INSTANCE.'),
  runtime: field(RuntimeMessage, 'What runs the attempts of jobs.'),
  network: string('A network of the container engine for jobs to join, such as that of a compose project.'),
  hostAccess: bool('Let jobs reach this machine as host.docker.internal.'),
  metadata: bool('Give jobs a metadata server.'),
  credentials: enumeration('Credentials', { adc: 0 }, 'Give jobs the application default credentials of this machine.'),
  freshSandbox: bool('Give every attempt a network namespace of its own.'),
  strictFs: bool('Count what a task writes to its file system as memory, as in Cloud Run.'),
  processLimit: int32('The most processes and threads that a container may have; 0: no limit.'),
  keep: bool('Keep the containers of attempts after they end.'),
  keepFailed: bool('Keep the containers of failed attempts after they end.'),
  platform: string('The platform that images must be built for; any accepts every platform.'),
  toolbox: string('The image of the toolbox that the command debug opens beside a container without a shell.'),
  pull: enumeration('PullPolicy', numbered(pullPolicies), 'When images are pulled.'),
});
export type LocalFile = Infer<typeof LocalFileMessage>;
