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
import { parseMount, parsePublished, type PublishedPort } from '../../model/local/one-run.js';
import type { Context } from '../command/context.js';
import { UsageError } from '../errors.js';
import { booleanFlag, type Flag, flag, headings } from './flag.js';
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
  publish?: PublishedPort[];
  mount?: string[];
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

const group = headings.local;

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

function publishFlag(text: string, previous: readonly PublishedPort[] = []): PublishedPort[] {
  const port = parsePublished(text);
  if (port) return [...previous, port];
  throw new UsageError(
    `argument --publish: ${JSON.stringify(text)} is not PORT, HOSTPORT:PORT or IP:HOSTPORT:PORT`,
    /\d-\d/.test(text) ? 'give --publish once for each port of the range' : undefined,
  );
}

/** Its source is read later, because it is relative to the working directory. */
function mountFlag(text: string, previous: readonly string[] = []): string[] {
  if (parseMount(text, '/')) return [...previous, text];
  throw new UsageError(
    `argument --mount: ${JSON.stringify(text)} is not SRC:DST or SRC:DST:ro, where DST is an absolute path below /`,
  );
}

/** The flags for one run only, which localrun.yaml does not have. */
export const oneRunFlags: readonly Flag[] = [
  flag(
    '--publish <port>',
    "open a port of the job's containers on this machine: PORT, HOSTPORT:PORT or IP:HOSTPORT:PORT",
    {
      group: headings.oneRun,
      parse: publishFlag,
    },
  ),
  flag('--mount <SRC:DST[:ro]>', 'mount a file or directory of this machine into the main container', {
    group: headings.oneRun,
    parse: mountFlag,
  }),
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
    ...(flags.publish && { publish: flags.publish }),
    ...(flags.mount && { mounts: flags.mount.flatMap((text) => parseMount(text, io.cwd) ?? []) }),
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
