import stringWidth from 'string-width';
import { printable } from '../../model/printable.js';
import { type Look, signs } from './symbols.js';

/** The width of text on a terminal, in columns. Most text is ASCII and does not need the slow library. */
export function widthOf(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  let width = widths.get(text);
  if (width === undefined) {
    width = stringWidth(text);
    if (text.length < 64) widths.set(text, width);
  }
  return width;
}

/** The widths of frequent texts, such as symbols. */
const widths = new Map<string, number>();

/** Text that a terminal shows in one row, as wide as `widthOf` says: without colours, its control characters escaped. */
export const oneLine = (text: string): string =>
  printable(text.replaceAll('\t', '    ').replaceAll(/\r?\n/g, ' '), false);

/** The longest start of a text of one row that fits into a width, and the rest. It splits no character. */
function split(text: string, width: number): [start: string, rest: string] {
  const ascii = /^[ -~]*/.exec(text.slice(0, width + 1))?.[0].length ?? 0;
  if (ascii > width) return [text.slice(0, width), text.slice(width)];
  // The last ASCII character may be the base of a combining one.
  let end = Math.max(0, ascii - 1);
  let room = width - end;
  for (const { segment } of characters.segment(text.slice(end))) {
    room -= widthOf(segment);
    if (room < 0) break;
    end += segment.length;
  }
  return [text.slice(0, end), text.slice(end)];
}

const characters = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** A text of one row, cut where it is wider than `width` columns. */
export function cut(text: string, width: number, look: Pick<Look, 'unicode'>): string {
  const [start, rest] = split(text, Math.max(0, width));
  return rest === '' ? text : split(start, width - 1)[0] + (width > 0 ? signs(look).more : '');
}

/** A text of one row as up to `most` rows of a width, broken at spaces where there are some, and the last one cut. */
export function wrapped(text: string, width: number, most: number, look: Pick<Look, 'unicode'>): string[] {
  const rows: string[] = [];
  let left = text;
  while (rows.length < most - 1 && width > 0) {
    const [start, rest] = split(left, width);
    if (rest === '') break;
    const space = rest.startsWith(' ') ? start.length : start.lastIndexOf(' ');
    const end = space > start.length / 2 ? space : start.length;
    // A terminal narrower than one character.
    if (end === 0) break;
    rows.push(left.slice(0, end).trimEnd());
    left = left.slice(end).trimStart();
  }
  return [...rows, cut(left, width, look)];
}
