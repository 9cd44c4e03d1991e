import { type Command, Option } from 'commander';
import { fileName, type Setting } from '../../config.js';
import { mappingsOf } from '../../model/local/mappings.js';
import { defaultSettings, type LocalSettings, type PullPolicy, pullPolicies } from '../../model/local/settings.js';
import type { Context } from '../command/context.js';
import { integerFlag } from './parsers.js';
import { localLine } from '../output/local-settings.js';

/** The flags that say how this machine runs an execution; Cloud Run has none of them. */
export interface LocalFlags {
  freshSandbox?: boolean;
  joinNetwork?: string;
  hostAccess?: boolean;
  metadata?: boolean;
  credentials?: 'adc';
  pull?: PullPolicy;
  platform?: string;
  strictFs?: boolean;
  processLimit?: number;
  keep?: boolean;
  keepFailed?: boolean;
}

/** The settings that localrun.yaml and flags decide, and what the flag is called: `--network` is gcloud's. */
const flagged = {
  freshSandbox: 'freshSandbox',
  network: 'joinNetwork',
  hostAccess: 'hostAccess',
  metadata: 'metadata',
  credentials: 'credentials',
  pull: 'pull',
  platform: 'platform',
  strictFs: 'strictFs',
  processLimit: 'processLimit',
  keep: 'keep',
  keepFailed: 'keepFailed',
} as const;

export const declareLocalFlags = (command: Command): Command =>
  [
    ['fresh-sandbox', 'give every attempt a network namespace of its own'],
    ['host-access', 'make host.docker.internal stand for this machine'],
    ['metadata', 'serve metadata.google.internal to the job, with tokens of your credentials'],
    ['strict-fs', 'count what a task writes to its file system as memory, as Cloud Run does'],
    ['keep', 'keep the containers of all attempts, stopped, to look into'],
    ['keep-failed', 'keep those of failed attempts'],
  ]
    .reduce(
      (declared, [name, description]) =>
        declared.option(`--${name}`, description).addOption(new Option(`--no-${name}`).hideHelp()),
      command.optionsGroup('Local flags, which win over localrun.yaml; --no-... turns one off:'),
    )
    .option('--join-network <name>', "join a network of the container engine, e.g. a compose project's")
    .addOption(
      new Option('--credentials <kind>', 'give the job your application default credentials as a file').choices([
        'adc',
      ]),
    )
    .addOption(new Option('--pull <policy>', 'when to pull images').choices(pullPolicies).default(undefined, 'missing'))
    .option(
      '--process-limit <n>',
      'processes and threads that a container may have: 4096 unless given; 0: any number',
      integerFlag('--process-limit', 0),
    )
    .option('--platform <platform>', 'what images have to be made for: linux/amd64 unless given; any');

/** Each of those settings, and whether a flag, localrun.yaml or nobody has decided it. */
export function explainLocal(
  context: Context,
  flags: LocalFlags,
): [name: string, setting: Setting<string | number | boolean | undefined>][] {
  const settings = localSettings(context, flags);
  const file = context.local?.value ?? {};
  return entriesOf(flagged).map(([name, option]) => {
    const flag = option in flags ? `--${flags[option] === false ? 'no-' : ''}${kebab(option)}` : undefined;
    return [name, { value: settings[name], source: flag ?? (file[name] === undefined ? 'default' : fileName) }];
  });
}

const kebab = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const entriesOf = Object.entries as <T extends object>(of: T) => [keyof T, T[keyof T]][];

/** How this machine runs an execution: what flags say, then localrun.yaml, then defaults. */
export function localSettings({ local, io }: Pick<Context, 'local' | 'io'>, flags: LocalFlags): LocalSettings {
  const file = local?.value ?? {};
  const chosen = entriesOf(flagged).map(
    ([name, option]) => [name, flags[option] ?? file[name] ?? defaultSettings[name]] as const,
  );
  return {
    ...defaultSettings,
    ...(Object.fromEntries(chosen.filter(([, value]) => value !== undefined)) as Partial<LocalSettings>),
    ...(local && { config: local.file, ...mappingsOf(file, local.file, io.homeDirectory) }),
  };
}

/** Says once what this machine does differently from what it does unasked. */
export function tellSettings({ io }: Context, settings: LocalSettings): void {
  const line = localLine(settings);
  if (line) io.err.write(`${line}\n`);
}
