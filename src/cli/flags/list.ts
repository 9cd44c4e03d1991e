import type { Command } from 'commander';
import { Option } from 'commander';
import { collected, type CommonOptions } from '../command/command.js';
import type { Context } from '../command/context.js';
import { integerFlag } from './parsers.js';
import { absentKeys, keysIn, parseFilter } from '../output/format/filter.js';
import { compareRows } from '../output/format/tabular.js';
import { asRow, type Kind } from '../output/format/resource-kinds.js';

/** The flags of every command that lists. */
export interface ListOptions extends CommonOptions {
  filter?: string;
  limit?: number;
  pageSize?: number;
  sortBy?: string[];
  uri?: true;
}

export const declareListFlags = (command: Command): Command =>
  command
    .option('--filter <expression>', "show only what it holds for, e.g. name~^etl or 'labels.team=a OR NOT …'")
    .option('--limit <count>', 'show at most so many', limitFlag)
    .option('--sort-by <KEY,...>', 'sort by fields; ~KEY for the reverse order', collected)
    .option('--uri', 'show the addresses of the resources only')
    // Everything is shown anyway.
    .addOption(new Option('--page-size <count>').argParser(integerFlag('--page-size', 1)).hideHelp());

const limitFlag = (text: string): number => (text === 'unlimited' ? Infinity : integerFlag('--limit', 1)(text));

/** How many items of a listing, from its first, are all that can be shown; undefined: any may be. */
export const enough = ({ sortBy = [], filter, limit }: ListOptions): number | undefined =>
  sortBy.length === 0 && filter === undefined ? limit : undefined;

/** The items sorted, filtered and limited as the flags say, in that order. */
export async function arranged<T>(
  { io }: Context,
  items: readonly T[],
  { sortBy = [], filter, limit }: ListOptions,
  kind: Kind<T>,
): Promise<T[]> {
  if (sortBy.length === 0 && filter === undefined) return items.slice(0, limit);
  const order = keysIn(sortBy, '--sort-by');
  const wanted = filter === undefined ? undefined : parseFilter(filter, Date.now());
  // Words that stand alone are looked for everywhere.
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
