import type { Command } from 'commander';
import type { CommonOptions } from './command.js';
import { integerFlag, listFlag } from './flags.js';
import { inOrder } from './order.js';
import { dig } from './render/format.js';

/** The flags of every command that lists. */
export interface ListOptions extends CommonOptions {
  limit?: number;
  sortBy?: string[];
}

export const declareListFlags = (command: Command): Command =>
  command
    .option('--limit <count>', 'show at most so many', integerFlag('--limit', 1))
    .option('--sort-by <PATH,...>', 'sort by fields; ~PATH for the reverse order', listFlag('--sort-by'));

/** The items sorted and limited as the flags say; `resource` is what the paths of `--sort-by` begin at. */
export function arranged<T>(
  items: readonly T[],
  { sortBy = [], limit }: ListOptions,
  resource: (item: T) => unknown,
): T[] {
  const keys = sortBy.map((key) => {
    const reverse = key.startsWith('~');
    return { sign: reverse ? -1 : 1, path: key.slice(reverse ? 1 : 0).split('.') };
  });
  return items
    .toSorted((a, b) => {
      for (const { sign, path } of keys) {
        const order = compared(dig(resource(a), path), dig(resource(b), path));
        if (order !== 0) return sign * order;
      }
      return 0;
    })
    .slice(0, limit);
}

/** Absent values are the least. */
function compared(a: unknown, b: unknown): number {
  if (a === undefined || b === undefined) return (a === undefined ? 0 : 1) - (b === undefined ? 0 : 1);
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return inOrder(JSON.stringify(a), JSON.stringify(b));
}
