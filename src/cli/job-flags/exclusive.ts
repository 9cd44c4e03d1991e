import { UsageError } from '../../model/errors.js';

/** Sets of flags of which one alternative may be used; an alternative may be several flags that go together. */
type Exclusive = readonly (readonly string[])[];

export const containerExclusives: readonly Exclusive[] = [
  [['--clear-env-vars'], ['--env-vars-file'], ['--set-env-vars'], ['--remove-env-vars', '--update-env-vars']],
  [['--clear-secrets'], ['--set-secrets'], ['--remove-secrets', '--update-secrets']],
  [['--clear-volume-mounts'], ['--remove-volume-mount']],
];

export const jobExclusives: readonly Exclusive[] = [
  [['--labels'], ['--update-labels']],
  [['--clear-labels'], ['--remove-labels']],
  [
    ['--clear-cloudsql-instances'],
    ['--set-cloudsql-instances'],
    ['--add-cloudsql-instances', '--remove-cloudsql-instances'],
  ],
  [['--clear-vpc-connector'], ['--vpc-connector']],
  [['--clear-network'], ['--network', '--subnet', '--network-tags', '--clear-network-tags']],
  [['--clear-network-tags'], ['--network-tags']],
  [['--clear-binary-authorization'], ['--binary-authorization']],
  [['--clear-volumes'], ['--remove-volume']],
  [['--async'], ['--execute-now', '--wait']],
  [['--image'], ['--source']],
];

const attribute = (flag: string): string =>
  flag.slice(2).replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** @throws UsageError if flags are given that exclude each other; `--no-x` is no use of `--x` */
export function checkExclusive(given: Readonly<Record<string, unknown>>, exclusives: readonly Exclusive[]): void {
  const isGiven = (flag: string): boolean => ![undefined, false].includes(given[attribute(flag)] as undefined);
  for (const alternatives of exclusives) {
    if (alternatives.filter((flags) => flags.some(isGiven)).length < 2) continue;
    const shown = alternatives.map((flags) => (flags.length > 1 ? `[${flags.join(' ')}]` : flags[0]));
    throw new UsageError(`At most one of ${shown.join(' | ')} can be specified.`);
  }
}
