import type { Kind } from '../resource-kinds.js';
import { all, dig, type Key, rootOf, type Step } from './keys.js';

type Row = Record<string, unknown>;

/**
 * Flattens lists in rows, outer lists first: a row for each item, with the item in place of the list; no row for an
 * empty list.
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

/** The top-level fields of v1 resources; no v2 resource has a field of these names. */
const v1Roots: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata', 'spec', 'status']);

/** A resource as keys see it: v2 and v1 at once, since their fields have different names. v1 is made only for keys that mention it. */
export async function asRow<T>(
  { v2, v1, attributes }: Kind<T>,
  of: T,
  keys: readonly Key[] | 'all',
): Promise<Record<string, unknown>> {
  const asked = keys === 'all' || keys.some((key) => mentions(key, v1Roots));
  return { ...(asked && v1 && (await v1(of))), ...v2(of), ...attributes?.(of) };
}

const mentions = (key: Key, roots: ReadonlySet<string>): boolean =>
  roots.has(rootOf(key) ?? '') ||
  key.calls.some(({ args }) => args.some((arg) => roots.has(/^\w+/.exec(arg)?.[0] ?? '')));
