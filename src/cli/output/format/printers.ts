import { type Nested, separated, listed, tabulated } from './tabular.js';
import { type Format, readFormat } from './projection.js';
import { text } from './python.js';
import { configured, flattened, picked } from './trees.js';
import { valueAt } from './transforms.js';

/** The width of the terminal, and whether there is one resource instead of a list. */
interface Setting {
  width: number;
  single: boolean;
}

/** Values as a format prints them. */
export async function render(format: Format, values: readonly unknown[], setting: Setting): Promise<string> {
  const { attributes, keys, printer } = format;
  switch (printer) {
    case 'value':
    case 'get':
    case 'csv':
      return separated(format, values);
    case 'list':
      return listed(format, values);
    case 'table':
      return tableOf(format, values, setting);
    case 'multi': {
      const separator =
        typeof attributes['separator'] === 'string' ? attributes['separator'].replaceAll('\\n', '\n') : '';
      const shown = await Promise.all(
        values.map((value) => Promise.all(keys.map((key) => inFormatOf(key, [value], setting)))),
      );
      const before = setting.single ? '' : separator;
      return shown.map((parts) => before + parts.join(separator)).join('');
    }
    case 'object':
      return values.map((value) => `${text(value)}\n`).join('');
    default:
      return treesOf(format, values, setting);
  }
}

const titleOf = ({ title }: Format['attributes']): string => (typeof title === 'string' ? `${title}\n` : '');

/** The formats that keep the shape of a resource. */
async function treesOf(format: Format, values: readonly unknown[], { single }: Setting): Promise<string> {
  const { attributes, keys, printer } = format;
  const raw = attributes['no-transforms'] !== undefined;
  const parts = keys.length === 0 ? values : values.map((value) => picked(value, keys, raw));
  switch (printer) {
    case 'json':
      return `${JSON.stringify(sorted(single ? (parts[0] ?? null) : parts.map((part) => part ?? null)), null, 2)}\n`;
    case 'config':
      return titleOf(attributes) + parts.map((part) => configured(part, format)).join('');
    case 'flattened':
    case 'text':
      return parts.map((part) => (single ? '' : '---\n') + flattened(part, format)).join('');
    default: {
      const { toYaml } = await import('../../../model/spec/write-yaml.js');
      return parts
        .map((part) => (single ? '' : '---\n') + toYaml(part ?? null, { plainLetters: printer === 'yaml' }))
        .join('');
    }
  }
}

/** The same value with the fields of maps sorted by name. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, part]) => [name, sorted(part)]));
}

/** Columns with their own format follow below their row, or, without other columns, below each other. */
async function tableOf(format: Format, rows: readonly unknown[], setting: Setting): Promise<string> {
  const own = format.keys.filter(({ attributes }) => attributes['format'] !== undefined);
  if (own.length === 0) return tabulated(format, rows, setting.width);
  if (own.length === format.keys.length) {
    return (await Promise.all(own.map((key) => inFormatOf(key, rows, setting)))).join('');
  }
  const below = await Promise.all(
    rows.map(async (row) => (await Promise.all(own.map((key) => inFormatOf(key, [row], setting)))).join('')),
  );
  const nested: Nested = (row) => below[row] ?? '';
  return tabulated(format, rows, setting.width, nested);
}

/** The values at a key, in the format that the key names; the items of lists are printed as resources. */
function inFormatOf(key: Format['keys'][number], rows: readonly unknown[], { width }: Setting): Promise<string> {
  const found = rows.map((row) => valueAt(row, key)).filter((value) => value !== undefined && value !== null);
  const single = found.length === 1 && !Array.isArray(found[0]);
  return render(readFormat(String(key.attributes['format'])), found.flat(), { width, single });
}
