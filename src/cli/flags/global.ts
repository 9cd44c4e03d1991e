import { type Command, Option } from 'commander';
import type { CommonOptions } from '../command/command.js';
import type { Context } from '../command/context.js';
import type { Output } from '../io.js';

/** gcloud's release tracks, by the launch stage of what they write; each takes all that the one before takes. */
export const tracks = ['GA', 'BETA', 'ALPHA'] as const;
export type Track = (typeof tracks)[number];

export const atLeast = (track: Track, needed: Track): boolean => tracks.indexOf(track) >= tracks.indexOf(needed);

/** gcloud's own flags that change nothing here: there is no account to log in with, and no request to log. */
const withoutEffect = [
  '--access-token-file <file>',
  '--billing-project <project>',
  '--configuration <name>',
  '--impersonate-service-account <accounts>',
  '--log-http',
  '--no-log-http',
  '--trace-token <token>',
  '--verbosity <level>',
];

const userOutput = ['--user-output-enabled', '--no-user-output-enabled'];

/** Lets a command take the flags of gcloud that help does not show. */
export function acceptGlobalFlags(command: Command, track: Track): void {
  for (const flags of [...withoutEffect, ...userOutput]) {
    const option = new Option(flags).hideHelp();
    if (flags.startsWith('--verbosity')) option.choices(['debug', 'info', 'warning', 'error', 'critical', 'none']);
    command.addOption(option);
  }
  if (!atLeast(track, 'BETA')) return;
  const modes = ['global', 'regional', 'regional-preferred'];
  command.addOption(new Option('--endpoint-mode <mode>').choices(modes).hideHelp());
}

/**
 * What a command works with, and its flags, as gcloud's variables and --no-user-output-enabled change them: it asks
 * nothing, or says nothing but errors.
 */
export function asGcloudSays<O extends CommonOptions>(context: Context, flags: O): [Context, O] {
  const { env } = context.io;
  const variable = (name: string): boolean | undefined => {
    const text = env[`CLOUDSDK_CORE_${name}`];
    return text ? /^(1|true|on|yes|y)$/i.test(text) : undefined;
  };
  const options = variable('DISABLE_PROMPTS') ? { ...flags, quiet: true } : flags;
  if (flags.userOutputEnabled ?? variable('USER_OUTPUT_ENABLED') ?? true) return [context, options];
  const silent = (output: Output): Output =>
    Object.create(output, { write: { value: () => {} }, tty: { value: false } }) as Output;
  const { out, err } = context.io;
  const io = Object.create(context.io, { out: { value: silent(out) }, err: { value: silent(err) } }) as Context['io'];
  return [{ ...context, io }, options];
}

const takesValue: ReadonlyMap<string, boolean> = new Map([
  ...withoutEffect.map((flags) => [flags.split(' ')[0] ?? '', flags.includes('<')] as const),
  ...['project', 'region', 'account', 'format', 'flatten', 'api-version', 'flags-file'].map(
    (name) => [`--${name}`, true] as const,
  ),
  ...userOutput.map((name) => [name, false] as const),
  ['--quiet', false],
  ['-q', false],
]);

/**
 * A command line with its command first: gcloud takes global flags before and between the words of a command, as in
 * `--project p jobs list`. A `beta` or `alpha` in front of it is the release track.
 */
export function commandFirst(argv: readonly string[]): { words: string[]; track: Track } {
  const words: string[] = [];
  const flags: string[] = [];
  let i = 0;
  for (; i < argv.length; i++) {
    const word = argv[i] ?? '';
    if (!word.startsWith('-')) {
      words.push(word);
      continue;
    }
    const value = takesValue.get(word.replace(/=.*$/s, ''));
    if (value === undefined) break;
    flags.push(word);
    const next = argv[i + 1];
    if (value && !word.includes('=') && next !== undefined && !next.startsWith('--')) {
      flags.push(next);
      i++;
    }
  }
  const track = tracks.find((name) => name !== 'GA' && name.toLowerCase() === words[0]) ?? 'GA';
  if (track !== 'GA') words.shift();
  return { words: [...words, ...flags, ...argv.slice(i)], track };
}
