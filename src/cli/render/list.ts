import type { Context } from '../context.js';
import { arranged, type ListOptions } from '../list-flags.js';
import { print } from './format.js';
import { type Column, table } from './table.js';

interface List<T, R> {
  items: readonly T[];
  columns: readonly Column<T>[];
  /** What `--format` prints of an item. */
  resource: (item: T) => R;
  /** What to say to somebody who has none yet. */
  firstStep?: string;
}

/** Prints a list of resources. Of an empty one nothing is data, and stderr says so. */
export async function printList<T, R extends object>(
  context: Context,
  options: ListOptions,
  { items, columns, resource, firstStep }: List<T, R>,
): Promise<void> {
  if (items.length === 0) {
    context.io.err.write(`Listed 0 items.${firstStep ? ` To make one: ${firstStep}` : ''}\n`);
  }
  const shown = arranged(items, options, resource);
  await print(context, options.format, shown.map(resource), {
    human: () => (shown.length > 0 ? table(columns, shown) : ''),
  });
}
