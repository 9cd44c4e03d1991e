import { UsageError } from '../../errors.js';
import type { TaskTemplate } from '../../../model/schema/job.js';
import { atLeast, booleanFlag, type Flag, flag, headings, type Track } from '../flag.js';
import { dictFlag, durationFlag, integerFlag, lastListFlag, listFlag } from '../parsers.js';
import { containerFlags } from './container.js';
import { type VolumeFlag, volumeFlag } from './volume.js';

/** The flags that name the client that writes a job. */
export interface ClientFlags {
  clientName?: string;
  clientVersion?: string;
}

/** The flags that describe a job, without its containers. */
export interface JobFlags extends ClientFlags {
  tasks?: number;
  parallelism?: number;
  maxRetries?: number;
  taskTimeout?: string;
  serviceAccount?: string;
  labels?: Record<string, string>;
  updateLabels?: Record<string, string>;
  removeLabels?: string[];
  clearLabels?: boolean;
  setCloudsqlInstances?: string[];
  addCloudsqlInstances?: string[];
  removeCloudsqlInstances?: string[];
  clearCloudsqlInstances?: boolean;
  vpcConnector?: string;
  clearVpcConnector?: boolean;
  vpcEgress?: NonNullable<TaskTemplate['vpcAccess']>['egress'];
  network?: string;
  subnet?: string;
  networkTags?: string[];
  clearNetwork?: boolean;
  clearNetworkTags?: boolean;
  binaryAuthorization?: string;
  clearBinaryAuthorization?: boolean;
  breakglass?: string;
  key?: string;
  gpuType?: string;
  gpuZonalRedundancy?: boolean;
  addVolume?: VolumeFlag[];
  removeVolume?: string[];
  clearVolumes?: boolean;
  removeContainers?: string[];
  executionEnvironment?: TaskTemplate['executionEnvironment'];
  delayExecution?: boolean;
}

/** A parser of a flag that accepts one of several words. */
const choice =
  <T>(flag: string, values: Readonly<Record<string, T>>) =>
  (text: string): T => {
    if (Object.hasOwn(values, text)) return values[text] as T;
    throw new UsageError(
      `argument ${flag}: Invalid choice: '${text}'. Valid choices are ${Object.keys(values).join(', ')}`,
    );
  };

const egress = choice('--vpc-egress', {
  'all-traffic': 'ALL_TRAFFIC',
  'private-ranges-only': 'PRIVATE_RANGES_ONLY',
  // Deprecated.
  all: 'ALL_TRAFFIC',
} as const);

const environment = choice('--execution-environment', {
  gen1: 'EXECUTION_ENVIRONMENT_GEN1',
  gen2: 'EXECUTION_ENVIRONMENT_GEN2',
} as const);

/** The commands with flags of a job. `run` has all of them but one, on every release track: gcloud has no such command. */
export type JobCommand = 'create' | 'deploy' | 'update' | 'run';

const update = ['update'] satisfies JobCommand[];
/** Where there is a job whose parts can be removed. */
const change = ['update', 'deploy'] satisfies JobCommand[];
const hidden = true;

/** gcloud accepts these flags, and its help does not show them. */
export const clientFlags: readonly Flag[] = [
  flag('--client-name <name>', 'the client that writes the job', { hidden }),
  flag('--client-version <version>', "the client's version", { hidden }),
];

/** gcloud's alpha can delay an execution. */
export const delayFlags: readonly Flag[] = booleanFlag('--delay-execution', 'let the execution start later', {
  hidden,
  track: 'ALPHA',
});

/** The only flag that `run` does not have: there it says what runs the tasks. */
const noRuntime = flag('--runtime <runtime>', 'no effect on jobs', { hidden, track: 'ALPHA' });

const everyDay: readonly Flag[] = [
  flag('--tasks <count>', 'number of tasks', { parse: integerFlag('--tasks', 1) }),
  flag('--parallelism <count>', 'tasks that run at once; 0: as many as possible', {
    parse: integerFlag('--parallelism', 0),
  }),
  flag('--max-retries <count>', 'retries of a failed task', { parse: integerFlag('--max-retries', 0) }),
  flag('--task-timeout <duration>', 'time for one attempt, e.g. 600, 10m, 1.5h', {
    parse: durationFlag('--task-timeout'),
  }),
];

/** @param track which types of volumes `--add-volume` accepts */
const further = (track: Track): Flag[] => [
  flag('--labels <KEY=VALUE,...>', 'labels to add or change', { parse: dictFlag('--labels') }),
  flag('--update-labels <KEY=VALUE,...>', 'the same', { parse: dictFlag('--update-labels'), commands: update }),
  flag('--remove-labels <KEY,...>', 'labels to remove', { parse: listFlag('--remove-labels'), commands: update }),
  flag('--add-volume <KEY=VALUE,...>', 'a volume, e.g. name=tmp,type=in-memory,size-limit=64Mi; may be repeated', {
    parse: volumeFlag(track),
  }),
  flag('--remove-volume <NAME,...>', 'volumes to remove', { parse: listFlag('--remove-volume') }),
  flag('--remove-containers <NAME,...>', 'containers to remove', {
    parse: listFlag('--remove-containers'),
    commands: change,
  }),
  flag('--set-cloudsql-instances <LIST>', 'Cloud SQL instances that replace all existing ones', {
    parse: lastListFlag('--set-cloudsql-instances'),
  }),
  flag('--add-cloudsql-instances <LIST>', 'Cloud SQL instances to add', {
    parse: lastListFlag('--add-cloudsql-instances'),
    commands: update,
  }),
  flag('--remove-cloudsql-instances <LIST>', 'Cloud SQL instances to remove', {
    parse: lastListFlag('--remove-cloudsql-instances'),
    commands: update,
  }),
  ...clientFlags,
  noRuntime,
  ...booleanFlag('--clear-labels', 'remove all labels', { commands: update }),
  ...booleanFlag('--clear-volumes', 'remove all volumes'),
  ...booleanFlag('--clear-cloudsql-instances', 'remove all Cloud SQL instances', { commands: update }),
  ...delayFlags,
];

const withoutEffect: readonly Flag[] = [
  flag('--service-account <email>', 'the identity of the tasks'),
  flag('--vpc-connector <name>', 'a VPC connector'),
  flag('--vpc-egress <which>', 'the traffic to send through the VPC: all-traffic, private-ranges-only', {
    parse: egress,
  }),
  flag('--network <name>', 'a VPC network'),
  flag('--subnet <name>', 'its subnetwork'),
  flag('--network-tags <TAG,...>', 'network tags', { parse: listFlag('--network-tags') }),
  flag('--binary-authorization <policy>', "a policy for the image; default: the project's"),
  flag('--breakglass <justification>', 'why to bypass that policy'),
  flag('--key <key>', 'a customer-managed encryption key; empty: none'),
  flag('--gpu-type <type>', 'the kind of GPU, e.g. nvidia-l4'),
  flag('--execution-environment <generation>', 'gen1, gen2', { parse: environment, hidden }),
  flag('--update-annotations <KEY=VALUE,...>', 'no effect on jobs', {
    parse: dictFlag('--update-annotations'),
    hidden,
  }),
  ...booleanFlag('--clear-vpc-connector', 'remove the VPC connector', { commands: update }),
  ...booleanFlag('--clear-network', 'remove the VPC network', { commands: change }),
  ...booleanFlag('--clear-network-tags', 'remove the network tags', { commands: change }),
  ...booleanFlag('--clear-binary-authorization', 'remove the policy for the image', { commands: update }),
  ...booleanFlag('--gpu-zonal-redundancy', 'GPUs with zonal redundancy'),
];

/** @param track which types of volumes `--add-volume` accepts */
const declared = (track: Track): Flag[] => [
  ...everyDay,
  ...further(track).map((of) => of.with({ group: headings.job })),
  ...withoutEffect.map((of) => of.with({ group: headings.withoutEffect })),
];

/** The flags of a job and of its containers, as a command has them on a release track. */
export function jobFlags(of: JobCommand, given: Track): Flag[] {
  const track = of === 'run' ? 'ALPHA' : given;
  const own = declared(track).filter(
    (one) =>
      atLeast(track, one.track) && (of === 'run' ? one.long !== noRuntime.long : (one.commands?.includes(of) ?? true)),
  );
  return [...containerFlags(of, track), ...own];
}
