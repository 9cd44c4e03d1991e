/**
 * A part of gcloud's `describe`: a value with its label, left out if it has none, or a title with parts below it, left
 * out if there are none. The labels of `bare` parts are names that the user gave, and take no colon.
 */
export type Entry = [label: string, value: string | undefined] | { title: string; bare?: true; entries: Entry[] };

export const group = (title: string, entries: Entry[], bare?: true): Entry[] =>
  entries.some((entry) => 'title' in entry || entry[1] !== undefined)
    ? [{ title: `${title}:`, entries, ...(bare && { bare }) }]
    : [];

interface Line {
  label: string;
  value: string | undefined;
}

/** The lines of entries. Values begin in one column: after the widest label, of those that are not wider than 20. */
export function lines(entries: readonly Entry[]): string[] {
  const all = flatten(entries, '', ':');
  const width = Math.min(20, Math.max(...all.map(({ label }) => label.length))) + 1;
  return all.map(({ label, value }) => {
    if (value === undefined) return label;
    const column = Math.max(width, label.length + 1);
    return `${label.padEnd(column)}${value.replaceAll('\n', `\n${' '.repeat(column)}`)}`.trimEnd();
  });
}

function flatten(entries: readonly Entry[], indent: string, colon: string): Line[] {
  return entries.flatMap((entry): Line[] => {
    if ('title' in entry) {
      const { title, bare, entries: below } = entry;
      return [{ label: indent + title, value: undefined }, ...flatten(below, `${indent}  `, bare ? '' : ':')];
    }
    const [label, value] = entry;
    return value === undefined || (value === '' && colon) ? [] : [{ label: indent + label + colon, value }];
  });
}
