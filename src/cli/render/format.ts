import type { CommonOptions } from '../command.js';
import type { Context } from '../context.js';
import { flattened, picked, printRows } from './format/printers.js';
import type { Format } from './format/projection.js';
import { asRow, type Kind } from './format/resources.js';
import { flattenedRows } from './format/rows.js';

interface Views<T> {
  kind: Kind<T>;
  /** What is printed without `--format`. */
  human?: (() => string) | undefined;
  /** `--format=export`, where there is one. */
  exported?: ((of: T) => Promise<object>) | undefined;
  /** Where it goes instead of stdout. */
  write?: ((text: string) => void) | undefined;
}

/** Prints a thing on stdout as `--format` says. */
export const print = <T extends object>(
  context: Context,
  options: CommonOptions,
  value: T,
  views: Views<T>,
): Promise<void> => printAll(context, options, [value], views, (printed) => printed[0] ?? {});

/** Prints things on stdout as `--format` says; `whole` makes one JSON value of them. */
export async function printAll<T extends object>(
  { io, config }: Context,
  options: CommonOptions,
  values: readonly T[],
  { kind, human, exported, write = (text) => io.out.write(text) }: Views<T>,
  whole: (printed: readonly object[]) => object = (printed) => printed,
): Promise<void> {
  const { format } = options;
  if (format === undefined || format.printer === 'default') return write(human?.() ?? '');
  if (format.printer === 'none' || format.printer === 'disable') return;
  const asV1 = (options.apiVersion ?? config.apiVersion) === 'v1';
  const objects = async (): Promise<object[]> => {
    if (format.printer === 'export') return Promise.all(values.map(async (of) => (await exported?.(of)) ?? {}));
    if (format.keys.length > 0 || options.flatten) return pickedObjects(kind, values, format, options);
    return Promise.all(values.map(async (of) => (asV1 && kind.v1 ? kind.v1(of) : kind.v2(of))));
  };
  switch (format.printer) {
    case 'json':
      return write(`${JSON.stringify(whole(await objects()), null, 2)}\n`);
    case 'yaml':
    case 'export':
      return write(await yaml(whole(await objects())));
    case 'flattened':
    case 'text':
      return write(flattened(await objects()));
    default: {
      const rows = await Promise.all(values.map((of) => asRow(kind, of, format.keys)));
      return write(printRows(format, flattenedRows(rows, options.flatten)));
    }
  }
}

/** The short names of projections are none in these formats. */
async function pickedObjects<T>(
  { v2, v1 }: Kind<T>,
  values: readonly T[],
  { keys }: Format,
  { flatten }: CommonOptions,
): Promise<object[]> {
  const kind: Kind<T> = { v2, ...(v1 && keys.length > 0 && { v1 }) };
  const rows = await Promise.all(values.map((of) => asRow(kind, of, keys)));
  return flattenedRows(rows, flatten).map((row) => (keys.length > 0 ? picked(row, keys) : row));
}

/** A list as one document an item. */
async function yaml(value: object): Promise<string> {
  const { toYaml } = await import('../../model/spec/yaml.js');
  return Array.isArray(value) ? value.map((item) => `---\n${toYaml(item)}`).join('') : toYaml(value);
}
