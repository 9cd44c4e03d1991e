import { labels } from './tabular.js';
import { all, fieldOf, type Key, nameOf, type Step } from './keys.js';
import type { Format } from './projection.js';
import { isMap, sortedEntries, text } from './python.js';
import { called } from './transforms.js';

/** The parts of a resource that keys select, by the steps that lead to them. */
interface Node {
  parts: Map<Step, Node>;
  key?: Key;
}

/** The part of a resource that keys select, in the shape of the resource; undefined if there is none. */
export function picked(resource: unknown, keys: readonly Key[], raw = false): unknown {
  const root: Node = { parts: new Map() };
  for (const key of keys) {
    // The result of a function of the whole resource has no place in it.
    if (key.path.length === 0 && key.calls.length > 0) continue;
    let node = root;
    for (const step of key.path) {
      const next = node.parts.get(step) ?? { parts: new Map() };
      node.parts.set(step, next);
      node = next;
    }
    node.key ??= key;
  }
  return part(resource, root, raw);
}

function part(value: unknown, { parts, key }: Node, raw: boolean): unknown {
  if (value === undefined || value === null) return undefined;
  if (key) return raw ? value : called(value, key.calls);
  if (Array.isArray(value)) return partOfList(value, parts, raw);
  if (!isMap(value) || Object.keys(value).length === 0) return value;
  const result = new Map<string, unknown>();
  for (const [step, node] of parts) {
    const name = fieldOf(value, step);
    const of = name === undefined ? undefined : part(value[name], node, raw);
    if (name !== undefined && of !== undefined) result.set(name, of);
  }
  return result.size > 0 ? Object.fromEntries(result) : undefined;
}

/** A field of a list is the field of each of its items. */
function partOfList(items: readonly unknown[], parts: Node['parts'], raw: boolean): unknown {
  if (items.length === 0) return items;
  const every = parts.get(all) ?? { parts };
  const numbers = [...parts.keys()].filter((step) => typeof step === 'number');
  const wanted = new Set(numbers.map((step) => (step < 0 ? step + items.length : step)));
  const result = items.map((item, i) => {
    if (numbers.length > 0 && !parts.has(all) && !wanted.has(i)) return null;
    const own = parts.get(i) ?? parts.get(i - items.length);
    return part(item, own ?? every, raw) ?? null;
  });
  const last = result.findLastIndex((item) => item !== null);
  return last < 0 ? undefined : result.slice(0, last + 1);
}

/** One line per value, after its label if it is at a key, otherwise after its path. */
export function flattened(value: unknown, { attributes, keys }: Format): string {
  const all = labels(keys);
  const named = new Map(keys.map(({ path }, i) => [nameOf(path), all[i]?.toLowerCase()]));
  const leaves = leavesOf(value, '').map(([at, of]) => [named.get(at) ?? at, oneLine(of)] as const);
  const separator = typeof attributes['separator'] === 'string' ? attributes['separator'] : ': ';
  const widest = attributes['no-pad'] ? 0 : Math.max(0, ...leaves.map(([at]) => at.length));
  return leaves.map(([at, of]) => `${`${at}${separator}`.padEnd(widest + separator.length)}${of}\n`).join('');
}

const escapes: Readonly<Record<string, string>> = { '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Quotes text with line breaks or with leading or trailing spaces. */
const oneLine = (text: string): string =>
  text.includes('\n') || /^\s|\s$/.test(text)
    ? `"${text.replaceAll(/["\\]/g, String.raw`\$&`).replaceAll(/[\f\n\r\t]/g, (character) => escapes[character] ?? '')}"`
    : text;

function leavesOf(value: unknown, at: string): [key: string, value: string][] {
  if (Array.isArray(value) && value.length > 0) return value.flatMap((item, i) => leavesOf(item, `${at}[${i}]`));
  if (isMap(value) && Object.keys(value).length > 0) {
    return sortedEntries(value).flatMap(([name, of]) => leavesOf(of, at ? `${at}.${name}` : name));
  }
  return value === undefined || value === null ? [] : [[at, text(value)]];
}

/** `config`: values as NAME = VALUE, with maps and lists below a `[heading]`; or as shell commands. */
export function configured(value: unknown, { attributes }: Format): string {
  if (!isMap(value)) return '';
  if (attributes['export']) return variables(value, '', (name, of) => `export ${name}=${shellWord(of)}\n`);
  if (attributes['unset']) return variables(value, '', (name) => `unset ${name}\n`);
  return section(value, []);
}

function section(value: object, at: readonly string[]): string {
  let own = '';
  let below = '';
  for (const [name, of] of entriesOf(value)) {
    if (of === null || of === undefined) own += `${name} (unset)\n`;
    else if (typeof of === 'object') below += section(of, [...at, name]);
    else own += `${name} = ${text(of)}\n`;
  }
  const heading =
    at.length > 0 && (own !== '' || (below !== '' && !below.startsWith('['))) ? `[${at.join('.')}]\n` : '';
  return heading + own + below;
}

const entriesOf = (value: object): [string, unknown][] =>
  Array.isArray(value) ? Object.entries(value) : sortedEntries(value);

/** Joins names of variables by `_`. Items of lists have the prefix of the list, and a name such as `I0` unless they are maps. */
function variables(value: object, prefix: string, line: (name: string, of: unknown) => string): string {
  return sortedEntries(value)
    .map(([name, of]) => {
      if (Array.isArray(of)) {
        return of
          .map((item, i) => variables(isMap(item) ? item : { [`I${i}`]: item }, `${prefix}${name}_`, line))
          .join('');
      }
      return isMap(of) ? variables(of, `${prefix}${name}_`, line) : line(prefix + name, of);
    })
    .join('');
}

function shellWord(value: unknown): string {
  const word = text(value);
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`;
}
