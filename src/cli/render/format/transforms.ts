import { UsageError } from '../../../model/errors.js';
import { type Call, dig, type Key, KeyReader } from './keys.js';
import { formatDate } from './date.js';

/** What a function of a key is given: the value there, the whole resource, and its arguments. */
type Transform = (value: unknown, call: Call, resource: unknown) => unknown;

/** How a value looks in a cell: lists by semicolons, maps as KEY=VALUE, truth as gcloud's Python writes it. */
export function cell(value: unknown, separator = ';'): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (Array.isArray(value)) return value.map(inner).join(separator);
  if (typeof value === 'object') {
    return Object.entries(value)
      .map(([key, of]) => `${key}=${inner(of)}`)
      .join(separator);
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const inner = (value: unknown): string =>
  typeof value === 'object' && value !== null ? JSON.stringify(value) : cell(value);

const at = (resource: unknown, key: string): unknown => dig(resource, new KeyReader(key, '--format').key().path);
const unset = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
const fallback = ({ args, named }: Call, index: number): string => named['undefined'] ?? args[index] ?? '';
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : unset(value) ? [] : [value]);

const size: Transform = (value) =>
  typeof value === 'string' ? value.length : typeof value === 'object' && value ? Object.keys(value).length : 0;

const transforms: Readonly<Record<string, Transform>> = {
  always: (value) => value,
  basename: (value, call) => (unset(value) ? fallback(call, 0) : cell(value).split('/').at(-1)),
  color: (value) => value,
  count: size,
  date: (value, call) =>
    unset(value) ? fallback(call, 1) : formatDate(cell(value), call.named['format'] ?? call.args[0], call.named['tz']),
  extract: (value, { args }) => args.map((key) => at(value, key)),
  firstof: (_, { args }, resource) => args.map((key) => at(resource, key)).find((value) => !unset(value)),
  flatten: (value) => list(value).flat(Infinity),
  format: (_, { args: [pattern = '', ...keys] }, resource) =>
    pattern.replaceAll(/\{(\d+)\}/g, (_match, index: string) => cell(at(resource, keys[Number(index)] ?? ''))),
  iso: (value) => value,
  join: (value, { args, named }) =>
    list(value)
      .map(inner)
      .join(named['sep'] ?? args[0] ?? '/'),
  len: size,
  list: (value, { named }) => cell(value, named['separator'] ?? ', '),
  lower: (value) => cell(value).toLowerCase(),
  notnull: (value) => list(value).filter((item) => !unset(item)),
  scope: (value, { args }) => {
    const segments = cell(value).split('/');
    const start = args.map((kind) => segments.indexOf(kind)).find((index) => index >= 0);
    return start === undefined ? segments.at(-1) : segments.slice(start + 1).join('/');
  },
  segment: (value, { args }) =>
    cell(value)
      .split('/')
      .at(Number(args[0] ?? -1)),
  slice: (value, { args }) => {
    const [from = '', to = ''] = (args[0] ?? ':').split(':');
    const ends = [from === '' ? 0 : Number(from), to === '' ? undefined : Number(to)] as const;
    return Array.isArray(value) ? value.slice(...ends) : cell(value).slice(...ends);
  },
  sort: (value) => list(value).toSorted((a, b) => (inner(a) < inner(b) ? -1 : 1)),
  split: (value, { args, named }) => cell(value).split(named['sep'] ?? args[0] ?? '/'),
  sub: (value, { args: [pattern = '', replacement = ''] }) =>
    cell(value).replaceAll(new RegExp(pattern, 'gu'), replacement.replaceAll(/\\(\d)/g, '$$$1')),
  upper: (value) => cell(value).toUpperCase(),
  yesno: (value, { args, named }) => {
    const truth = value === true || (value !== false && !unset(value) && value !== 0);
    if (!truth) return named['no'] ?? args[1] ?? 'No';
    return named['yes'] ?? args[0] ?? value;
  },
};

/** @throws UsageError for a function that there is not */
export function checkCalls({ calls }: Key, subject: string): void {
  for (const { name, args } of calls) {
    if (name === 'sub') regularExpression(args[0] ?? '', subject);
    if (Object.hasOwn(transforms, name) || name === 'map') continue;
    const known = [...Object.keys(transforms), 'map'].toSorted().join(', ');
    throw new UsageError(`argument ${subject}: there is no function ${name}()`, `the functions are ${known}`);
  }
}

/** @throws UsageError */
export function regularExpression(text: string, subject: string): RegExp {
  try {
    return new RegExp(text, 'u');
  } catch (error) {
    throw new UsageError(`argument ${subject}: ${(error as Error).message}`);
  }
}

/** What a key says of a resource. With `raw` its functions are left out. */
export function valueAt(resource: unknown, { path, calls }: Key, raw = false): unknown {
  let value = dig(resource, path);
  let each = false;
  for (const call of raw ? [] : calls) {
    const transform = transforms[call.name];
    if (call.name === 'map') each = true;
    else if (each) value = list(value).map((item) => transform?.(item, call, resource));
    else value = transform?.(value, call, resource);
    // `map()` is for the function after it.
    if (call.name !== 'map') each = false;
  }
  return value;
}
