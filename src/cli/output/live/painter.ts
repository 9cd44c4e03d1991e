import { stripVTControlCharacters } from 'node:util';
import type { Output } from '../../io.js';

/** Prints lines that stay, each with its newline, and shows rows below them while it is open. */
export interface Painter {
  print(lines: string): void;
  /** Shows the current rows. */
  repaint(): void;
  close(): void;
}

/** Prints lines and no rows. */
export const plainPainter = ({ write }: Output): Painter => ({
  print: write,
  repaint: () => {},
  close: () => {},
});

/** The time between two paintings, in ms; lines that arrive faster are written together. */
const interval = 50;

/**
 * Lines that scroll, and rows that stay below them. A painting is one write: it erases the old rows, then prints the new
 * lines and the new rows. The cursor stays on an empty line, where the echo of a Ctrl-C does no harm.
 */
export function livePainter(output: Output, rows: () => readonly string[]): Painter {
  let painted: readonly string[] = [];
  let lines = '';
  let timer: NodeJS.Timeout | undefined;
  const paint = (next: readonly string[]): void => {
    // The terminal could not erase more rows than the screen has.
    const shown = next.slice(0, Math.max(0, output.rows - 1));
    output.overwrite(height(painted, output.columns), lines + shown.map((row) => `${row}\n`).join(''));
    painted = shown;
    lines = '';
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
      lines += more;
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
  rows.reduce((sum, row) => sum + Math.max(1, Math.ceil(stripVTControlCharacters(row).length / columns)), 0);
