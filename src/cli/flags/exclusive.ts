import { UsageError } from '../errors.js';

/** Alternatives of which a command line may use one; an alternative may be several flags that go together. */
type Exclusive = readonly (readonly string[])[];

export const containerExclusives: readonly Exclusive[] = [
  [['--clear-env-vars'], ['--env-vars-file'], ['--set-env-vars'], ['--remove-env-vars', '--update-env-vars']],
  [['--clear-secrets'], ['--set-secrets'], ['--remove-secrets', '--update-secrets']],
  [['--image'], ['--source']],
  [['--build'], ['--source']],
];

export const jobExclusives: readonly Exclusive[] = [
  [['--labels'], ['--update-labels']],
  [['--clear-labels'], ['--remove-labels']],
  [
    ['--add-cloudsql-instances'],
    ['--clear-cloudsql-instances'],
    ['--remove-cloudsql-instances'],
    ['--set-cloudsql-instances'],
  ],
  [['--clear-network'], ['--network', '--subnet', '--network-tags', '--clear-network-tags']],
  [['--clear-network-tags'], ['--network-tags']],
  [['--clear-binary-authorization'], ['--binary-authorization']],
  [['--async'], ['--execute-now', '--wait']],
];

const attribute = (flag: string): string =>
  flag.slice(2).replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** @throws UsageError for flags that exclude each other; `--no-x` counts as a use of `--x`, as in gcloud */
export function checkExclusive(given: Readonly<Record<string, unknown>>, exclusives: readonly Exclusive[]): void {
  const isGiven = (flag: string): boolean => given[attribute(flag)] !== undefined;
  for (const alternatives of exclusives) {
    if (alternatives.filter((flags) => flags.some(isGiven)).length < 2) continue;
    const shown = alternatives.map((flags) => (flags.length > 1 ? `[${flags.join(' ')}]` : flags[0]));
    throw new UsageError(`At most one of ${shown.join(' | ')} can be specified.`);
  }
}
