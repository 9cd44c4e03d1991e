import { dig, type Key, type Step } from './keys.js';

type Row = Record<string, unknown>;

/** Rows with a list in each of them unfolded: a row for each item, which stands in place of the list; none if it is empty. */
export const flattenedRows = (rows: readonly Row[], lists: readonly Key[] = []): readonly Row[] =>
  lists.reduce<readonly Row[]>((result, { path }) => {
    const names = path.filter((step): step is Step & string => typeof step === 'string');
    return result.flatMap((row) => {
      const list = dig(row, names);
      return Array.isArray(list) ? list.map((item: unknown) => withValue(row, names, item)) : [row];
    });
  }, rows);

function withValue(row: Row, [name = '', ...rest]: readonly string[], value: unknown): Row {
  return { ...row, [name]: rest.length === 0 ? value : withValue((row[name] ?? {}) as Row, rest, value) };
}
