import type { LogRow } from './data.js';

/** Severities from which on lines are shown, ascending; as in src/model/log-entry.ts. */
export const severities = ['DEFAULT', 'DEBUG', 'INFO', 'NOTICE', 'WARNING', 'ERROR', 'CRITICAL', 'ALERT', 'EMERGENCY'];

export interface LogFilter {
  /** Words to find, whatever their case; empty: all lines. */
  find: string;
  /** Hides what does not match. */
  only: boolean;
  severity: string;
  log: '' | LogRow['log'];
}

const rank = (severity: string | undefined): number => Math.max(0, severities.indexOf(severity ?? 'DEFAULT'));

export const matches = ({ text, json }: LogRow, find: string): boolean =>
  text.toLowerCase().includes(find) || (json !== undefined && json.toLowerCase().includes(find));

/** The lines that a filter leaves, and the positions among them of those that match. */
export function filtered(rows: readonly LogRow[], filter: LogFilter): { lines: LogRow[]; found: number[] } {
  const find = filter.find.toLowerCase();
  const least = rank(filter.severity);
  const lines: LogRow[] = [];
  const found: number[] = [];
  for (const row of rows) {
    if (rank(row.severity) < least || (filter.log !== '' && row.log !== filter.log)) continue;
    const match = find !== '' && matches(row, find);
    if (find !== '' && filter.only && !match) continue;
    if (match) found.push(lines.length);
    lines.push(row);
  }
  return { lines, found };
}

/** A text in parts, of which every second one matches. */
export function parts(text: string, find: string): string[] {
  const wanted = find.toLowerCase();
  const lower = text.toLowerCase();
  // Some letters change their number in lower case: then nothing can be marked.
  if (wanted === '' || lower.length !== text.length) return [text];
  const result: string[] = [];
  let at = 0;
  for (let next = lower.indexOf(wanted); next >= 0; next = lower.indexOf(wanted, at)) {
    result.push(text.slice(at, next), text.slice(next, next + wanted.length));
    at = next + wanted.length;
  }
  result.push(text.slice(at));
  return result;
}
