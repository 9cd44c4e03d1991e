import type { FieldPath } from '../field-path.js';
import type { SourceDocument } from '../spec/source-document.js';
import type { Tree } from '../v1/convert.js';
import type { Node } from 'yaml';

/** A value with texts in place of all scalars, as they are written; null for none. */
export type Plain = string | null | Plain[] | { [key: string]: Plain };

/** A YAML document as plain values, whose places are known. */
export interface PlainDocument {
  file: string;
  value: Plain;
  /** `compose.yaml:12`, where a key or an item is. */
  place: (path: FieldPath) => string;
}

/** @throws TooLarge */
export function plainDocument(file: string, document: SourceDocument): PlainDocument {
  const valueOf = (node: Node | null, depth: number): Plain => {
    const items = document.items(node, depth);
    if (items) return items.map((item) => valueOf(item, depth + 1));
    if (document.kind(node) === 'map') {
      const entries = document.entries(node, depth).map(({ key, value }) => [key, valueOf(value, depth + 1)] as const);
      return Object.fromEntries(entries);
    }
    const scalar = document.isNull(node) ? undefined : document.scalar(node);
    if (!scalar) return null;
    return typeof scalar.value === 'string' ? scalar.value : scalar.text;
  };
  return {
    file,
    value: valueOf(document.root, 0),
    place: (path) => `${file}:${document.find(path, { key: true }).location.line}`,
  };
}

/** The part of a plain value at a path; undefined if there is none. */
export function part(value: Plain | undefined, ...path: FieldPath): Plain | undefined {
  let found: unknown = value;
  for (const step of path) {
    const holds = typeof found === 'object' && found !== null && Object.hasOwn(found, step);
    if (!holds) return undefined;
    found = (found as Tree)[step];
  }
  return (found as Plain | undefined) ?? undefined;
}

export const textOf = (value: Plain | undefined): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;
export const listOf = (value: Plain | undefined): Plain[] => (Array.isArray(value) ? value : []);
export const entriesOf = (value: Plain | undefined): [string, Plain][] =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
/** A whole number that is not negative. */
export const countOf = (value: Plain | undefined): number | undefined =>
  typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : undefined;
/** The texts of a list, or of what stands for a list of one. */
export const textsOf = (value: Plain | undefined): string[] =>
  typeof value === 'string' ? [value] : listOf(value).filter((item) => typeof item === 'string');
