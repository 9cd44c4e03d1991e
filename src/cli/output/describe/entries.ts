import type { Cell } from 'cli-table3';
import { printable } from '../../../model/printable.js';
import { drawn } from '../bounded-table.js';

/**
 * A part of gcloud's `describe`: a label with its value, omitted without a value, or a title with entries below it,
 * omitted without entries. The labels of `bare` entries are the user's names, and have no colon.
 */
export type Entry = [label: string, value: string | undefined] | { title: string; bare?: true; entries: Entry[] };

export const group = (title: string, entries: Entry[], bare?: true): Entry[] =>
  entries.some((entry) => 'title' in entry || entry[1] !== undefined)
    ? [{ title: `${title}:`, entries, ...(bare && { bare }) }]
    : [];

interface Line {
  label: string;
  value: string | undefined;
}

/** The widest label that values align with; a wider one pushes its value to the right. */
const maxLabel = 20;

/** Entries as text: values in one column, after the widest label up to `maxLabel`. */
export async function laidOut(entries: readonly Entry[]): Promise<string> {
  const all = flatten(entries, '', ':');
  const width = Math.min(maxLabel, Math.max(...all.map(({ label }) => label.length)));
  const rows = all.map(({ label, value: given = '' }): Cell[] => {
    const value = printable(given, true);
    if (label.length <= width) return [label, value];
    const hanging = value.replaceAll('\n', `\n${' '.repeat(label.length + 1)}`);
    return [{ content: `${label} ${hanging}`, colSpan: 2 }];
  });
  const text = await drawn(rows, 1, [width + 1, null]);
  // gcloud separates blocks by a line with a space in it.
  return text.replaceAll(/(?<=\S) +$/gm, '').replaceAll(/^ +$/gm, ' ');
}

function flatten(entries: readonly Entry[], indent: string, colon: string): Line[] {
  return entries.flatMap((entry): Line[] => {
    if ('title' in entry) {
      const { title, bare, entries: below } = entry;
      return [{ label: indent + title, value: undefined }, ...flatten(below, `${indent}  `, bare ? '' : ':')];
    }
    const [label, value] = entry;
    return value === undefined || (value === '' && colon) ? [] : [{ label: indent + label + colon, value }];
  });
}
