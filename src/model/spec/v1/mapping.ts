import type { Path } from '../../path.js';

/** A tree of JSON values, as both API versions write their resources. */
export type Tree = { [key: string]: unknown };

export const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * One correspondence between the two API versions: the value at `v1` is the value at `v2`, converted by `toV2` and
 * `toV1` where the two write it differently; undefined where the other version does not say it. With `inner` both are
 * objects, with `each` lists of objects, that correspond by those rules; `v1With` is what the v1 object has besides, by
 * which it is told apart.
 */
export interface Rule {
  v1: Path;
  v2: Path;
  toV2?: (value: never) => unknown;
  toV1?: (value: never) => unknown;
  inner?: readonly Rule[];
  v1With?: Tree;
  each?: readonly Rule[];
}

/** Thrown by a conversion that cannot read its value; the message says what it must be. */
export class Unreadable extends Error {
  readonly fix: string | undefined;

  constructor(message: string, fix?: string) {
    super(message);
    this.fix = fix;
  }
}

/** Called for a value that cannot be read. */
export type OnUnreadable = (at: Path, error: Unreadable) => void;

/** What `rules` say of `source`, in the other API version; what no rule names is left out. */
export function convert(
  rules: readonly Rule[],
  from: 'v1' | 'v2',
  source: Tree,
  onUnreadable: OnUnreadable = rethrow,
  at: Path = [],
): Tree {
  const result: Tree = {};
  const to = from === 'v1' ? 'v2' : 'v1';
  for (const rule of rules) {
    const value = get(source, rule[from]);
    if (value === undefined || (from === 'v1' && rule.v1With && !isLike(value, rule.v1With))) continue;
    const here = [...at, ...rule[from]];
    const converted = convertValue(rule, from, value, onUnreadable, here);
    if (converted !== undefined) put(result, rule[to], converted);
  }
  return result;
}

function convertValue(rule: Rule, from: 'v1' | 'v2', value: unknown, onUnreadable: OnUnreadable, at: Path): unknown {
  const { each, inner } = rule;
  if (each) return (value as Tree[]).map((item, i) => convert(each, from, item, onUnreadable, [...at, i]));
  if (inner) {
    const converted = convert(inner, from, value as Tree, onUnreadable, at);
    return from === 'v2' ? { ...rule.v1With, ...converted } : converted;
  }
  const translate = (from === 'v1' ? rule.toV2 : rule.toV1) as ((value: unknown) => unknown) | undefined;
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

function rethrow(_: Path, error: Unreadable): never {
  throw error;
}

/** Where `v1` says what a v2 path is about; where it says nothing, where it would. */
export function originOf(rules: readonly Rule[], path: Path, v1: unknown): Path {
  const begins = (long: Path, short: Path): boolean => short.every((step, i) => step === long[i]);
  const above = rules.filter((rule) => begins(path, rule.v2));
  const deepest = Math.max(...above.map(({ v2 }) => v2.length));
  const closest = above.filter(({ v2 }) => v2.length === deepest);
  const rule = closest.find((candidate) => get(v1, candidate.v1) !== undefined) ?? closest[0];
  if (!rule) {
    const below = rules.filter(({ v2 }) => begins(v2, path));
    return (below.find((candidate) => get(v1, candidate.v1) !== undefined) ?? below[0])?.v1 ?? path;
  }
  const rest = path.slice(rule.v2.length);
  const value = get(v1, rule.v1);
  const [index] = rest;
  if (rule.each && typeof index === 'number') {
    const item: unknown = Array.isArray(value) ? value[index] : undefined;
    return [...rule.v1, index, ...(rest.length > 1 ? originOf(rule.each, rest.slice(1), item) : [])];
  }
  if (rule.inner && rest.length > 0) return [...rule.v1, ...originOf(rule.inner, rest, value)];
  // What an annotation says in one string has no parts.
  return rule.toV2 && typeof value === 'string' ? rule.v1 : [...rule.v1, ...rest];
}

export function get(tree: unknown, path: Path): unknown {
  let value = tree;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Tree)[step];
  }
  return value;
}

export function put(tree: Tree, path: Path, value: unknown): void {
  let target = tree;
  for (const step of path.slice(0, -1)) target = (target[step] ??= {}) as Tree;
  const last = path.at(-1);
  if (last !== undefined) target[last] = value;
}
