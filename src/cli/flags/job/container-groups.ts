import { type Flag, flag, headings, type Parse } from '../flag.js';

/** The key for flags before any `--container`: no container can have this name, but one may have an empty name. */
export const onlyContainer = '\0';

/** A flag's values by container; those of the only container under `onlyContainer`. */
export type Grouped<T> = Partial<Record<string, T>>;

/**
 * `--container`, and flags that apply to the container named by the last `--container` before them. Each flag collects
 * its values by container; `--container` collects the names. The flags belong to one command line.
 */
export function perContainer(flags: readonly Flag[]): Flag[] {
  let current = onlyContainer;
  const parse = (name: string, previous?: string[]): string[] => {
    current = name;
    return previous?.includes(name) ? previous : [...(previous ?? []), name];
  };
  return [
    flag('--container <name>', 'the container that the following flags apply to', { parse, group: headings.container }),
    ...flags.map((of) => {
      const one = (of.traits.parse ?? ((text: string) => text)) as Parse<unknown>;
      const grouped = (text: string, previous: Grouped<unknown> = {}): Grouped<unknown> => ({
        ...previous,
        [current]: one(text, previous[current]),
      });
      return of.with({ parse: grouped });
    }),
  ];
}
