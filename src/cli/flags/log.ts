import { InvalidArgumentError } from 'commander';
import { isSeverity, severities, type Severity } from '../../model/log-entry.js';
import { type Flag, flag } from './flag.js';
import type { CommonOptions } from './global.js';
import { durationFlag, integerFlag } from './parsers.js';

/** The flags of the commands that show logs. */
export interface LogFlags extends CommonOptions {
  freshness?: string;
  limit?: number;
  order?: 'asc' | 'desc';
  severity?: Severity;
  logFilter?: string;
  task?: number;
  attempt?: number;
  prefix?: true;
}

function severityFlag(text: string): string {
  if (!isSeverity(text)) throw new InvalidArgumentError(`It must be one of ${severities.join(', ')}.`);
  return text.toUpperCase();
}

export const logFlags: readonly Flag[] = [
  flag(
    '--log-filter <filter>',
    `only matching entries, in Cloud Logging's query language, e.g. 'severity>=ERROR AND textPayload:"out of"'`,
  ),
  flag('--severity <severity>', `only entries of at least this severity: ${severities.join(', ')}`, {
    parse: severityFlag,
  }),
  flag('--task <index>', 'only entries of this task', { parse: integerFlag('--task', 0) }),
  flag('--attempt <number>', 'only entries of this attempt, from 0', { parse: integerFlag('--attempt', 0) }),
  flag('--prefix', 'begin each line with its task, retry and container'),
];

/** What the tools of others need to follow a log, and `tail` does anyway. */
export const logTailFlags: readonly Flag[] = [...logFlags, flag('-f, --follow', 'as without it: tail follows the log')];

export const logReadFlags: readonly Flag[] = [
  ...logFlags,
  flag('--freshness <duration>', 'only entries up to this age, e.g. 10m, 1d', { parse: durationFlag('--freshness') }),
  flag('--limit <count>', 'at most this many: the newest, or with --order=asc the oldest', {
    parse: integerFlag('--limit', 1),
  }),
  flag('--order <order>', 'which entries count first for --limit', { choices: ['asc', 'desc'] }),
];
