import { UsageError } from '../../errors.js';
import { shownFormats } from '../../flags/formats.js';
import { parseFilter } from './filter.js';
import { type Key, KeyReader } from './keys.js';
import { checkCalls } from './transforms.js';

/** The printers that `--format` can name; `export` where a command has one. */
const printers = {
  json: 'any',
  yaml: 'any',
  value: 'keys',
  csv: 'keys',
  table: 'keys',
  get: 'keys',
  list: 'any',
  flattened: 'any',
  text: 'any',
  config: 'any',
  object: 'any',
  multi: 'formats',
  none: 'bare',
  disable: 'bare',
  default: 'bare',
  export: 'bare',
} as const;
export type Printer = keyof typeof printers;

/** `--format=PRINTER[ATTRIBUTES](KEYS)` */
export interface Format {
  printer: Printer;
  attributes: Readonly<Record<string, string | true>>;
  /** Empty: everything. */
  keys: readonly Key[];
}

/** The formats that a command has, and the columns of its table, whose labels and functions keys of formats inherit. */
interface Formats {
  known?: readonly string[];
  projection?: string | undefined;
}

/** These print resources in their own shape, with the labels of columns but without their functions. */
export const trees: ReadonlySet<string> = new Set(['json', 'yaml', 'flattened', 'text', 'config', 'object']);

/** The columns of a projection such as `name:label=JOB,region`. */
const readColumns = (projection: string): Key[] => new KeyReader(`${projection})`, '--format').keys(')');

/** Parses `--format`. @throws UsageError */
export function readFormat(text: string, { known = shownFormats, projection }: Formats = {}): Format {
  const columns = projection === undefined ? [] : readColumns(projection);
  const reader = new KeyReader(text, '--format');
  const name = reader.match(/\w+/) ?? '';
  const exported = name === 'export' && !known.includes('export');
  if (!Object.hasOwn(printers, name) || exported) {
    throw new UsageError(`argument --format: must be one of ${known.join(', ')}; received: ${text}`);
  }
  const printer = name as Printer;
  let attributes: Format['attributes'] = {};
  if (reader.take('[')) {
    attributes = reader.attributes(',');
    reader.expect(']');
  }
  const keys = reader.take('(')
    ? reader.keys(')', trees.has(name) ? columns.map((column) => ({ ...column, calls: [] })) : columns)
    : [];
  if (!reader.done) throw reader.wrong('unexpected text');
  const needs = printers[printer];
  if ((needs === 'keys' || needs === 'formats') && keys.length === 0) {
    throw new UsageError(
      `argument --format: ${printer} needs keys, such as ${printer}(${needs === 'keys' ? 'name, region' : 'labels:format=json'}); received: ${text}`,
    );
  }
  for (const key of keys) {
    checkCalls(key, '--format');
    for (const { name: call, args } of key.calls) if (call === 'if') parseFilter(args[0] ?? '', 0);
    const { format } = key.attributes;
    if (typeof format === 'string') readFormat(format);
    else if (needs === 'formats')
      throw new UsageError(`argument --format: each key of multi needs :format=…; received: ${text}`);
  }
  return { printer, attributes, keys };
}
