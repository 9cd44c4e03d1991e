import type { Context } from '../context.js';
import { arranged, type ListOptions } from '../list-flags.js';
import { printAll } from './format.js';
import { type Kind, uriOf } from './format/resources.js';
import { type Column, table } from './table.js';

interface List<T> {
  items: readonly T[];
  columns: readonly Column<T>[];
  kind: Kind<T>;
  /** What to say to somebody who has none yet. */
  firstStep?: string;
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
