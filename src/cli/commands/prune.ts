import { formatSize } from '../../model/quantity.js';
import { shortName } from '../../model/names.js';
import { durationSeconds } from '../../model/time.js';
import { bytesOf, type Prunable, prunable, prune, type PruneRequest } from '../../service/prune.js';
import { confirm } from '../command/prompts.js';
import type { CommonOptions } from '../flags/global.js';
import type { Context } from '../command/context.js';
import { recoveredService } from '../command/recovered-service.js';
import { printAll } from '../output/print.js';
import { boundedTable } from '../output/bounded-table.js';
import type { Column } from '../output/table.js';
import { shownTime } from '../output/columns.js';

interface PruneOptions extends CommonOptions {
  olderThan?: string;
  keepLast?: number;
  maxSize?: number;
  dryRun?: true;
}

const columns: Column<Prunable>[] = [
  { header: 'NAME', value: ({ name }) => shortName(name) },
  { header: 'WHAT', value: ({ kind }) => kind },
  { header: 'ENDED', value: ({ time }) => shownTime(time) },
  { header: 'SIZE', value: (of) => formatSize(bytesOf(of)) },
];

const keptColumn: Column<Prunable> = {
  header: 'KEPT ATTEMPTS',
  value: ({ keptAttempts }) => String(keptAttempts),
};

const shown = ({ kind, name, time, recordBytes, logBytes, keptAttempts }: Prunable): object => ({
  ...{ name, kind, endTime: time, recordBytes, logBytes, keptAttempts },
});

/** Shows what would be removed, and removes it after `--quiet` or a yes. */
export async function run(context: Context, options: PruneOptions): Promise<void> {
  const { err } = context.io;
  const { project, region, olderThan, keepLast, maxSize, dryRun, quiet } = options;
  const service = await recoveredService(context);
  const request: PruneRequest = {
    ...{ project, location: region, keepLast, maxBytes: maxSize },
    olderThan: olderThan === undefined ? undefined : durationSeconds(olderThan),
  };
  const going = prunable(service, request);
  const kept = going.some(({ keptAttempts }) => keptAttempts > 0);
  await printAll(context, options, going, {
    kind: { v2: shown },
    human: () =>
      going.length > 0 ? boundedTable(kept ? [...columns, keptColumn] : columns, going, context.io.out) : '',
  });
  if (going.length === 0) {
    err.write('Nothing to remove.\n');
    return;
  }
  const bytes = formatSize(going.map(bytesOf).reduce((sum, of) => sum + of, 0));
  const what = `${going.length} ${going.length === 1 ? 'item' : 'items'}, ${bytes}`;
  if (dryRun || (!quiet && !err.tty)) {
    err.write(`Would remove ${what}. To remove it, use --quiet${dryRun ? ' instead of --dry-run' : ''}.\n`);
    return;
  }
  await confirm(context, options, `${what} will be removed.`);
  err.write(`Removed ${what}; freed ${formatSize(prune(service, going))} of disk.\n`);
}
