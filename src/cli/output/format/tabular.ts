import { type GridOptions, layout } from '../table.js';
import { type Key, snakeCase, type Step } from './keys.js';
import type { Format } from './projection.js';
import { empty, isMap, sortedEntries, text } from './python.js';
import { valueAt } from './transforms.js';

const given = (attribute: string | true | undefined, unset: string): string =>
  typeof attribute === 'string'
    ? attribute.replaceAll(/\\([nt])/g, (_, c: string) => (c === 'n' ? '\n' : '\t'))
    : unset;

/** The values of rows at keys, a list for each row. */
export const cellsOf = ({ attributes, printer, keys }: Format, rows: readonly unknown[]): unknown[][] => {
  const raw = printer === 'get' || attributes['no-transforms'] !== undefined;
  return rows.map((row) => keys.map((key) => valueAt(row, key, raw)));
};

/** `csv`, `value` and `get`: one line per row. */
export function separated(format: Format, rows: readonly unknown[]): string {
  const { printer, attributes, keys } = format;
  const csv = printer === 'csv';
  const separator = given(attributes['separator'], csv ? ',' : '\t');
  const delimiter = given(attributes['delimiter'], ';');
  const terminator = given(attributes['terminator'], '\n');
  const quotes = csv ? !attributes['no-quote'] : attributes['quote'] !== undefined;
  const special = [delimiter, '"', separator, terminator];
  const quoted = (value: string): string =>
    quotes && (special.some((part) => value.includes(part)) || /^\s|\s$/.test(value))
      ? `"${value.replaceAll('"', '""')}"`
      : value;
  const cell = (value: unknown): string => {
    if (value === undefined || value === null) return '';
    if (Array.isArray(value)) return value.map((item) => (empty(item) ? '' : quoted(text(item)))).join(delimiter);
    if (!isMap(value)) return quoted(text(value));
    return sortedEntries(value)
      .map(([name, part]) => quoted(`${name}=${text(part)}`))
      .join(delimiter);
  };
  const heading = csv && !attributes['no-heading'] ? [labels(keys).map((label) => quoted(label.toLowerCase()))] : [];
  return [...heading, ...cellsOf(format, rows).map((row) => row.map(cell))]
    .map((row) => row.join(separator) + terminator)
    .join('');
}

/** `list`: one item per row, with one field per line. */
export function listed(format: Format, rows: readonly unknown[]): string {
  const { attributes, keys } = format;
  const items =
    keys.length > 0
      ? cellsOf(format, rows).map((row) => row.filter((value) => value !== undefined && value !== null).map(text))
      : rows.map((row) => sortedEntries(row as object).map(([name, value]) => `${name}: ${text(value)}`));
  const title = given(attributes['title'], '');
  const lines = items.map((fields) => ` - ${fields.join(attributes['compact'] ? ' ' : '\n   ')}\n`);
  return (title && lines.length > 0 ? `${title}\n` : '') + lines.join('');
}

/** The headings of keys: their labels, or their last names, with the name before where a heading is already taken. */
export function labels(keys: readonly Key[]): string[] {
  const taken = new Set<string>();
  return keys.map(({ path, calls, attributes }) => {
    if (typeof attributes['label'] === 'string') return attributes['label'];
    const names: readonly Step[] = path.length > 0 ? path : [calls.at(-1)?.name ?? '', ...(calls[0]?.args ?? [])];
    let label = '';
    for (const name of names.toReversed()) {
      if (typeof name !== 'string') continue;
      const shown = snakeCase(name).toUpperCase();
      label = label === '' ? shown : `${shown}_${label}`;
      if (!taken.has(label)) break;
    }
    taken.add(label);
    return label;
  });
}

/** The text below a row of a table: its columns with their own format. */
export type Nested = (row: number) => string;

/** `table`, with the visible columns. `width` is the terminal's, for columns that may wrap. */
export function tabulated(format: Format, rows: readonly unknown[], width: number, nested?: Nested): string {
  const { attributes, keys } = format;
  const all = labels(keys);
  const sorted = ordered(
    keys,
    rows.map((row, at) => ({ row, at })),
  );
  const cells = cellsOf(
    format,
    sorted.map(({ row }) => row),
  ).map((row) => row.map((cell) => (cell === undefined || cell === null ? '' : text(cell))));
  const shown = keys
    .map(({ attributes: own }, i) => ({ own, i }))
    .filter(({ own, i }) => !own['format'] && !(own['optional'] && cells.every((row) => row[i] === '')));
  if (cells.length === 0 || shown.length === 0) return '';
  const options: GridOptions = {
    box: attributes['all-box'] ? 'all' : attributes['box'] !== undefined,
    ascii: attributes['ascii'] !== undefined,
    gap: Number(attributes['pad'] ?? 2),
    title: given(attributes['title'], ''),
    width: Number(attributes['width'] ?? width),
    columns: shown.map(({ own }) => ({
      align: typeof own['align'] === 'string' ? own['align'] : 'left',
      least: Number(own['width'] ?? 0),
      wrap: own['wrap'] === undefined ? undefined : own['wrap'] === true ? 10 : Number(own['wrap']),
    })),
    ...(nested && { below: (row: number) => nested(sorted[row]?.at ?? row) }),
  };
  const head = attributes['no-heading'] ? undefined : shown.map(({ i }) => all[i] ?? '');
  return layout(
    cells.map((row) => shown.map(({ i }) => row[i] ?? '')),
    head,
    options,
  );
}

/** Rows sorted by the `sort` attributes of keys, `sort=1` first. */
function ordered<T extends { row: unknown }>(keys: readonly Key[], rows: readonly T[]): readonly T[] {
  const by = keys
    .filter(({ attributes }) => attributes['sort'] !== undefined)
    .toSorted((a, b) => Number(a.attributes['sort']) - Number(b.attributes['sort']));
  return by.length === 0 ? rows : rows.toSorted((a, b) => compareRows(by, a.row, b.row));
}

/** Compares two rows by keys; the attribute `reverse` reverses a key. */
export function compareRows(keys: readonly Key[], a: unknown, b: unknown): number {
  for (const key of keys) {
    const order = compare(valueAt(a, key), valueAt(b, key));
    if (order !== 0) return key.attributes['reverse'] ? -order : order;
  }
  return 0;
}

/** Compares numbers by value and everything else as text; absent values come first. */
function compare(a: unknown, b: unknown): number {
  if (a === undefined || b === undefined) return (a === undefined ? 0 : 1) - (b === undefined ? 0 : 1);
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [first, second] = [text(a), text(b)];
  return first < second ? -1 : first > second ? 1 : 0;
}
