import { printable } from '../../model/printable.js';
import { widthOf } from './text-width.js';

/** A column of a table: its heading, and its text for a row. */
export interface Column<T> {
  header: string;
  value: (of: T) => string;
}

/** gcloud's plain table: a heading, columns two spaces apart, no trailing spaces, nothing cut. Any number of rows is fast. */
export const table = <T>(columns: readonly Column<T>[], rows: readonly T[]): string =>
  layout(
    [columns.map(({ header }) => header), ...rows.map((row) => columns.map(({ value }) => value(row)))],
    undefined,
  );

interface ColumnLayout {
  align: string;
  /** The minimum width, in characters. */
  least: number;
  /** The width to which it may shrink if the table is wider than the terminal; undefined: it does not shrink. */
  wrap: number | undefined;
}

/** The attributes of `--format=table[…]`. */
export interface GridOptions {
  /** Lines around the table, or also between all rows. */
  box: boolean | 'all';
  ascii: boolean;
  /** Spaces between columns without lines. */
  gap: number;
  title: string;
  /** The width of the terminal. */
  width: number;
  columns: readonly ColumnLayout[];
  /** The text below a row. */
  below?: (row: number) => string;
}

const plain: GridOptions = { box: false, ascii: false, gap: 2, title: '', width: 80, columns: [] };

/** Lays out cells in columns below a heading; a cell may have several lines. */
export function layout(
  rows: readonly string[][],
  head: readonly string[] | undefined,
  { box, ascii, gap, title, width, columns, below }: GridOptions = plain,
): string {
  const cells = [...(head ? [head] : []), ...rows].map((row) => row.map((cell) => printable(cell, true).split('\n')));
  const widths: number[] = columns.map(({ least }) => least);
  for (const row of cells) {
    for (const [i, cell] of row.entries()) for (const text of cell) widths[i] = Math.max(widths[i] ?? 0, widthOf(text));
  }
  const v = ascii ? '|' : '│';
  const frame = box ? widths.length * 3 + 1 : gap * (widths.length - 1);
  narrow(widths, columns, width - frame);
  if (title && sum(widths) < widthOf(title) && columns.every(({ wrap }) => wrap === undefined)) {
    const more = Math.ceil(widthOf(title) / widths.length);
    for (const i of widths.keys()) widths[i] = (widths[i] ?? 0) + more;
  }
  const line = (parts: readonly string[]): string =>
    box ? `${v} ${parts.join(` ${v} `)} ${v}\n` : `${parts.join(' '.repeat(gap)).trimEnd()}\n`;
  const linesOf = (row: readonly string[][], align?: string): string => {
    const wrapped = row.map((cell, i) =>
      columns[i]?.wrap === undefined ? cell : cell.flatMap((text) => folded(text, widths[i] ?? 0)),
    );
    return Array.from({ length: Math.max(...wrapped.map(({ length }) => length)) }, (_, y) =>
      line(wrapped.map((cell, i) => justified(cell[y] ?? '', widths[i] ?? 0, align ?? columns[i]?.align ?? 'left'))),
    ).join('');
  };
  const rule = (at: 'top' | 'middle' | 'bottom'): string => {
    if (!box) return '';
    const [left, joint, right] = ascii ? '+++' : corners[at];
    return `${left}${widths.map((own) => (ascii ? '-' : '─').repeat(own + 2)).join(joint)}${right}\n`;
  };
  const inner = sum(widths) + (box ? 3 * widths.length - 1 : gap * (widths.length - 1));
  const titled = justified(title, inner, 'center');
  const titleBox = rule('top').replaceAll(/(?<=.)[┬+](?=.)/g, ascii ? '-' : '─') + `${v}${titled}${v}\n`;
  const opening = box && title ? titleBox + rule('top').replace('┌', '├').replace('┐', '┤') : rule('top');
  const heading = head && cells[0] ? linesOf(cells[0], box ? 'center' : undefined) + rule('middle') : '';
  const body = cells.slice(head ? 1 : 0).map((row, i) => {
    const before = i === 0 ? '' : below ? rule('top') : box === 'all' ? rule('middle') : '';
    return before + linesOf(row) + (below ? rule('bottom') + indented(below(i)) : '');
  });
  return (
    (title && !box ? `${titled.trimEnd()}\n` : '') + opening + heading + body.join('') + (below ? '' : rule('bottom'))
  );
}

const corners = { top: '┌┬┐', middle: '├┼┤', bottom: '└┴┘' } as const;
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
const indented = (text: string): string => text.replaceAll(/^(?=.)/gm, '    ');

/** Divides the room that the other columns leave among the columns that may wrap. */
function narrow(widths: number[], columns: GridOptions['columns'], room: number): void {
  const wrapped = columns.filter(({ wrap }) => wrap !== undefined).length;
  if (wrapped === 0 || sum(widths) <= room) return;
  const fixed = sum(widths.filter((_, i) => columns[i]?.wrap === undefined));
  const share = Math.floor((room - fixed) / wrapped);
  for (const [i, { wrap }] of columns.entries()) {
    if (wrap !== undefined) widths[i] = Math.max(share, Math.min(wrap, widths[i] ?? 0));
  }
}

/** Wraps text to a width, at spaces if possible. */
function folded(text: string, width: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (widthOf(rest) > width && width > 0) {
    const end = rest.lastIndexOf(' ', width);
    const cut = end > 0 ? end : width;
    lines.push(rest.slice(0, cut).trimEnd());
    rest = rest.slice(cut).trimStart();
  }
  return [...lines, rest];
}

function justified(text: string, width: number, align: string): string {
  const blank = Math.max(0, width - widthOf(text));
  if (align === 'left') return text + ' '.repeat(blank);
  if (align === 'right') return ' '.repeat(blank) + text;
  const left = Math.floor(blank / 2) + (blank & width & 1);
  return ' '.repeat(left) + text + ' '.repeat(blank - left);
}
