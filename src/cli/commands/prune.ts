import { UsageError } from '../../model/errors.js';
import { parseSize } from '../../model/quantity.js';
import { type CommonOptions, defineCommand } from '../command/command.js';
import { durationFlag, integerFlag } from '../flags/parsers.js';

export interface PruneOptions extends CommonOptions {
  olderThan?: string;
  keepLast?: number;
  maxSize?: number;
  dryRun?: true;
}

function sizeFlag(text: string): number {
  const bytes = parseSize(text);
  if (bytes) return bytes;
  throw new UsageError(`argument --max-size: ${JSON.stringify(text)} is not a size such as 500MB, 1GiB`);
}

export const prune = defineCommand<PruneOptions>(
  'prune',
  'Remove executions that have ended, with their logs, and what is left of deleted ones.',
  (command) =>
    command
      .option('--older-than <duration>', 'only what ended longer ago, e.g. 12h, 7d', durationFlag('--older-than'))
      .option('--keep-last <count>', 'spare the last executions of each job', integerFlag('--keep-last', 0))
      .option('--max-size <size>', 'remove the oldest until the rest takes no more, e.g. 500MB, 1GiB', sizeFlag)
      .option('--dry-run', 'show what would go, and remove nothing')
      .addHelpText(
        'after',
        `
Each of these flags spares something; without them, all that has ended goes. Executions that run stay. What goes is
shown first; nothing goes before you have said yes, or where nobody can be asked, unless you say --quiet. Projects and
regions are all there are, unless --project or --region names one.

Examples:
  localrun prune --older-than 7d
  localrun prune --keep-last 5 --max-size 1GiB --quiet`,
      ),
  // Loaded when it is needed: the help of localrun itself loads this file.
  async (context, options) => (await import('../pruning.js')).pruneAsAsked(context, options),
);
