import type { CommonOptions } from '../command/command.js';
import type { Context } from '../command/context.js';
import { parseFilter } from './format/filter.js';
import { render } from './format/printers.js';
import { type Format, trees } from './format/projection.js';
import { asRow, type Kind } from './format/resource-kinds.js';
import { flattenedRows } from './format/flatten.js';

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
): Promise<void> => printAll(context, options, [value], views, true);

/** Prints things on stdout as `--format` says; `single`: it is one, and no list. */
export async function printAll<T extends object>(
  { io, config }: Context,
  options: CommonOptions,
  values: readonly T[],
  { kind, human, exported, write = (text) => io.out.write(text) }: Views<T>,
  single = false,
): Promise<void> {
  if (options.format === undefined || options.format.printer === 'default') return write(human?.() ?? '');
  const format = withoutDisabled(options.format, options);
  if (format.printer === 'none' || format.printer === 'disable') return;
  const asV1 = (options.apiVersion ?? config.apiVersion) === 'v1';
  const objects = async (): Promise<unknown[]> => {
    if (format.printer === 'export') return Promise.all(values.map(async (of) => (await exported?.(of)) ?? {}));
    return Promise.all(values.map(async (of) => (asV1 && kind.v1 ? kind.v1(of) : kind.v2(of))));
  };
  const rows =
    format.keys.length > 0 || options.flatten ? await rowsOf(kind, values, format, options, asV1) : await objects();
  const setting = { width: io.out.columns, single: single && rows.length === 1 };
  return write(await render(format, rows, setting));
}

async function rowsOf<T>(
  kind: Kind<T>,
  values: readonly T[],
  { keys, printer }: Format,
  { flatten }: CommonOptions,
  asV1: boolean,
): Promise<readonly object[]> {
  const { v2, v1 } = kind;
  if (asV1 && v1 && trees.has(printer)) {
    return flattenedRows((await Promise.all(values.map(v1))) as Record<string, unknown>[], flatten);
  }
  // Short names are for the other formats.
  const shown: Kind<T> = trees.has(printer) ? { v2, ...(v1 && keys.length > 0 && { v1 }) } : kind;
  return flattenedRows(await Promise.all(values.map((of) => asRow(shown, of, keys))), flatten);
}

/** Without the keys with an `if()` that does not hold for the flags of the command, named as in `sort_by`. */
function withoutDisabled(format: Format, options: CommonOptions): Format {
  const flags = Object.fromEntries(
    Object.entries(options).map(([name, value]) => [name.replaceAll(/[A-Z]/g, (c) => `_${c.toLowerCase()}`), value]),
  );
  const holds = (expression: string): boolean =>
    parseFilter(expression, Date.now(), (word) => () => Boolean(flags[word])).holds(flags);
  const keys = format.keys.filter(({ calls }) =>
    calls.every(({ name, args }) => name !== 'if' || holds(args[0] ?? '')),
  );
  return { ...format, keys };
}
