import { type Command, Option } from 'commander';
import { UsageError } from '../../../model/errors.js';
import type { TaskTemplate } from '../../../model/schema/job.js';
import { dictFlag, durationFlag, integerFlag, lastListFlag, listFlag } from '../parsers.js';
import { atLeast, type Track } from '../global.js';
import { booleanFlag } from '../boolean.js';
import type { Parse } from './container-groups.js';
import { type VolumeFlag, volumeFlag } from './volume.js';

/** The flags that say which client writes a job. */
export interface ClientFlags {
  clientName?: string;
  clientVersion?: string;
}

/** gcloud takes these, and its help does not show them. */
export const declareClientFlags = (command: Command): Command =>
  command
    .addOption(new Option('--client-name <name>', 'the client that writes the job').hideHelp())
    .addOption(new Option('--client-version <version>', "the client's version").hideHelp());

/** The flags that say what a job is, those about its containers apart. */
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

/** A parser of a flag that takes one of some words. */
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

type Parser = (text: string, previous?: never) => unknown;

const valued: readonly [flag: string, description: string, parse?: Parser][] = [
  ['--tasks <count>', 'number of tasks', integerFlag('--tasks', 1)],
  ['--parallelism <count>', 'tasks that run at once; 0: as many as possible', integerFlag('--parallelism', 0)],
  ['--max-retries <count>', 'retries of a failed task', integerFlag('--max-retries', 0)],
  ['--task-timeout <duration>', 'time for one attempt, e.g. 600, 10m, 1.5h', durationFlag('--task-timeout')],
  ['--service-account <email>', 'the identity of the tasks'],
  ['--labels <KEY=VALUE,...>', 'labels to add or change', dictFlag('--labels')],
  ['--update-labels <KEY=VALUE,...>', 'the same', dictFlag('--update-labels')],
  ['--remove-labels <KEY,...>', 'labels to remove', listFlag('--remove-labels')],
  ['--remove-volume <NAME,...>', 'volumes to remove', listFlag('--remove-volume')],
  ['--remove-containers <NAME,...>', 'containers to remove', listFlag('--remove-containers')],
  [
    '--set-cloudsql-instances <LIST>',
    'Cloud SQL instances, instead of all there are',
    lastListFlag('--set-cloudsql-instances'),
  ],
  ['--add-cloudsql-instances <LIST>', 'Cloud SQL instances to add', lastListFlag('--add-cloudsql-instances')],
  ['--remove-cloudsql-instances <LIST>', 'Cloud SQL instances to remove', lastListFlag('--remove-cloudsql-instances')],
  ['--vpc-connector <name>', 'a VPC connector'],
  ['--vpc-egress <which>', 'what goes through the VPC: all-traffic, private-ranges-only', egress],
  ['--network <name>', 'a VPC network'],
  ['--subnet <name>', 'its subnetwork'],
  ['--network-tags <TAG,...>', 'network tags', listFlag('--network-tags')],
  ['--binary-authorization <policy>', "a policy for the image; default: the project's"],
  ['--breakglass <justification>', 'why that policy is passed over'],
  ['--key <key>', 'a customer-managed encryption key; empty: none'],
  ['--gpu-type <type>', 'the kind of GPU, e.g. nvidia-l4'],
];

const booleans: readonly [flag: string, description: string][] = [
  ['--clear-labels', 'remove all labels'],
  ['--clear-volumes', 'remove all volumes'],
  ['--clear-cloudsql-instances', 'remove all Cloud SQL instances'],
  ['--clear-vpc-connector', 'remove the VPC connector'],
  ['--clear-network', 'remove the VPC network'],
  ['--clear-network-tags', 'remove the network tags'],
  ['--clear-binary-authorization', 'remove the policy for the image'],
  ['--gpu-zonal-redundancy', 'GPUs with zonal redundancy'],
];

/** gcloud takes these, and its help does not show them. */
const hiddenValued: typeof valued = [
  ['--execution-environment <generation>', 'gen1, gen2', environment],
  ['--update-annotations <KEY=VALUE,...>', 'without effect on jobs', dictFlag('--update-annotations')],
];

/** The commands that take flags of a job. `run` takes them all, whatever the release track: it is no command of gcloud's. */
export type JobCommand = 'create' | 'deploy' | 'update' | 'run';

/** Flags that not every command has, as in gcloud: there is nothing to remove or clear where a job is made anew. */
export const commandsOf: Readonly<Record<string, readonly JobCommand[]>> = {
  '--update-labels': ['update'],
  '--remove-labels': ['update'],
  '--clear-labels': ['update'],
  '--add-cloudsql-instances': ['update'],
  '--remove-cloudsql-instances': ['update'],
  '--clear-cloudsql-instances': ['update'],
  '--clear-vpc-connector': ['update'],
  '--clear-binary-authorization': ['update'],
  '--clear-network': ['update', 'deploy'],
  '--clear-network-tags': ['update', 'deploy'],
  '--remove-containers': ['update', 'deploy'],
};

/** Flags that not every release track has. */
export const tracksOf = { '--delay-execution': 'ALPHA', '--runtime': 'ALPHA', '--sandbox-launcher': 'BETA' } as const;

export function declareOwnJobFlags(command: Command, of: JobCommand, track: Track): Command {
  const taken = ([flag]: readonly [string, ...unknown[]]): boolean =>
    of === 'run' || (commandsOf[flag.replace(/ .*/, '')]?.includes(of) ?? true);
  const declare = ([flag, description, parse]: (typeof valued)[number], hidden: boolean): void => {
    const option = new Option(flag, description).hideHelp(hidden);
    command.addOption(parse ? option.argParser(parse as Parse<unknown>) : option);
  };
  command.optionsGroup('Job flags:');
  for (const flag of valued.filter(taken)) declare(flag, false);
  declare(
    [
      '--add-volume <KEY=VALUE,...>',
      'a volume, e.g. name=tmp,type=in-memory,size-limit=64Mi; may be repeated',
      volumeFlag(track),
    ],
    false,
  );
  for (const flag of hiddenValued) declare(flag, true);
  declareClientFlags(command);
  if (atLeast(track, tracksOf['--runtime'])) declare(['--runtime <runtime>', 'without effect on jobs'], true);
  for (const [flag, description] of booleans.filter(taken)) booleanFlag(command, flag, description);
  return declareDelay(command, track);
}

/** gcloud's alpha lets an execution be put off. */
export const declareDelay = (command: Command, track: Track): Command =>
  atLeast(track, tracksOf['--delay-execution'])
    ? booleanFlag(command, '--delay-execution', 'let the execution start later', undefined, { hidden: true })
    : command;
