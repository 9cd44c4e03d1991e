import stringWidth from 'string-width';

/** A column of a table of things of type T: its heading and what it shows of a thing. */
export interface Column<T> {
  header: string;
  value: (of: T) => string;
}

/** gcloud's plain table: a heading, columns two spaces apart, no trailing blanks, nothing cut. */
export const table = <T>(columns: readonly Column<T>[], rows: readonly T[]): string =>
  grid([columns.map(({ header }) => header), ...rows.map((row) => columns.map(({ value }) => value(row)))]);

/** Cells in columns, two spaces apart; a cell may have several lines. */
export function grid(rows: readonly string[][]): string {
  const cells = rows.map((row) => row.map((cell) => cell.split('\n')));
  const widths: number[] = [];
  for (const row of cells) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, ...cell.map(widthOf));
  }
  const padded = (line: string, i: number): string => line + ' '.repeat((widths[i] ?? 0) - widthOf(line));
  const linesOf = (row: readonly string[][]): string[] =>
    Array.from({ length: Math.max(...row.map(({ length }) => length)) }, (_, y) =>
      row.map((cell, i) => padded(cell[y] ?? '', i)).join('  '),
    );
  return cells
    .flatMap(linesOf)
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

/** How many columns of a terminal a text takes; of nearly all, the library need not be asked, which is slow. */
const widthOf = (text: string): number => (/^[ -~]*$/.test(text) ? text.length : stringWidth(text));
