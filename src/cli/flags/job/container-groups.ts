import { type Command, Option } from 'commander';

/** Where flags are kept that stand before any `--container`: no container has such a name, but one may have none. */
export const onlyContainer = '\0';

/** A flag's values by container; those of the only container under `onlyContainer`. */
export type Grouped<T> = Partial<Record<string, T>>;

/** A parser of a flag's value, which is given the value before when the flag is repeated. */
export type Parse<T> = (text: string, previous?: T) => T;

/**
 * Declares `--container`: the container flags that follow it are about the container that it names, whose names the
 * option collects. Returns how to make parsers of such flags.
 */
export function declareContainer(command: Command): {
  valued: <T>(parse: Parse<T>) => (text: string, previous?: Grouped<T>) => Grouped<T>;
  boolean: (value: boolean, previous?: Grouped<boolean>) => Grouped<boolean>;
} {
  let current = onlyContainer;
  command.addOption(
    new Option('--container <name>', 'the container that the following flags are about').argParser(
      (name: string, previous: string[] | undefined): string[] => {
        current = name;
        return previous?.includes(name) ? previous : [...(previous ?? []), name];
      },
    ),
  );
  return {
    valued:
      (parse) =>
      (text, previous = {}) => ({ ...previous, [current]: parse(text, previous[current]) }),
    boolean: (value, previous = {}) => ({ ...previous, [current]: value }),
  };
}
