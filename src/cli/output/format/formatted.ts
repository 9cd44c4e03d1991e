import type { CommonOptions } from '../../flags/global.js';
import type { Views } from '../print.js';
import type { Kind } from '../resource-kinds.js';
import { parseFilter } from './filter.js';
import { render } from './printers.js';
import { type Format, trees } from './projection.js';
import { asRow, flattenedRows } from './rows.js';

interface Setting {
  /** Of the terminal, in characters. */
  width: number;
  /** One value, not a list of one. */
  single: boolean;
  /** Whether the tree formats print v1 fields. */
  asV1: boolean;
}

/** Values as a `--format` prints them. */
export async function formatted<T extends object>(
  given: Format,
  values: readonly T[],
  { kind, exported }: Views<T>,
  options: CommonOptions,
  { width, single, asV1 }: Setting,
): Promise<string> {
  const format = withoutDisabled(given, options);
  const objects = async (): Promise<unknown[]> => {
    if (format.printer === 'export') return Promise.all(values.map(async (of) => (await exported?.(of)) ?? {}));
    return Promise.all(values.map(async (of) => (asV1 && kind.v1 ? kind.v1(of) : kind.v2(of))));
  };
  const rows =
    format.keys.length > 0 || options.flatten ? await rowsOf(kind, values, format, options, asV1) : await objects();
  return render(format, rows, { width, single: single && rows.length === 1 });
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
  // The tree formats have no short names.
  const shown: Kind<T> = trees.has(printer) ? { v2, ...(v1 && keys.length > 0 && { v1 }) } : kind;
  return flattenedRows(await Promise.all(values.map((of) => asRow(shown, of, keys))), flatten);
}

/** Drops keys with an `if()` that is false for the flags of the command, which have names such as `sort_by`. */
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
