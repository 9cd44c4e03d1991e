import { ownProperty } from './own-property.js';

/** Character classes of RE2. */
const classes: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  digit: '0-9',
  lower: 'a-z',
  punct: String.raw`!-\/:-@\[-\x60{-~`,
  space: String.raw`\s`,
  upper: 'A-Z',
  word: String.raw`\w`,
  xdigit: '0-9A-Fa-f',
};

/**
 * A regular expression in the syntax of Python and RE2: with a leading `(?i)`, `(?P<name>…)`, `\A`, `\z`,
 * `[[:alpha:]]`, and a backslash before any character.
 * @throws the error that `wrong` makes of the problem
 */
export function regularExpression(pattern: string, wrong: (problem: string) => Error, flags = ''): RegExp {
  const [inline = '', flagged = ''] = /^\(\?([ims]+)\)/.exec(pattern) ?? [];
  const rest = pattern
    .slice(inline.length)
    .replaceAll('(?P<', '(?<')
    .replaceAll(/\[:(\w+):\]/g, (whole, name: string) => ownProperty(classes, name) ?? whole)
    .replaceAll(/\\(.)/g, (whole, of: string) => (of === 'A' ? '(?<![^])' : /z/i.test(of) ? '(?![^])' : whole));
  const all = [...new Set(flags + flagged)].join('');
  try {
    return new RegExp(rest, `${all}u`);
  } catch {
    return lenient(rest, all, wrong);
  }
}

function lenient(pattern: string, flags: string, wrong: (problem: string) => Error): RegExp {
  try {
    return new RegExp(pattern, flags);
  } catch (error) {
    throw wrong((error as Error).message);
  }
}
