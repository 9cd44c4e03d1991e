/** How images are looked for: `missing`: pulled if the engine does not have them. */
export const pullPolicies = ['missing', 'always', 'never'] as const;
export type PullPolicy = (typeof pullPolicies)[number];

/** Where the value of a secret version is. Paths are absolute. */
export type SecretSource =
  | { file: string }
  | { env: string }
  | { dotenv: string; key: string }
  /** In a localrun.yaml itself, at `at`, where it is looked up when it is needed; `lines`: it has several. */
  | { inline: string; at: string[]; lines?: true };

/** The version that stands for all. */
export const anyVersion = '*';

/** Where a Cloud SQL instance is; a socket may be the directory that it is in. */
export type CloudSqlEndpoint = { socket: string } | { tcp: string; engine: 'postgres' | 'mysql' };

/**
 * What this machine adds to an execution, from localrun.yaml and from flags. It is fixed when the execution is created
 * and kept with it, so that whoever runs it, in whichever directory, runs the same. It holds no secret values.
 */
export interface LocalSettings {
  /** The localrun.yaml that it comes from. */
  config?: string | undefined;
  /** Every attempt gets a network namespace of its own, instead of its slot's. */
  freshSandbox: boolean;
  /** A network of the engine that the job joins, as a compose project's. */
  network?: string | undefined;
  /** host.docker.internal stands for this machine. */
  hostAccess: boolean;
  /** The job has a metadata server, which hands out tokens of this machine's application default credentials. */
  metadata: boolean;
  /** The job gets the application default credentials of this machine as a file. */
  credentials?: 'adc' | undefined;
  pull: PullPolicy;
  /** What images have to be made for; `any` does not care. */
  platform: string;
  /** What a container writes to its file system counts as memory. */
  strictFs: boolean;
  /** Processes and threads that a container may have at once; 0: any number. */
  processLimit: number;
  /** The containers of attempts stay in the engine after their end, or those of failed attempts do. */
  keep: boolean;
  keepFailed: boolean;
  /**
   * Where secrets are, by name and version, `latest` and aliases among them. Names are those of localrun.yaml; in an
   * execution, those that the job uses, as it spells them.
   */
  secrets: Record<string, Record<string, SecretSource>>;
  /** The directories that stand for buckets, by name. */
  buckets: Record<string, string>;
  /** The directories that stand for NFS exports, by HOST:/PATH. */
  nfs: Record<string, string>;
  /** By PROJECT:REGION:INSTANCE. */
  cloudSql: Record<string, CloudSqlEndpoint>;
}

/** Nothing of this machine is within reach, and images are made for what Cloud Run runs (container contract). */
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
  nfs: {},
  cloudSql: {},
};
