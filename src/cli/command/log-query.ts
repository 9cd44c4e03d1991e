import { parseLogFilter } from '../../model/log-filter/parse.js';
import { durationSeconds, timestamp } from '../../model/time.js';
import type { LogQuery } from '../../service/log-entries.js';
import type { LogFlags } from '../flags/log.js';

/** The query in the flags of a command that shows logs. @throws UsageError for a wrong filter */
export function logQuery(
  { freshness, limit, order, severity, logFilter, task, attempt }: LogFlags,
  now: number,
): LogQuery {
  const filter = logFilter === undefined ? undefined : parseLogFilter(logFilter, '--log-filter');
  return {
    ...(freshness !== undefined && { since: sinceOf(freshness, now) }),
    ...{ limit, severity, filter, task, attempt, oldest: order === 'asc' },
  };
}

/** The time that is a duration before now, which is in ms since 1970. */
export const sinceOf = (freshness: string, now: number): string =>
  timestamp(now - (durationSeconds(freshness) ?? 0) * 1000);
