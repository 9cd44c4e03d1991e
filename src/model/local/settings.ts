import type { LocalMount, PublishedPort } from './one-run.js';

/** When to pull images. `missing`: if the container engine does not have them. */
export const pullPolicies = ['missing', 'always', 'never'] as const;
export type PullPolicy = (typeof pullPolicies)[number];

/** Where the value of a secret version comes from. Paths are absolute. */
export type SecretSource =
  | { file: string }
  | { env: string }
  | { dotenv: string; key: string }
  /** In a localrun.yaml itself, at `at`, and read again whenever it is needed. `lines`: the value has several lines. */
  | { inline: string; at: string[]; lines?: true }
  /** A key of a Secret in the namespace of a Kubernetes cluster; only pods can read it. */
  | { kubernetesSecret: string; key: string };

/** Stands for every version. */
export const anyVersion = '*';

/** What runs attempts: the container engine of this machine, docker or podman, or a Kubernetes cluster. */
export const runtimeKinds = ['docker', 'kubernetes'] as const;
export type RuntimeKind = (typeof runtimeKinds)[number];

/** How a Kubernetes cluster runs the attempts of an execution. */
export interface KubernetesSettings {
  kind: 'kubernetes';
  /** The context of the kubeconfig; unset: its current context, or in a pod the pod's own cluster. */
  context?: string | undefined;
  /** Unset: the namespace of the context, or of the pod, or `default`. */
  namespace?: string | undefined;
  /** The images are on the nodes already: the cluster pulls none, and no registry is asked for a digest. */
  imagesOnNodes: boolean;
  /** The service account of the pods. */
  serviceAccount?: string | undefined;
  /** Secrets of the namespace with credentials of registries. */
  imagePullSecrets: readonly string[];
  /** Labels of the nodes that may run attempts. */
  nodeSelector: Readonly<Record<string, string>>;
  /** Taints of nodes that do not keep attempts away. */
  tolerations: readonly Toleration[];
  /** What a container asks the scheduler for, if that is not its limits. Kubernetes quantities. */
  requests?: { cpu?: string | undefined; memory?: string | undefined } | undefined;
}

/** As in a pod. */
export interface Toleration {
  key?: string | undefined;
  operator?: 'Exists' | 'Equal' | undefined;
  value?: string | undefined;
  effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute' | undefined;
  tolerationSeconds?: number | undefined;
}

/** Where a Cloud SQL instance is; `socket` may be the directory of the socket. */
export type CloudSqlEndpoint = { socket: string } | { tcp: string; engine: 'postgres' | 'mysql' };

/**
 * What this machine contributes to an execution, from localrun.yaml and flags. It is fixed when the execution is
 * created and stored with it, so that every process that runs it, in any directory, does the same. It holds no secret
 * values.
 */
export interface LocalSettings {
  /** The localrun.yaml that the settings come from. */
  config?: string | undefined;
  /** They come from another machine, whose secrets and credentials are not here. */
  forwarded?: true;
  /** The cluster that runs the attempts; unset: the container engine of this machine. */
  runtime?: KubernetesSettings | undefined;
  /** Gives every attempt a network namespace of its own, instead of its slot's. */
  freshSandbox: boolean;
  /** A network of the container engine for the job to join, such as that of a compose project. */
  network?: string | undefined;
  /** Ports of the engine's machine that lead to ports of the job's containers. */
  publish?: readonly PublishedPort[] | undefined;
  /** Files and directories of this machine in the main container. */
  mounts?: readonly LocalMount[] | undefined;
  /** Lets the job reach this machine as host.docker.internal. */
  hostAccess: boolean;
  /** Gives the job a metadata server, which issues tokens of this machine's application default credentials. */
  metadata: boolean;
  /** Gives the job the application default credentials of this machine as a file. */
  credentials?: 'adc' | undefined;
  pull: PullPolicy;
  /** The images that were built for the execution, by reference: their ids in the container engine. */
  built?: Readonly<Record<string, string>> | undefined;
  /** The platform that images must be built for; `any` accepts every platform. */
  platform: string;
  /** Counts what a container writes to its file system as memory. */
  strictFs: boolean;
  /** The most processes and threads that a container may have; 0: no limit. */
  processLimit: number;
  /** Keeps the containers of all attempts, or of failed attempts, after they end. */
  keep: boolean;
  keepFailed: boolean;
  /**
   * Sources by secret name and version, including `latest` and aliases. Names are spelled as in localrun.yaml; in an
   * execution, as the job spells them, and only the secrets that it uses are there.
   */
  secrets: Record<string, Record<string, SecretSource>>;
  /** The directories that replace buckets, by bucket name. */
  buckets: Record<string, string>;
  /** The persistent volume claims of the cluster's namespace that replace buckets, by bucket name. */
  claims: Record<string, string>;
  /** The directories that replace NFS exports, by HOST:/PATH. */
  nfs: Record<string, string>;
  /** By PROJECT:REGION:INSTANCE. */
  cloudSql: Record<string, CloudSqlEndpoint>;
}

/** The file in every container with the application default credentials. */
export const credentialsPath = '/var/run/secrets/localrun/application_default_credentials.json';

/** Gives jobs access to nothing of this machine, and requires the platform that Cloud Run runs (container contract). */
export const defaultSettings: LocalSettings = {
  freshSandbox: false,
  hostAccess: false,
  metadata: false,
  pull: 'missing',
  platform: 'linux/amd64',
  strictFs: false,
  processLimit: 4096,
  keep: false,
  keepFailed: false,
  secrets: {},
  buckets: {},
  claims: {},
  nfs: {},
  cloudSql: {},
};
