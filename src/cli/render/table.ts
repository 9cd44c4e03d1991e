import Table from 'cli-table3';

/** A column of a table of things of type T: its heading and what it shows of a thing. */
export interface Column<T> {
  header: string;
  value: (of: T) => string;
}

const none = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

/** gcloud's plain table: a heading, columns two spaces apart, no trailing blanks, nothing cut. */
export const table = <T>(columns: readonly Column<T>[], rows: readonly T[]): string =>
  grid([columns.map(({ header }) => header), ...rows.map((row) => columns.map(({ value }) => value(row)))]);

/** Cells in columns, two spaces apart. */
export function grid(rows: readonly string[][]): string {
  const layout = new Table({ chars: none, style: { 'padding-left': 0, 'padding-right': 0, border: [], head: [] } });
  layout.push(...rows);
  return `${layout
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')}\n`;
}
