import { type Command, Option } from 'commander';

/**
 * Declares `--flag` and, not shown in help, its opposite `--no-flag`, as gcloud does for every flag without a value.
 * `fold` makes the option's value of the one before and what is said now; without it the last word counts.
 */
export function booleanFlag<T = boolean>(
  command: Command,
  flag: string,
  description: string,
  fold?: (value: boolean, previous: T | undefined) => T,
  { hidden = false } = {},
): Command {
  const option = (name: string, value: boolean): Option => {
    const made = new Option(name, value ? description : `not: ${description}`);
    return fold ? made.argParser((_: string, previous: T | undefined) => fold(value, previous)) : made;
  };
  return command
    .addOption(option(flag, true).hideHelp(hidden))
    .addOption(option(flag.replace('--', '--no-'), false).hideHelp());
}
