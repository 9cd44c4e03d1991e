import { expect, test } from 'vitest';
import { cut, oneLine, widthOf, wrapped } from '../../../../src/cli/output/text-width.js';

const look = { unicode: true };

test.each([
  ['short', 10, 'short'],
  ['exactly10!', 10, 'exactly10!'],
  ['eleven char', 10, 'eleven ch…'],
  ['日本語', 6, '日本語'],
  ['日本語', 5, '日本…'],
  ['日本語', 4, '日…'],
  // A family is one character of several, an accent belongs to the letter before it.
  ['ab👨‍👩‍👧cd', 5, 'ab👨‍👩‍👧…'],
  ['abcde\u{301}f', 5, 'abcd…'],
  ['abcde\u{301}', 5, 'abcde\u{301}'],
  ['日', 1, '…'],
  ['text', 0, ''],
  ['text', -3, ''],
])('%s in %i columns is %s', (text, width, shown) => {
  expect(cut(text, width, look)).toBe(shown);
  expect(widthOf(shown)).toBeLessThanOrEqual(Math.max(0, width));
});

test('text that is cut says so in ASCII where the terminal has no more', () => {
  expect(cut('eleven char', 10, { unicode: false })).toBe('eleven ch.');
});

test('text is wrapped at spaces, or where it has none, and its last row cut', () => {
  expect(wrapped('one two three four', 10, 3, look)).toEqual(['one two', 'three four']);
  expect(wrapped('one two three four five', 10, 2, look)).toEqual(['one two', 'three fou…']);
  expect(wrapped('日本日本日本', 5, 3, look)).toEqual(['日本', '日本', '日本']);
  expect(wrapped('fits', 10, 3, look)).toEqual(['fits']);
  expect(wrapped('', 10, 3, look)).toEqual(['']);
  // Nothing fits, and it still ends.
  expect(wrapped('日本', 1, 3, look)).toEqual(['…']);
  expect(wrapped('text', 0, 3, look)).toEqual(['']);
});

test('a row has no line ends, tabs, colours or controls, so that its width is known', () => {
  expect(oneLine('a\tb\r\nc\u{1b}[31md\u{1b}[0m\u{1b}[2J\u{202e}')).toBe(String.raw`a    b cd\u001b[2J\u202e`);
});
