import type { Context } from '../context.js';
import { print } from './format.js';
import { type Column, table } from './table.js';

/** Prints a list of resources; of an empty one nothing is data, and stderr says how to get a first one. */
export async function printList<T extends object>(
  context: Context,
  format: string | undefined,
  items: T[],
  columns: readonly Column<T>[],
  firstStep: string,
): Promise<void> {
  if (items.length === 0) context.io.err.write(`Listed 0 items. To make one: ${firstStep}\n`);
  await print(context, format, items, { human: (all) => (all.length > 0 ? table(columns, all) : '') });
}
