import { type Command, Option } from 'commander';
import { defaultSettings, type LocalSettings, type PullPolicy, pullPolicies } from '../model/local/settings.js';
import type { Context } from './context.js';
import { localLine } from './render/local.js';

/** The flags that say how this machine runs an execution; Cloud Run has none of them. */
export interface LocalFlags {
  freshSandbox?: true;
  network?: string;
  hostAccess?: true;
  metadata?: true;
  credentials?: 'adc';
  pull?: PullPolicy;
  platform?: string;
}

export const declareLocalFlags = (command: Command): Command =>
  command
    .optionsGroup('Local flags:')
    .option('--fresh-sandbox', 'give every attempt a network namespace of its own')
    .option('--network <name>', "join a network of the container engine, e.g. a compose project's")
    .option('--host-access', 'make host.docker.internal stand for this machine')
    .option('--metadata', 'serve metadata.google.internal to the job, with tokens of your credentials')
    .addOption(
      new Option('--credentials <kind>', 'give the job your application default credentials as a file').choices([
        'adc',
      ]),
    )
    .addOption(new Option('--pull <policy>', 'when to pull images').choices(pullPolicies).default(undefined, 'missing'))
    .option('--platform <platform>', 'what images have to be made for: linux/amd64 unless given; any');

/** What flags say about how this machine runs an execution. */
export const localSettings = (
  _context: Context,
  { freshSandbox, network, hostAccess, metadata, credentials, pull, platform }: LocalFlags,
): LocalSettings => ({
  ...defaultSettings,
  ...(freshSandbox && { freshSandbox }),
  ...(network !== undefined && { network }),
  ...(hostAccess && { hostAccess }),
  ...(metadata && { metadata }),
  ...(credentials && { credentials }),
  ...(pull && { pull }),
  ...(platform !== undefined && { platform }),
});

/** Says once what this machine does differently from what it does unasked. */
export function tellSettings({ io }: Context, settings: LocalSettings): void {
  const line = localLine(settings);
  if (line) io.err.write(`${line}\n`);
}
