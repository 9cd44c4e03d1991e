import { unescape } from 'node:querystring';
import { UsageError } from '../../errors.js';
import { regularExpression } from '../../../model/regular-expression.js';
import { formatDate } from './date.js';
import { type Call, dig, type Key, KeyReader } from './keys.js';
import { formatDuration, formatFloat, formatSize, secondsBetween, secondsOf } from './measures.js';
import { empty, isMap, pythonFormat, sortedEntries, text } from './python.js';

/** The input of a key's function: the value at the key, and the arguments. */
type Transform = (value: unknown, args: readonly string[], named: Call['named']) => unknown;

function read(text: string): Key {
  const reader = new KeyReader(text, '--format');
  const key = reader.key();
  if (!reader.done) throw reader.wrong('unexpected text');
  return key;
}

const at = (value: unknown, key: string): unknown => valueAt(value, read(key));
const list = (value: unknown): unknown[] =>
  Array.isArray(value) ? value : typeof value === 'string' ? Array.from(value) : empty(value) ? [] : [value];
const segments = (value: unknown): string[] => unescape(text(value)).split('/');

/** Compact text of a map or a list; `show` limits a map to its `keys` or its `values`. */
function compact(value: unknown, { show, separator = ',' }: Call['named'], inner: (value: unknown) => string): unknown {
  if (Array.isArray(value)) return value.map(inner).join(separator);
  if (!isMap(value)) return value;
  const pair = ([key, of]: [string, unknown]): string =>
    show === 'keys' ? key : show === 'values' ? inner(of) : `${key}=${inner(of)}`;
  return sortedEntries(value).map(pair).join(separator);
}

function flat(value: unknown, named: Call['named']): string {
  return text(compact(value, named, (inner) => flat(inner, named)) ?? '');
}

/** Python's slices: `1`, `1:`, `:-1`, `::2`. */
function slice(items: readonly unknown[], op: string): unknown[] {
  const [from, to, step = 1] = op.split(':').map((part) => (part.trim() === '' ? undefined : Number(part)));
  if (!op.includes(':')) return items.slice(from, (from ?? 0) + 1 || undefined);
  if (step > 0) return items.slice(from, to).filter((_, i) => i % step === 0);
  const reversed = items.slice(to === undefined ? 0 : to + 1, from === undefined ? undefined : from + 1).toReversed();
  return reversed.filter((_, i) => i % -step === 0);
}

/** Sorts absent values first, then numbers by value, then text. */
function inOrder(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return text(a ?? '') < text(b ?? '') ? -1 : 1;
}

const transforms: Readonly<Record<string, Transform>> = {
  basename: (value) =>
    Array.isArray(value)
      ? value.map((item) => transforms['basename']?.(item, [], {}))
      : text(value).split(/[/\\]/).at(-1),
  collection: () => undefined,
  color: (value) => value,
  count: (value) => {
    const counts = new Map<string, number>();
    for (const item of list(value)) counts.set(text(item), (counts.get(text(item)) ?? 0) + 1);
    return Object.fromEntries(counts);
  },
  date: (value, [pattern], { format, tz, unit }) => formatDate(value, format ?? pattern, tz, Number(unit ?? 1)),
  decode: (value, [encoding]) => (encoding === 'base64' ? Buffer.from(text(value), 'base64').toString() : text(value)),
  duration: (value, args, named) => {
    const { start = args[0], end = args[1], unit = '1' } = named;
    const now = Date.now();
    const seconds = start
      ? secondsBetween(at(value, start), end && at(value, end), now)
      : (secondsOf(value, Number(unit)) ?? secondsBetween(value, undefined, now));
    return seconds === undefined ? undefined : formatDuration(seconds, named);
  },
  encode: (value, [encoding]) => (encoding === 'base64' ? Buffer.from(text(value)).toString('base64') : text(value)),
  enum: () => undefined,
  extract: (value, args) => args.map((key) => at(value, key)).filter((part) => !empty(part)),
  firstof: (value, args) => args.map((key) => at(value, key)).find((part) => part !== undefined && part !== null),
  flatten: (value, [show], named) => flat(value, { ...(show !== undefined && { show }), ...named }),
  float: (value, [precision, spec], named) =>
    formatFloat(value, Number(named['precision'] ?? precision ?? 6), named['spec'] ?? spec),
  format: (value, [pattern = '', ...keys]) => {
    const values = keys.length > 0 ? keys.map((key) => at(value, key)) : Array.isArray(value) ? value : [value ?? ''];
    return pythonFormat(pattern, values);
  },
  group: (value, keys) => {
    const group = (item: unknown): string => {
      if (keys.length === 0) return text(item);
      const [first, ...rest] = keys.map((key) => text(at(item, key) ?? ''));
      return rest.length > 0 ? `${first}: ${rest.join(', ')}` : `${first}`;
    };
    return empty(value)
      ? '[]'
      : list(value)
          .map((item) => `[${group(item)}]`)
          .join(' ');
  },
  if: (value) => value,
  iso: (value) => formatDate(value, '%Y-%m-%dT%H:%M:%S.%3f%Oz') ?? 'T',
  join: (value, [sep], named) =>
    list(value)
      .map(text)
      .join(named['sep'] ?? sep ?? '/'),
  len: (value) =>
    typeof value === 'object' && value ? Object.keys(value).length : typeof value === 'string' ? value.length : 0,
  list: (value, [show], named) => compact(value, { ...(show !== undefined && { show }), ...named }, text),
  lower: (value) => (typeof value === 'string' ? value.toLowerCase() : value),
  notnull: (value) => list(value).filter((item) => item !== undefined && item !== null),
  regex: (value, [pattern = '', match], named) => {
    const matches = expression(`^(?:${pattern})`, '--format').test(text(value ?? ''));
    return matches && !empty(value) ? (named['does_match'] ?? match ?? value) : (named['nomatch'] ?? '');
  },
  scope: (value, args) => {
    if (empty(value)) return '';
    const whole = segments(value).join('/');
    const kind = (args.length > 0 ? args : ['regions', 'zones']).find((name) => whole.includes(`/${name}/`));
    if (kind !== undefined) return whole.split(`/${kind}/`).at(-1);
    return whole.startsWith('https://') ? whole.split('/').at(-1) : whole;
  },
  segment: (value, [index], named) => segments(value ?? '').at(Number(named['index'] ?? index ?? -1)),
  size: (value, [zero], named) => formatSize(value, { ...(zero !== undefined && { zero }), ...named }),
  slice: (value, [op], named) => slice(list(value), named['op'] ?? op ?? ':'),
  sort: (value, [attr], named) => {
    const by = named['attr'] ?? attr;
    const key = (item: unknown): unknown => (by ? at(item, by) : item);
    return list(value).toSorted((a, b) => inOrder(key(a), key(b)));
  },
  split: (value, [sep], named) => (empty(value) ? undefined : text(value).split(named['sep'] ?? sep ?? '/')),
  sub: (value, [pattern = '', replacement = '', count], named) => {
    if (typeof value !== 'string') return value;
    const capitals = /^(false|no|0)$/i.test(named['ignorecase'] ?? '');
    let left = Number(named['count'] ?? count ?? 0) || Number.POSITIVE_INFINITY;
    return value.replaceAll(expression(pattern, '--format', capitals ? 'gms' : 'gims'), (...match: unknown[]) =>
      left-- > 0
        ? replacement.replaceAll(/\\(\d)/g, (_, group: string) => text(match[Number(group)] ?? ''))
        : text(match[0]),
    );
  },
  trailoff: (value, [limit = '']) => {
    const whole = text(value ?? '');
    if (!(Number(limit) > 3)) return undefined;
    return whole.length < Number(limit) ? whole : `${whole.slice(0, Number(limit) - 3)}...`;
  },
  upper: (value) => (typeof value === 'string' ? value.toUpperCase() : value),
  uri: (value) => (typeof value === 'string' && value.startsWith('https://') ? value : undefined),
  yesno: (value, [yes, no], named) => (empty(value) ? (named['no'] ?? no ?? 'No') : (named['yes'] ?? yes ?? value)),
};

/** The result of a function that has none: the position of its argument `undefined`, or a value of its own. */
const fallbacks: Readonly<Record<string, { index?: number; value?: string }>> = {
  basename: { index: 0 },
  collection: { index: 0 },
  flatten: { index: 1 },
  join: { index: 1 },
  list: { index: 1 },
  segment: { index: 1 },
  split: { index: 1 },
  uri: { index: 0, value: '.' },
};

/** Functions that change how the functions after them are called. */
const modifiers: ReadonlySet<string> = new Set(['always', 'map']);

function apply({ name, args, named }: Call, value: unknown): unknown {
  const result = name === 'basename' && empty(value) ? undefined : transforms[name]?.(value, args, named);
  const { index, value: own = '' } = fallbacks[name] ?? {};
  const blank = result === undefined || result === '' || (Array.isArray(result) && name === 'slice' && empty(result));
  return blank ? (named['undefined'] ?? args[index ?? -1] ?? own) : result;
}

/** The arguments of functions that are keys. */
const keyArguments = ({ name, args }: Call): readonly string[] =>
  ['extract', 'firstof', 'group'].includes(name) ? args : name === 'format' ? args.slice(1) : [];

/** @throws UsageError for an unknown function, or for invalid arguments */
export function checkCalls({ calls }: Key, subject: string): void {
  for (const call of calls) {
    const { name, args } = call;
    for (const key of keyArguments(call)) checkCalls(read(key), subject);
    if (name === 'sub' || name === 'regex') expression(args[0] ?? '', subject);
    if (Object.hasOwn(transforms, name) || modifiers.has(name)) continue;
    const known = [...Object.keys(transforms), ...modifiers].toSorted().join(', ');
    throw new UsageError(`argument ${subject}: unknown function ${name}()`, `the functions are ${known}`);
  }
}

/** @throws UsageError */
export const expression = (pattern: string, subject: string, flags?: string): RegExp =>
  regularExpression(pattern, (problem) => new UsageError(`argument ${subject}: ${problem}`), flags);

/** The value of a resource at a key. With `raw`, functions are skipped unless `always()` is one of them. */
export function valueAt(resource: unknown, { path, calls }: Key, raw = false): unknown {
  const value = dig(resource, path);
  return raw && !calls.some(({ name }) => name === 'always') ? value : called(value, calls);
}

/** A value after functions have changed it. */
export function called(value: unknown, calls: readonly Call[]): unknown {
  let result = value;
  let depth = 0;
  for (const call of calls) {
    if (call.name === 'map') depth = Number(call.args[0] ?? 1);
    if (modifiers.has(call.name)) continue;
    if (depth === 0) result = apply(call, result);
    else if (Array.isArray(result)) result = result.flat(depth - 1).map((item) => apply(call, item));
    else if (!empty(result)) result = apply(call, result);
    depth = 0;
  }
  return result;
}
