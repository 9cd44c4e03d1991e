import type { Context } from '../command/context.js';
import type { ListOptions } from '../flags/list.js';
import { printAll } from './print.js';
import { type Kind, uriOf } from './resource-kinds.js';
import { type Column, table } from './table.js';

interface List<T> {
  items: readonly T[];
  columns: readonly Column<T>[];
  kind: Kind<T>;
  /** The command that makes the first resource. */
  firstStep?: string;
}

/** The most places to name. */
const named = 3;

/**
 * Reports how many resources the list leaves out because they are in other projects or regions, and the commands that
 * list them. Says nothing if a script reads the list.
 */
export function reportElsewhere(
  { io }: Context,
  { format, uri, quiet }: ListOptions,
  noun: string,
  others: readonly { count: number; where: string; command: string }[],
): void {
  if (format || uri || quiet) return;
  for (const { count, where, command } of others.slice(0, named)) {
    io.err.write(`${count} more ${noun}${count === 1 ? '' : 's'} in ${where}: ${command}\n`);
  }
  if (others.length > named) io.err.write(`More in ${others.length - named} other places.\n`);
}

/** Prints a list of resources. An empty list prints nothing on stdout; stderr says so. */
export async function printList<T extends object>(
  context: Context,
  options: ListOptions,
  { items, columns, kind, firstStep }: List<T>,
): Promise<void> {
  const shown = await arranged(context, items, options, kind);
  if (shown.length === 0) {
    const hint = items.length === 0 && firstStep ? ` To make one: ${firstStep}` : '';
    context.io.err.write(`Listed 0 items.${hint}\n`);
  }
  const { out } = context.io;
  if (options.uri) {
    for (const item of shown) out.write(`${uriOf(kind.v2(item) as { name: string })}\n`);
    return;
  }
  await printAll(context, options, shown, { kind, human: () => (shown.length > 0 ? table(columns, shown) : '') });
}

/** The items sorted, filtered and limited by the flags, in that order. */
async function arranged<T>(
  { io }: Context,
  items: readonly T[],
  { sortBy = [], filter, limit }: ListOptions,
  kind: Kind<T>,
): Promise<T[]> {
  if (sortBy.length === 0 && filter === undefined) return items.slice(0, limit);
  const [{ absentKeys, keysIn, parseFilter }, { compareRows }, { asRow }] = await Promise.all([
    import('./format/filter.js'),
    import('./format/tabular.js'),
    import('./format/rows.js'),
  ]);
  const order = keysIn(sortBy, '--sort-by');
  const wanted = filter === undefined ? undefined : parseFilter(filter, Date.now());
  // A bare word matches in any field.
  const keys = [...order, ...(wanted?.keys ?? [])];
  const rows = await Promise.all(items.map(async (item) => ({ item, row: await asRow(kind, item, keys) })));
  const sorted = order.length === 0 ? rows : rows.toSorted((a, b) => compareRows(order, a.row, b.row));
  if (!wanted) return sorted.map(({ item }) => item).slice(0, limit);
  const absent = absentKeys(
    wanted,
    rows.map(({ row }) => row),
  );
  if (absent.length > 0) {
    io.err.write(`WARNING: The following filter keys were not present in any resource : ${absent.join(', ')}\n`);
  }
  return sorted
    .filter(({ row }) => wanted.holds(row))
    .map(({ item }) => item)
    .slice(0, limit);
}
