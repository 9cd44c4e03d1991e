import { fileName, type Setting } from '../../config.js';
import { mappingsOf } from '../../model/local/mappings.js';
import type { LocalFile } from '../../model/local/schema.js';
import {
  defaultSettings,
  type KubernetesSettings,
  type LocalSettings,
  type PullPolicy,
  pullPolicies,
  type RuntimeKind,
  runtimeKinds,
} from '../../model/local/settings.js';
import type { Context } from '../command/context.js';
import { booleanFlag, type Flag, flag } from './flag.js';
import { integerFlag } from './parsers.js';
import { localLine } from '../output/local-settings.js';

/** The flags for how this machine runs an execution; Cloud Run has none of them. */
export interface LocalFlags {
  runtime?: RuntimeKind;
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

/** The settings that localrun.yaml and flags decide, and the option of each: `--network` is gcloud's. */
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

const group = 'Local flags, which win over localrun.yaml; --no-... turns one off:';

export const localFlags: readonly Flag[] = [
  flag('--runtime <kind>', 'what runs the tasks: docker (or podman), or kubernetes; default: docker', {
    group,
    choices: runtimeKinds,
  }),
  ...booleanFlag('--fresh-sandbox', 'give every attempt a network namespace of its own', { group }),
  ...booleanFlag('--host-access', 'resolve host.docker.internal to this machine', { group }),
  ...booleanFlag('--metadata', 'serve metadata.google.internal to the job, with tokens of your credentials', { group }),
  ...booleanFlag('--strict-fs', "count a task's writes to its file system as memory, as Cloud Run does", { group }),
  ...booleanFlag('--keep', 'keep the stopped containers of all attempts for inspection', { group }),
  ...booleanFlag('--keep-failed', 'keep those of failed attempts', { group }),
  flag('--join-network <name>', "join a network of the container engine, e.g. a compose project's", { group }),
  flag('--credentials <kind>', 'give the job your application default credentials as a file', {
    group,
    choices: ['adc'],
  }),
  flag('--pull <policy>', 'when to pull images; default: missing', { group, choices: pullPolicies }),
  flag('--process-limit <n>', 'processes and threads per container; default: 4096; 0: no limit', {
    group,
    parse: integerFlag('--process-limit', 0),
  }),
  flag('--platform <platform>', 'the platform of images; default: linux/amd64; any: whatever there is', { group }),
];

type Given = Pick<Context, 'local' | 'config'>;

/** Each of those settings, and its source: a flag, localrun.yaml or the default. */
export function explainLocal(
  context: Context,
  flags: LocalFlags,
): [name: string, setting: Setting<string | number | boolean | undefined>][] {
  const settings = localSettings(context, flags);
  const file = context.local?.value ?? {};
  const rows = entriesOf(flagged).map(([name, option]): [string, Setting<string | number | boolean | undefined>] => {
    const flag = option in flags ? `--${flags[option] === false ? 'no-' : ''}${kebab(option)}` : undefined;
    return [name, { value: settings[name], source: flag ?? (file[name] === undefined ? 'default' : fileName) }];
  });
  if (flags.runtime) rows.push(['runtime', { value: flags.runtime, source: '--runtime' }]);
  const { runtime } = file;
  return [...rows, ...(settings.runtime ? explainKubernetes(settings.runtime, runtime) : [])];
}

function explainKubernetes(
  settings: KubernetesSettings,
  file: LocalFile['runtime'] = {},
): [name: string, setting: Setting<string | boolean | undefined>][] {
  return entriesOf(settings).flatMap(([name, value]) => {
    if (name === 'kind') return [];
    const shown = typeof value === 'object' ? JSON.stringify(value) : value;
    const source = file[name] === undefined ? 'default' : fileName;
    return [[`runtime.${name}`, { value: shown, source }]];
  });
}

const kebab = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const entriesOf = Object.entries as <T extends object>(of: T) => [keyof T, T[keyof T]][];

/** How this machine runs an execution: by flags, then localrun.yaml, then defaults. */
export function localSettings({ local, io, config }: Given & Pick<Context, 'io'>, flags: LocalFlags): LocalSettings {
  const kind = flags.runtime ?? config.runtime;
  const file = local?.value ?? {};
  const chosen = entriesOf(flagged).map(
    ([name, option]) => [name, flags[option] ?? file[name] ?? defaultSettings[name]] as const,
  );
  return {
    ...defaultSettings,
    ...(io.forwarded && { forwarded: true }),
    ...(kind === 'kubernetes' && { runtime: kubernetesSettings(file.runtime) }),
    ...(Object.fromEntries(chosen.filter(([, value]) => value !== undefined)) as Partial<LocalSettings>),
    ...(local && { config: local.file, ...mappingsOf(file, local.file, io.homeDirectory) }),
  };
}

const kubernetesSettings = (file: LocalFile['runtime'] = {}): KubernetesSettings => ({
  kind: 'kubernetes',
  context: file.context || undefined,
  namespace: file.namespace || undefined,
  imagesOnNodes: file.imagesOnNodes ?? false,
  serviceAccount: file.serviceAccount || undefined,
  imagePullSecrets: file.imagePullSecrets ?? [],
  nodeSelector: file.nodeSelector ?? {},
  tolerations: file.tolerations ?? [],
  requests: file.requests,
});

/** Reports the settings that differ from the defaults. */
export function reportSettings({ io }: Context, settings: LocalSettings): void {
  const line = localLine(settings);
  if (line) io.err.write(`${line}\n`);
}
