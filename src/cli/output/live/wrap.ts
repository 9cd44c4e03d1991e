import { widthOf } from '../text-width.js';

const colour = new RegExp(String.raw`\x1b\[[\d;:]*m`, 'g');
/** Colour, a tab, ASCII that is as wide as it is long, or other characters. */
const parts = new RegExp(String.raw`${colour.source}|\t|[ -~]+|[^ -~\t\x1b]+`, 'g');
const ascii = /^[ -~]*$/;

/** The colours that a row takes over from the one before. */
const keptColours = 8;

const tab = 8;

/**
 * Breaks a printable line into rows of at most `room` columns, but of one at least: at a space if there is one in their
 * last third. Its colours go on in the next row.
 */
export function wrap(line: string, room: number): string[] {
  const width = Math.max(1, room);
  // Most lines fit.
  const bare = line.includes('\u{1b}') ? line.replaceAll(colour, '') : line;
  if (bare.length <= width && ascii.test(bare)) return [line];
  const rows: string[] = [];
  let row = '';
  let columns = 0;
  let colours: string[] = [];
  /** The last good place to break the row: after a space. */
  let space: { at: number; columns: number; colours: string[] } | undefined;
  const breakRow = (): void => {
    const at = space && space.columns > (2 / 3) * width ? space : { at: row.length, columns, colours };
    rows.push(row.slice(0, at.at) + (at.colours.length > 0 ? '\u{1b}[0m' : ''));
    row = at.colours.join('') + row.slice(at.at);
    columns -= at.columns;
    space = undefined;
  };
  const append = (text: string, its: number): void => {
    if (columns + its > width && columns > 0) breakRow();
    row += text;
    columns += its;
  };
  for (const [part] of line.matchAll(parts)) {
    if (part.startsWith('\u{1b}')) {
      row += part;
      colours = /\[0*m/.test(part) ? [] : [...colours, part].slice(-keptColours);
    } else if (part === '\t') {
      const spaces = Math.min(width, tab - (columns % tab));
      append(' '.repeat(spaces), spaces);
      space = { at: row.length, columns, colours };
    } else if (part > '\u{7f}') {
      for (const character of part) append(character, widthOf(character));
    } else {
      for (let from = 0; from < part.length;) {
        if (columns >= width) breakRow();
        const text = part.slice(from, from + width - columns);
        from += text.length;
        row += text;
        columns += text.length;
        const last = text.lastIndexOf(' ');
        if (last >= 0) {
          space = { at: row.length - (text.length - last - 1), columns: columns - (text.length - last - 1), colours };
        }
      }
    }
  }
  return [...rows, row];
}
