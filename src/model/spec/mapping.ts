import type { Path } from '../path.js';

/** A tree of JSON values, as both API versions write their resources. */
export type Tree = { [key: string]: unknown };

/**
 * One correspondence between the two API versions: the value at `v1` is the value at `v2`, converted by `toV2` and
 * `toV1` where the two write it differently. With `each` both are lists, whose items correspond by those rules.
 */
export interface Rule {
  v1: Path;
  v2: Path;
  toV2?: (value: never) => unknown;
  toV1?: (value: never) => unknown;
  each?: readonly Rule[];
}

/** Thrown by a conversion that cannot read its value; the message says what it must be. */
export class Unreadable extends Error {}

/** Where a value of the result was in the source: joined result path -> source path. */
export type Origins = Map<string, Path>;

/** What a conversion tells besides its result. */
export interface Notes {
  origins: Origins;
  unreadable: { path: Path; message: string }[];
}

export const newNotes = (): Notes => ({ origins: new Map(), unreadable: [] });

const key = (path: Path): string => JSON.stringify(path);

/** What `rules` say of `source`, in the other API version; what no rule names is left out. */
export function convert(
  rules: readonly Rule[],
  from: 'v1' | 'v2',
  source: Tree,
  notes: Notes = newNotes(),
  at: { source: Path; result: Path } = { source: [], result: [] },
): Tree {
  const result: Tree = {};
  const to = from === 'v1' ? 'v2' : 'v1';
  for (const rule of rules) {
    const value = get(source, rule[from]);
    if (value === undefined) continue;
    const sourcePath = [...at.source, ...rule[from]];
    const resultPath = [...at.result, ...rule[to]];
    notes.origins.set(key(resultPath), sourcePath);
    const translate = (from === 'v1' ? rule.toV2 : rule.toV1) as ((value: unknown) => unknown) | undefined;
    let converted: unknown;
    if (rule.each && Array.isArray(value)) {
      const { each } = rule;
      converted = value.map((item: Tree, i) =>
        convert(each, from, item, notes, { source: [...sourcePath, i], result: [...resultPath, i] }),
      );
    } else {
      try {
        converted = translate ? translate(value) : value;
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
        notes.unreadable.push({ path: sourcePath, message: error.message });
      }
    }
    if (converted !== undefined) put(result, rule[to], converted);
  }
  return result;
}

/** The source path of a result path: that of its longest recorded beginning, and the rest as it is. */
export function originOf(origins: Origins, path: Path): Path {
  for (let length = path.length; length > 0; length--) {
    const origin = origins.get(key(path.slice(0, length)));
    if (origin) return [...origin, ...path.slice(length)];
  }
  return path;
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
