import { type Command, Option } from 'commander';
import { fileName, type Setting } from '../config.js';
import { mappingsOf } from '../model/local/mappings.js';
import { defaultSettings, type LocalSettings, type PullPolicy, pullPolicies } from '../model/local/settings.js';
import type { Context } from './context.js';

/** The flags that say how this machine runs an execution; Cloud Run has none of them. */
export interface LocalFlags {
  freshSandbox?: boolean;
  network?: string;
  hostAccess?: boolean;
  pull?: PullPolicy;
  platform?: string;
  strictFs?: boolean;
}

/** What flags and localrun.yaml say in the same words. */
const flagged = ['freshSandbox', 'network', 'hostAccess', 'pull', 'platform', 'strictFs'] as const;

export const declareLocalFlags = (command: Command): Command =>
  [
    ['fresh-sandbox', 'give every attempt a network namespace of its own'],
    ['host-access', 'make host.docker.internal stand for this machine'],
    ['strict-fs', 'count what a task writes to its file system as memory, as Cloud Run does'],
  ]
    .reduce(
      (declared, [name, description]) =>
        declared.option(`--${name}`, description).addOption(new Option(`--no-${name}`).hideHelp()),
      command.optionsGroup('Local flags, which win over localrun.yaml; --no-... turns one off:'),
    )
    .option('--network <name>', "join a network of the container engine, e.g. a compose project's")
    .addOption(new Option('--pull <policy>', 'when to pull images').choices(pullPolicies).default(undefined, 'missing'))
    .option('--platform <platform>', 'what images have to be made for: linux/amd64 unless given; any');

/** Each of those settings, and whether a flag, localrun.yaml or nobody has decided it. */
export function explainLocal(
  context: Context,
  flags: LocalFlags,
): [name: string, setting: Setting<string | boolean | undefined>][] {
  const settings = localSettings(context, flags);
  const file = context.local?.value ?? {};
  return [...flagged, 'metadata' as const, 'credentials' as const].map((name) => {
    const flag =
      name in flags ? `--${flags[name as keyof LocalFlags] === false ? 'no-' : ''}${kebab(name)}` : undefined;
    return [name, { value: settings[name], source: flag ?? (file[name] === undefined ? 'default' : fileName) }];
  });
}

const kebab = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** How this machine runs an execution: what flags say, then localrun.yaml, then defaults. */
export function localSettings({ local, io }: Pick<Context, 'local' | 'io'>, flags: LocalFlags): LocalSettings {
  const file = local?.value ?? {};
  const chosen = flagged.map((name) => [name, flags[name] ?? file[name] ?? defaultSettings[name]] as const);
  return {
    ...defaultSettings,
    ...(Object.fromEntries(chosen.filter(([, value]) => value !== undefined)) as Partial<LocalSettings>),
    ...(file.metadata !== undefined && { metadata: file.metadata }),
    ...(file.credentials && { credentials: file.credentials }),
    ...(local && { config: local.file, ...mappingsOf(file, local.file, io.homeDirectory) }),
  };
}
