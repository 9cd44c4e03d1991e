import type { Cell } from 'cli-table3';
import stringWidth from 'string-width';
import { printable } from '../../model/printable.js';
import type { Output } from '../io.js';
import { type Column, table } from './table.js';

/** cli-table3 takes time that grows with the square of the rows (docs/dependencies.md); longer tables are written plainly. */
const maxRows = 500;

/** Spaces between columns. */
const gap = 2;

/** The narrowest that a column becomes. */
const minWidth = 10;

type Screen = Pick<Output, 'tty' | 'columns'>;

/**
 * A table for people with a bounded number of rows: a heading, columns two spaces apart, no borders. Where a terminal is
 * too narrow for it, the widest columns wrap.
 */
export async function boundedTable<T>(columns: readonly Column<T>[], rows: readonly T[], out: Screen): Promise<string> {
  if (rows.length > maxRows) return table(columns, rows);
  return boundedGrid(
    [columns.map(({ header }) => header), ...rows.map((row) => columns.map((of) => of.value(row)))],
    out,
  );
}

/** The same without a heading. */
export async function boundedGrid(rows: readonly string[][], { tty, columns }: Screen): Promise<string> {
  const cells = rows.map((row) => row.map((cell) => printable(cell, true)));
  const widths = widthsOf(cells);
  const limit = tty ? widthLimit(widths, columns - gap * (widths.length - 1)) : Infinity;
  const shown = cells.map((row) =>
    row.map((cell, i): Cell => ((widths[i] ?? 0) > limit ? { content: broken(cell, limit), wordWrap: true } : cell)),
  );
  const colWidths = widths.map((width) => Math.min(width, limit) + gap);
  return (await drawn(shown, gap, colWidths)).replaceAll(/ +$/gm, '');
}

/** The width of each column. */
function widthsOf(rows: readonly string[][]): number[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) {
      widths[i] = Math.max(widths[i] ?? 0, ...cell.split('\n').map((line) => stringWidth(line)));
    }
  }
  return widths;
}

/** The width that no column may exceed, so that all of them fit into `room`. */
function widthLimit(widths: readonly number[], room: number): number {
  let limit = Math.max(...widths);
  const total = (): number => widths.reduce((sum, width) => sum + Math.min(width, limit), 0);
  while (limit > minWidth && total() > room) limit--;
  return limit;
}
/** Text with words that are wider than a column, such as paths, in parts: cli-table3 would cut them off. */
const broken = (text: string, width: number): string =>
  text.replaceAll(/\S+/g, (word) => {
    let line = 0;
    let parts = '';
    for (const character of word) {
      line += stringWidth(character);
      if (line > width) {
        parts += '\n';
        line = stringWidth(character);
      }
      parts += character;
    }
    return parts;
  });

const chars = {
  ...{
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    mid: '',
    'left-mid': '',
    'mid-mid': '',
    'right-mid': '',
  },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '', left: '', middle: '', right: '' },
};

/** Cells in columns without borders. Each line is padded with spaces to the width of the table. */
export async function drawn(
  rows: readonly Cell[][],
  padding: number,
  colWidths: (number | null)[] = [],
): Promise<string> {
  // Only commands that print such a table load it.
  const { default: Table } = await import('cli-table3');
  const style = { 'padding-left': 0, 'padding-right': padding, head: [], border: [] };
  const drawing = new Table({ chars, style, colWidths });
  drawing.push(...rows.map((row) => [...row]));
  return `${drawing.toString()}\n`;
}
