import { collected, type Flag, flag } from './flag.js';
import type { CommonOptions } from './global.js';
import { integerFlag } from './parsers.js';

/** The flags of every command that lists. */
export interface ListOptions extends CommonOptions {
  filter?: string;
  limit?: number;
  pageSize?: number;
  sortBy?: string[];
  uri?: true;
}

const limitFlag = (text: string): number => (text === 'unlimited' ? Infinity : integerFlag('--limit', 1)(text));

export const listFlags: readonly Flag[] = [
  flag('--filter <expression>', "show only matching resources, e.g. name~^etl or 'labels.team=a OR NOT ...'"),
  flag('--limit <count>', 'show at most this many', { parse: limitFlag }),
  flag('--sort-by <KEY,...>', 'sort by fields; ~KEY for the reverse order', { parse: collected }),
  flag('--uri', 'show only the addresses of the resources'),
  // Every page is shown anyway.
  flag('--page-size <count>', '', { parse: integerFlag('--page-size', 1), hidden: true }),
];

/** How many items of a list suffice, from the first; undefined if the flags may choose any of them. */
export const enough = ({ sortBy = [], filter, limit }: ListOptions): number | undefined =>
  sortBy.length === 0 && filter === undefined ? limit : undefined;
