import { stripVTControlCharacters } from 'node:util';
import type { Io, Output } from '../../io.js';
import { widthOf } from '../text-width.js';

/** Prints lines that stay, and shows rows below them while it is open. */
export interface Painter {
  /** Prints lines, each without its newline, and on a terminal narrower than that. */
  print(lines: readonly string[]): void;
  /** Shows the current rows. */
  repaint(): void;
  close(): void;
}

/** Whether a person reads stderr, on a terminal that can show rows. */
export const isLive = ({ err, env }: Pick<Io, 'err' | 'env'>): boolean =>
  err.tty && !env['CI'] && env['TERM'] !== 'dumb';

/** Prints lines and no rows. */
export const plainPainter = ({ write }: Output): Painter => ({
  print: (lines) => write(lines.map((line) => `${line}\n`).join('')),
  repaint: () => {},
  close: () => {},
});

/** The time between two paintings, in ms; lines that arrive faster are written together. */
const interval = 50;

/**
 * Lines that scroll, and rows that stay below them. A painting is one write of what has changed: the new lines and rows
 * over the old rows, or only rows that differ. The cursor stays on an empty line, where the echo of a Ctrl-C does no
 * harm.
 */
export function livePainter(output: Output, rows: () => readonly string[]): Painter {
  let painted: readonly string[] = [];
  let columns = output.columns;
  let lines: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  const paint = (next: readonly string[]): void => {
    // The terminal could not erase more rows than the screen has.
    const shown = next.slice(0, Math.max(0, output.rows - 1));
    const same = lines.length === 0 && output.columns === columns && shown.length === painted.length;
    const changed = same ? shown.map((row, i) => (row === painted[i] ? null : row)) : [...lines, ...shown];
    if (same && changed.every((row) => row === null)) return;
    output.overwrite(height(painted, output.columns), changed);
    ({ columns } = output);
    painted = shown;
    lines = [];
  };
  // A slow terminal gets the collected lines once it has caught up.
  const repaint = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (!output.busy) paint(rows());
  };
  const ignore = output.onResize(repaint);
  return {
    print(more) {
      for (const line of more) lines.push(line);
      timer ??= setTimeout(repaint, interval);
    },
    repaint,
    close() {
      ignore();
      clearTimeout(timer);
      paint([]);
    },
  };
}

/**
 * The number of terminal lines that rows occupy. Most terminals wrap rows again when they get narrower; some leave the
 * line of the cursor as it is, so that line is not one of the rows.
 */
const height = (rows: readonly string[], columns: number): number =>
  rows.reduce((sum, row) => sum + Math.max(1, Math.ceil(widthOf(stripVTControlCharacters(row)) / columns)), 0);
