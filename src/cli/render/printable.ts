import { stripVTControlCharacters } from 'node:util';
import type { Output } from '../io.js';

// oxlint-disable-next-line no-control-regex -- control characters, without the tab, are what is meant
const control = /[\0-\x08\x0a-\x1f\x7f-\x9f]/;

/**
 * A line of a task as an output can show it: on a terminal without what would move the cursor or change the terminal,
 * and of text that a carriage return overwrites only what is seen at last. Elsewhere as it is.
 */
export function printable(text: string, { tty }: Pick<Output, 'tty'>): string {
  if (!tty || !control.test(text)) return text;
  const seen = stripVTControlCharacters(text).replace(/\r+$/, '').split('\r').at(-1) ?? '';
  return seen.replaceAll(new RegExp(control, 'g'), '');
}
