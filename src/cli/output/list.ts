import type { Context } from '../command/context.js';
import { arranged, type ListOptions } from '../flags/list.js';
import { printAll } from './print.js';
import { type Kind, uriOf } from './format/resource-kinds.js';
import { type Column, table } from './table.js';

interface List<T> {
  items: readonly T[];
  columns: readonly Column<T>[];
  kind: Kind<T>;
  /** What to say to somebody who has none yet. */
  firstStep?: string;
}

/** How many places are named. */
const named = 3;

/**
 * Says of how many resources a list does not know that are in other projects or regions, and how to list them: a line
 * for each of `others`, which is a command line with a count. Where the list is for a script, nothing.
 */
export function tellElsewhere(
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

/** Prints a list of resources. Of an empty one nothing is data, and stderr says so. */
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
