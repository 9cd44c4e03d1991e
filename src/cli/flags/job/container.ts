import { UsageError } from '../../errors.js';
import type { Container } from '../../../model/schema/container.js';
import { atLeast, booleanFlag, collected, type Flag, flag, headings, type Parse, type Track } from '../flag.js';
import { dictFlag, listFlag } from '../parsers.js';
import { type Grouped, onlyContainer, perContainer } from './container-groups.js';
import type { JobCommand } from './job.js';
import { mountFlag } from './volume.js';
import { probeFlag } from './probe.js';

/** The flags that describe one container. */
export interface ContainerFlags {
  image?: string;
  /** A directory to build an image of its own from. */
  source?: string;
  /** A directory to build the image from that the job names. */
  build?: string;
  command?: string[];
  args?: string[];
  workdir?: string;
  memory?: string;
  cpu?: string;
  gpu?: string;
  setEnvVars?: Record<string, string>;
  updateEnvVars?: Record<string, string>;
  removeEnvVars?: string[];
  clearEnvVars?: boolean;
  envFile?: string[];
  envVarsFile?: string;
  setSecrets?: Record<string, string>;
  updateSecrets?: Record<string, string>;
  removeSecrets?: string[];
  clearSecrets?: boolean;
  addVolumeMount?: NonNullable<Container['volumeMounts']>;
  removeVolumeMount?: string[];
  clearVolumeMounts?: boolean;
  dependsOn?: string[];
  startupProbe?: Record<string, string>;
  sandboxLauncher?: boolean;
}

/** The same as parsed: every flag with its values by container, and the containers in order. */
export type GroupedFlags = { [F in keyof ContainerFlags]?: Grouped<ContainerFlags[F]> } & { container?: string[] };

const maxDependencies = 9;

function dependsOnFlag(value: string, previous?: string[]): string[] {
  const names = listFlag('--depends-on')(value, previous);
  if (names.length > maxDependencies) {
    throw new UsageError(`argument --depends-on: too many values, at most ${maxDependencies}`);
  }
  return names;
}

/** gcloud drops the spaces before each key. */
function keysToRemove(flag: string): Parse<string[]> {
  return (value, previous) => listFlag(flag)(value, previous).map((key) => key.trimStart());
}

/** Variables, of which `X_GOOGLE_` names are reserved for deployment tools. */
export function envFlag(flag: string): Parse<Record<string, string>> {
  return (value, previous) => {
    const variables = dictFlag(flag)(value, previous);
    const reserved = Object.keys(variables).find((name) => name.startsWith('X_GOOGLE_'));
    if (reserved === undefined) return variables;
    throw new UsageError(
      `argument ${flag}: The environment variable name ${reserved} is invalid: names that begin with X_GOOGLE_ are reserved for use by deployment tools and cannot be specified manually.`,
    );
  };
}

const everyDay: readonly Flag[] = [
  flag('--image <image>', 'container image'),
  flag('--source <directory>', 'build the image here from a directory, by its Dockerfile or buildpacks', {
    commands: ['create', 'deploy', 'run'] satisfies JobCommand[],
  }),
  flag('--build <directory>', 'build the image that the job names from a directory, as compose does (localrun only)', {
    commands: ['run'] satisfies JobCommand[],
  }),
  flag('--command <list>', "entrypoint, comma-separated; empty: the image's", { parse: listFlag('--command') }),
  flag('--args <list>', "arguments, comma-separated; empty: the image's", { parse: listFlag('--args') }),
  flag('--set-env-vars <KEY=VALUE,...>', 'environment variables that replace all existing ones', {
    parse: envFlag('--set-env-vars'),
  }),
  flag('--env-file <file>', 'the same from a file: lines of KEY=VALUE, or a .yaml or .json map; may be repeated', {
    parse: collected,
  }),
  flag('--set-secrets <KEY=VALUE,...>', 'NAME=SECRET:VERSION,...: secrets that replace all existing ones', {
    parse: dictFlag('--set-secrets'),
  }),
  flag('--memory <quantity>', 'memory limit, e.g. 512Mi'),
  flag('--cpu <quantity>', 'CPU limit, e.g. 1 or 1000m'),
];

const further: readonly Flag[] = [
  flag('--workdir <path>', 'working directory'),
  flag('--gpu <count>', 'GPUs; 0: none'),
  flag('--update-env-vars <KEY=VALUE,...>', 'environment variables to add or change', {
    parse: envFlag('--update-env-vars'),
  }),
  flag('--remove-env-vars <KEY,...>', 'environment variables to remove', { parse: keysToRemove('--remove-env-vars') }),
  flag('--env-vars-file <file>', '--env-file as gcloud has it: one file, which is YAML unless its name ends in .env'),
  flag('--update-secrets <KEY=VALUE,...>', 'secrets to add or change; a KEY /DIR/FILE is a file', {
    parse: dictFlag('--update-secrets'),
  }),
  flag('--remove-secrets <KEY,...>', 'secrets to remove', { parse: keysToRemove('--remove-secrets') }),
  flag('--add-volume-mount <KEY=VALUE,...>', 'volume=NAME,mount-path=PATH: where to mount a volume; may be repeated', {
    parse: mountFlag,
  }),
  flag('--remove-volume-mount <PATH,...>', 'volume mounts to remove', { parse: listFlag('--remove-volume-mount') }),
  flag('--depends-on <CONTAINER,...>', 'containers that must be up before this one starts', { parse: dependsOnFlag }),
  flag(
    '--startup-probe <KEY=VALUE,...>',
    'the check that the container is up, e.g. httpGet.port=8080,periodSeconds=2; empty: none',
    { parse: probeFlag },
  ),
  ...booleanFlag('--clear-env-vars', 'remove all environment variables'),
  ...booleanFlag('--clear-secrets', 'remove all secrets'),
  ...booleanFlag('--clear-volume-mounts', 'remove all volume mounts'),
  ...booleanFlag('--sandbox-launcher', 'let the container start sandboxes', { hidden: true, track: 'BETA' }),
];

/** The flags of one container; `--clear-...` and the like have an opposite, `--no-...`. */
const declared = [...everyDay, ...further.map((of) => of.with({ group: headings.container }))];

const names = [...new Set(declared.map((of) => of.attributeName()))];

/** The container flags, and `--container`. Flags of the job may stand anywhere between them. */
export const containerFlags = (of: JobCommand, track: Track): Flag[] =>
  perContainer(declared.filter((one) => atLeast(track, one.track) && (one.commands?.includes(of) ?? true)));

/** The flags of one container; its name is undefined if the job has only one. */
export interface ContainerGroup {
  name: string | undefined;
  flags: ContainerFlags;
}

/**
 * The flags of each container: of the only one, or of each `--container`.
 * @throws UsageError if the command line has both
 */
export function containerGroups(options: GroupedFlags): ContainerGroup[] {
  const values = options as Readonly<Record<string, Grouped<unknown> | undefined>>;
  const of = (group: string): ContainerFlags =>
    Object.fromEntries(
      names.flatMap((name) => (Object.hasOwn(values[name] ?? {}, group) ? [[name, values[name]?.[group]]] : [])),
    );
  const single = of(onlyContainer);
  if (!options.container) return Object.keys(single).length > 0 ? [{ name: undefined, flags: single }] : [];
  const [stray] = Object.keys(single);
  if (stray !== undefined) {
    const flag = `--${stray.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    throw new UsageError(`When --container is specified ${flag} must be specified after --container.`);
  }
  return options.container.map((name) => ({ name, flags: of(name) }));
}
