import { stripVTControlCharacters } from 'node:util';
import type { Output } from '../../io.js';

/** Where lines, each with its newline, go that stay, and what is below them for as long as it is open. */
export interface Painter {
  print(lines: string): void;
  /** Shows the rows as they are now. */
  repaint(): void;
  close(): void;
}

/** Lines and nothing else. */
export const plainPainter = ({ write }: Output): Painter => ({
  print: write,
  repaint: () => {},
  close: () => {},
});

/** Between two paintings, in ms: lines that come faster are written together. */
const interval = 50;

/**
 * Lines that scroll, and rows that stay below them. A painting is one write: the old rows erased, the new lines, the new
 * rows. The cursor rests on an empty line, where the echo of a Ctrl-C does no harm.
 */
export function livePainter(output: Output, rows: () => readonly string[]): Painter {
  let painted: readonly string[] = [];
  let lines = '';
  let timer: NodeJS.Timeout | undefined;
  const paint = (next: readonly string[]): void => {
    // More rows than the screen has could not be erased.
    const shown = next.slice(0, Math.max(0, output.rows - 1));
    output.overwrite(height(painted, output.columns), lines + shown.map((row) => `${row}\n`).join(''));
    painted = shown;
    lines = '';
  };
  // A terminal that is behind gets what has come meanwhile when it is not any more.
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
 * How many lines of a terminal rows take. Most terminals break rows anew when they get narrower than a row; some leave
 * the line of the cursor as it is, which is why that is none of the rows.
 */
const height = (rows: readonly string[], columns: number): number =>
  rows.reduce((sum, row) => sum + Math.max(1, Math.ceil(stripVTControlCharacters(row).length / columns)), 0);
