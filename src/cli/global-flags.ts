import { type Command, Option } from 'commander';

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

/** Lets a command take the flags of gcloud that do nothing here. */
export function acceptWithoutEffect(command: Command): void {
  for (const flags of withoutEffect) {
    const option = new Option(flags).hideHelp();
    if (flags.startsWith('--verbosity')) option.choices(['debug', 'info', 'warning', 'error', 'critical', 'none']);
    command.addOption(option);
  }
}

const takesValue: ReadonlyMap<string, boolean> = new Map([
  ...withoutEffect.map((flags) => [flags.split(' ')[0] ?? '', flags.includes('<')] as const),
  ...['project', 'region', 'account', 'format', 'flatten', 'api-version', 'flags-file'].map(
    (name) => [`--${name}`, true] as const,
  ),
  ['--quiet', false],
  ['-q', false],
]);

/**
 * A command line with its command first: gcloud takes global flags before and between the words of a command, as in
 * `--project p jobs list`. `beta` and `alpha` are dropped: there is one release track here.
 */
export function commandFirst(argv: readonly string[]): string[] {
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
  if (words[0] === 'beta' || words[0] === 'alpha') words.shift();
  return [...words, ...flags, ...argv.slice(i)];
}
