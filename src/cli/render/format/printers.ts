import Cli from 'cli-table3';
import { grid } from '../table.js';
import { type Key, type Step } from './keys.js';
import type { Format } from './projection.js';
import { cell, valueAt } from './transforms.js';

type Row = Record<string, unknown>;

/** The formats that print cells out of rows. */
export function printRows({ printer, attributes, keys }: Format, rows: readonly Row[]): string {
  const raw = printer === 'get';
  const shown = keys.filter(({ attributes: own }) => own['optional'] === undefined);
  const cells = ordered(keys, rows).map((row) => shown.map((key) => cell(valueAt(row, key, raw))));
  const lines = (of: (cells: string[]) => string): string => cells.map((row) => `${of(row)}\n`).join('');
  switch (printer) {
    case 'value':
    case 'get':
      return lines((row) => row.join(text(attributes['separator'], '\t')));
    case 'csv': {
      const separator = text(attributes['separator'], ',');
      const heading = attributes['no-heading'] ? '' : `${shown.map((key) => label(key)).join(separator)}\n`;
      return heading + lines((row) => row.map((value) => quoted(value, separator)).join(separator));
    }
    case 'list':
      return lines((row) => ` - ${row.filter((value) => value !== '').join(' ')}`);
    default:
      return printTable(shown, cells, attributes);
  }
}

const text = (attribute: string | true | undefined, unset: string): string =>
  typeof attribute === 'string' ? attribute : unset;

const quoted = (value: string, separator: string): string =>
  /["\r\n]/.test(value) || value.includes(separator) ? `"${value.replaceAll('"', '""')}"` : value;

/** The last name of a key, or what it is labelled with. */
const label = ({ path, attributes, calls }: Key): string =>
  text(attributes['label'], path.findLast((step) => typeof step === 'string') ?? calls.at(-1)?.name ?? '');

const heading = (key: Key): string =>
  typeof key.attributes['label'] === 'string'
    ? key.attributes['label']
    : label(key)
        .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
        .toUpperCase();

/** Rows in the order that keys ask for: by the one with `sort=1` first. */
function ordered(keys: readonly Key[], rows: readonly Row[]): readonly Row[] {
  const by = keys
    .filter(({ attributes }) => attributes['sort'] !== undefined)
    .toSorted((a, b) => Number(a.attributes['sort']) - Number(b.attributes['sort']));
  return by.length === 0 ? rows : rows.toSorted((a, b) => compareRows(by, a, b));
}

/** Compares two rows by keys, of which those with the attribute `reverse` count the other way round. */
export function compareRows(keys: readonly Key[], a: unknown, b: unknown): number {
  for (const key of keys) {
    const order = compare(valueAt(a, key), valueAt(b, key));
    if (order !== 0) return key.attributes['reverse'] ? -order : order;
  }
  return 0;
}

/** Numbers by size, all else as text; what is absent comes first. */
function compare(a: unknown, b: unknown): number {
  if (a === undefined || b === undefined) return (a === undefined ? 0 : 1) - (b === undefined ? 0 : 1);
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [first, second] = [cell(a), cell(b)];
  return first < second ? -1 : first > second ? 1 : 0;
}

function printTable(keys: readonly Key[], cells: readonly string[][], attributes: Format['attributes']): string {
  if (cells.length === 0) return '';
  const title = typeof attributes['title'] === 'string' ? `${attributes['title']}\n` : '';
  const head = attributes['no-heading'] ? [] : [keys.map(heading)];
  const rows = [...head, ...cells];
  if (!attributes['box']) return title + grid(rows);
  const corner = { top: '-', bottom: '-', mid: '-', left: '|', right: '|', middle: '|' };
  const joints = Object.fromEntries(
    ['top', 'bottom', 'left', 'right', 'mid'].flatMap((side) =>
      [
        'top-mid',
        'top-left',
        'top-right',
        'bottom-mid',
        'bottom-left',
        'bottom-right',
        'left-mid',
        'mid-mid',
        'right-mid',
      ]
        .filter((joint) => joint.startsWith(side))
        .map((joint) => [joint, '+']),
    ),
  );
  const box = new Cli({ chars: { ...corner, ...joints }, style: { head: [], border: [] }, head: head[0] ?? [] });
  box.push(...cells);
  // A line between all rows says nothing.
  const lines = box.toString().split('\n');
  const rules = head.length > 0 ? 2 : 1;
  const kept = lines.filter((line, i) => !line.startsWith('+') || i <= rules || i === lines.length - 1);
  return `${title}${kept.join('\n')}\n`;
}

/** Every value on a line of its own, after the key that leads to it; records after `---`. */
export function flattened(values: readonly object[]): string {
  return values
    .map((value) => {
      const leaves = leavesOf(value, '');
      const width = Math.max(0, ...leaves.map(([key]) => key.length)) + 2;
      return `---\n${leaves.map(([key, of]) => `${`${key}:`.padEnd(width)}${of}`.trimEnd()).join('\n')}\n`;
    })
    .join('');
}

function leavesOf(value: unknown, at: string): [key: string, value: string][] {
  if (Array.isArray(value) && value.length > 0) return value.flatMap((item, i) => leavesOf(item, `${at}[${i}]`));
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0) {
    return Object.entries(value).flatMap(([name, part]) => {
      const step = /^[\w-]+$/.test(name) ? name : `"${name}"`;
      return leavesOf(part, at ? `${at}.${step}` : step);
    });
  }
  if (value === undefined) return [];
  return [[at, typeof value === 'object' ? JSON.stringify(value) : cell(value)]];
}

/** The part of a resource that keys name, in its own shape. */
export function picked(row: Row, keys: readonly Key[]): object {
  const result: Row = {};
  for (const key of keys) {
    const value = valueAt(row, key);
    if (value === undefined) continue;
    const names = key.path.filter((step): step is Step & string => typeof step === 'string');
    let target = result;
    for (const name of names.slice(0, -1)) target = (target[name] ??= {}) as Row;
    target[names.at(-1) ?? label(key)] = value;
  }
  return result;
}
