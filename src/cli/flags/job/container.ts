import { type Command, Option } from 'commander';
import { UsageError } from '../../../model/errors.js';
import type { Container } from '../../../model/schema/container.js';
import { dictFlag, listFlag } from '../parsers.js';
import { atLeast, type Track } from '../global.js';
import { booleanFlag } from '../boolean.js';
import { declareContainer, type Grouped, onlyContainer, type Parse } from './container-groups.js';
import { mountFlag } from './volume.js';
import { probeFlag } from './probe.js';

/** The flags that say what one container is. */
export interface ContainerFlags {
  image?: string;
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

/** The same as the parser keeps them: every flag with its values by container, and the containers in order. */
export type GroupedFlags = { [F in keyof ContainerFlags]?: Grouped<ContainerFlags[F]> } & { container?: string[] };

const text: Parse<string> = (value) => value;
const maxDependencies = 9;

function dependsOnFlag(value: string, previous?: string[]): string[] {
  const names = listFlag('--depends-on')(value, previous);
  if (names.length > maxDependencies) {
    throw new UsageError(`argument --depends-on: too many values, at most ${maxDependencies}`);
  }
  return names;
}

/** gcloud drops blanks before each. */
function keysToRemove(flag: string): Parse<string[]> {
  return (value, previous) => listFlag(flag)(value, previous).map((key) => key.trimStart());
}

const valued: readonly [flag: string, description: string, parse: (text: string, previous?: never) => unknown][] = [
  ['--image <image>', 'container image', text],
  ['--command <list>', "entrypoint, comma-separated; empty: the image's", listFlag('--command')],
  ['--args <list>', "arguments, comma-separated; empty: the image's", listFlag('--args')],
  ['--workdir <path>', 'working directory', text],
  ['--memory <quantity>', 'memory limit, e.g. 512Mi', text],
  ['--cpu <quantity>', 'CPU limit, e.g. 1 or 1000m', text],
  ['--gpu <count>', 'GPUs; 0: none', text],
  ['--set-env-vars <KEY=VALUE,...>', 'environment variables, instead of all there are', envFlag('--set-env-vars')],
  ['--update-env-vars <KEY=VALUE,...>', 'environment variables to add or change', envFlag('--update-env-vars')],
  ['--remove-env-vars <KEY,...>', 'environment variables to remove', keysToRemove('--remove-env-vars')],
  ['--env-vars-file <file>', 'the same as --set-env-vars from a file: .env, or a YAML map', text],
  [
    '--set-secrets <KEY=VALUE,...>',
    'NAME=SECRET:VERSION,...: secrets, instead of all there are',
    dictFlag('--set-secrets'),
  ],
  [
    '--update-secrets <KEY=VALUE,...>',
    'secrets to add or change; a KEY /DIR/FILE is a file',
    dictFlag('--update-secrets'),
  ],
  ['--remove-secrets <KEY,...>', 'secrets to remove', keysToRemove('--remove-secrets')],
  [
    '--add-volume-mount <KEY=VALUE,...>',
    'volume=NAME,mount-path=PATH: where a volume appears; may be repeated',
    mountFlag,
  ],
  ['--remove-volume-mount <PATH,...>', 'volume mounts to remove', listFlag('--remove-volume-mount')],
  ['--depends-on <CONTAINER,...>', 'containers that have to be up first', dependsOnFlag],
  [
    '--startup-probe <KEY=VALUE,...>',
    'when the container is up, e.g. httpGet.port=8080,periodSeconds=2; empty: none',
    probeFlag,
  ],
];

const booleans: readonly [flag: string, description: string][] = [
  ['--clear-env-vars', 'remove all environment variables'],
  ['--clear-secrets', 'remove all secrets'],
  ['--clear-volume-mounts', 'remove all volume mounts'],
];

/** Previews of gcloud's beta, which help does not show. */
const hiddenBooleans: typeof booleans = [['--sandbox-launcher', 'let the container start sandboxes']];

const names = [...valued, ...booleans, ...hiddenBooleans].map(([flag]) => new Option(flag).attributeName());

/** `X_GOOGLE_` names belong to the tools that deploy. */
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

/** Declares the container flags, and `--container`. Flags of the job may stand anywhere. */
export function declareContainerFlags(command: Command, track: Track): Command {
  const grouped = declareContainer(command.optionsGroup('Container flags:'));
  for (const [flag, description, parse] of valued) {
    command.addOption(new Option(flag, description).argParser(grouped.valued(parse as Parse<unknown>)));
  }
  for (const [flag, description] of booleans) booleanFlag(command, flag, description, grouped.boolean);
  for (const [flag, description] of hiddenBooleans) {
    if (atLeast(track, 'BETA')) booleanFlag(command, flag, description, grouped.boolean, { hidden: true });
  }
  return command;
}

/** The flags of each container that the command line names, or those of the only one, whose name is undefined. */
export interface ContainerGroup {
  name: string | undefined;
  flags: ContainerFlags;
}

/**
 * What the command line says of each container: of the only one, or of those after `--container`.
 * @throws UsageError if it does both
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
