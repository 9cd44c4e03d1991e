/** How images are looked for: `missing`: pulled if the engine does not have them. */
export const pullPolicies = ['missing', 'always', 'never'] as const;
export type PullPolicy = (typeof pullPolicies)[number];

/**
 * What this machine adds to an execution, from localrun.yaml and from flags. It is fixed when the execution is created
 * and kept with it, so that whoever runs it, in whichever directory, runs the same. It holds no secret values.
 */
export interface LocalSettings {
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
}

/** Nothing of this machine is within reach, and images are made for what Cloud Run runs (container contract). */
export const defaultSettings: LocalSettings = {
  freshSandbox: false,
  hostAccess: false,
  metadata: false,
  pull: 'missing',
  platform: 'linux/amd64',
};
