import type { FieldPath } from '../field-path.js';

/** A tree of JSON values, in which both API versions write their resources. */
export type Tree = { [key: string]: unknown };

export const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * One correspondence between the two API versions: the value at `v1` is the value at `v2`. `toV2` and `toV1` convert it
 * where the two differ, and return undefined if the other version cannot express it. With `inner`, both are objects
 * with mappings of their own; with `each`, lists of such objects. `v1With` are further fields by which the v1 object is
 * recognised.
 */
export interface Mapping {
  v1: FieldPath;
  v2: FieldPath;
  toV2?: (value: never) => unknown;
  toV1?: (value: never) => unknown;
  inner?: readonly Mapping[];
  v1With?: Tree;
  each?: readonly Mapping[];
}

/** Thrown by a conversion that cannot read its value; the message says what the value must be. */
export class Unreadable extends Error {
  readonly fix: string | undefined;

  constructor(message: string, fix?: string) {
    super(message);
    this.fix = fix;
  }
}

/** Called for a value that cannot be read. */
export type OnUnreadable = (at: FieldPath, error: Unreadable) => void;

/** Converts `source` to the other API version. Fields without a mapping are left out. */
export function convert(
  mappings: readonly Mapping[],
  from: 'v1' | 'v2',
  source: Tree,
  onUnreadable: OnUnreadable = rethrow,
  at: FieldPath = [],
): Tree {
  const result: Tree = {};
  const to = from === 'v1' ? 'v2' : 'v1';
  for (const mapping of mappings) {
    const value = get(source, mapping[from]);
    if (value === undefined || (from === 'v1' && mapping.v1With && !isLike(value, mapping.v1With))) continue;
    const here = [...at, ...mapping[from]];
    const converted = convertValue(mapping, from, value, onUnreadable, here);
    if (converted !== undefined) put(result, mapping[to], converted);
  }
  return result;
}

function convertValue(
  mapping: Mapping,
  from: 'v1' | 'v2',
  value: unknown,
  onUnreadable: OnUnreadable,
  at: FieldPath,
): unknown {
  const { each, inner } = mapping;
  if (each) return (value as Tree[]).map((item, i) => convert(each, from, item, onUnreadable, [...at, i]));
  if (inner) {
    const converted = convert(inner, from, value as Tree, onUnreadable, at);
    return from === 'v2' ? { ...mapping.v1With, ...converted } : converted;
  }
  const translate = (from === 'v1' ? mapping.toV2 : mapping.toV1) as ((value: unknown) => unknown) | undefined;
  if (!translate) return value;
  try {
    return translate(value);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    onUnreadable(at, error);
    return undefined;
  }
}

const isLike = (value: unknown, like: Tree): boolean =>
  Object.entries(like).every(([key, part]) => get(value, [key]) === part);

function rethrow(_: FieldPath, error: Unreadable): never {
  throw error;
}

/** Where `v1` has the value of a v2 path or, if it has none, where it would be. */
export function originOf(mappings: readonly Mapping[], path: FieldPath, v1: unknown): FieldPath {
  const begins = (long: FieldPath, short: FieldPath): boolean => short.every((step, i) => step === long[i]);
  const above = mappings.filter((mapping) => begins(path, mapping.v2));
  const deepest = Math.max(...above.map(({ v2 }) => v2.length));
  const closest = above.filter(({ v2 }) => v2.length === deepest);
  const mapping = closest.find((candidate) => get(v1, candidate.v1) !== undefined) ?? closest[0];
  if (!mapping) {
    const below = mappings.filter(({ v2 }) => begins(v2, path));
    return (below.find((candidate) => get(v1, candidate.v1) !== undefined) ?? below[0])?.v1 ?? path;
  }
  const rest = path.slice(mapping.v2.length);
  const value = get(v1, mapping.v1);
  const [index] = rest;
  if (mapping.each && typeof index === 'number') {
    const item: unknown = Array.isArray(value) ? value[index] : undefined;
    return [...mapping.v1, index, ...(rest.length > 1 ? originOf(mapping.each, rest.slice(1), item) : [])];
  }
  if (mapping.inner && rest.length > 0) return [...mapping.v1, ...originOf(mapping.inner, rest, value)];
  // An annotation holds its whole value in one string.
  return mapping.toV2 && typeof value === 'string' ? mapping.v1 : [...mapping.v1, ...rest];
}

export function get(tree: unknown, path: FieldPath): unknown {
  let value = tree;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Tree)[step];
  }
  return value;
}

export function put(tree: Tree, path: FieldPath, value: unknown): void {
  let target = tree;
  for (const step of path.slice(0, -1)) target = (target[step] ??= {}) as Tree;
  const last = path.at(-1);
  if (last !== undefined) target[last] = value;
}
