import { all, dig, type Key, type Step } from './keys.js';

type Row = Record<string, unknown>;

/**
 * Rows with lists in each of them unfolded, those on the way to a list first: a row for each item, which stands in place
 * of the list; none if it is empty.
 */
export const flattenedRows = (rows: readonly Row[], lists: readonly Key[] = []): readonly Row[] =>
  lists.flatMap(({ path }) => slicesOf(path)).reduce(unfolded, rows);

/** The fields that lead to each list that a key names: `a[].b[]` is the list `a`, and then the list `b` of an item. */
function slicesOf(path: readonly Step[]): string[][] {
  const slices: string[][] = [];
  const names: string[] = [];
  for (const step of path) {
    if (step === all) slices.push([...names]);
    else if (typeof step === 'string') names.push(step);
  }
  return path.at(-1) === all ? slices : [...slices, names];
}

const unfolded = (rows: readonly Row[], names: readonly string[]): readonly Row[] =>
  rows.flatMap((row) => {
    const list = dig(row, names);
    return Array.isArray(list) ? list.map((item: unknown) => withValue(row, names, item)) : [row];
  });

function withValue(row: Row, [name = '', ...rest]: readonly string[], value: unknown): Row {
  return { ...row, [name]: rest.length === 0 ? value : withValue((row[name] ?? {}) as Row, rest, value) };
}
