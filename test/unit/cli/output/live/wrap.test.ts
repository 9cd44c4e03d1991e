import fc from 'fast-check';
import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { wrap } from '../../../../../src/cli/output/live/wrap.js';

const red = '\u{1b}[31m';
const end = '\u{1b}[0m';

test.each([
  ['a short line', 20, ['a short line']],
  ['', 20, ['']],
  ['words break at a space near the end', 20, ['words break at a ', 'space near the end']],
  ['ab', 0, ['a', 'b']],
  ['one andaverylongwordafterit', 10, ['one andave', 'rylongword', 'afterit']],
  ['漢字かな交じり文', 7, ['漢字か', 'な交じ', 'り文']],
  ['a\tb\tc', 20, ['a       b       c']],
  ['e\u{301}'.repeat(4), 3, ['e\u{301}'.repeat(3), 'e\u{301}']],
  [`${red}red text goes on${end} and ends`, 10, [`${red}red text ${end}`, `${red}goes on${end} `, 'and ends']],
])('%j in %i columns', (line, width, rows) => {
  expect(wrap(line, width)).toEqual(rows);
});

test('colours without end do not pile up', () => {
  const rows = wrap(`${red}x`.repeat(10_000), 10);
  expect(rows).toHaveLength(1000);
  expect(Math.max(...rows.map(({ length }) => length))).toBeLessThan(120);
});

test('rows fit, and are the line when put together', () => {
  const line = fc.string({ maxLength: 200, unit: fc.constantFrom('a', 'bc', ' ', '漢', '👍', red, end, '~') });
  const bare = (text: string): string => text.replaceAll(red, '').replaceAll(end, '');
  fc.assert(
    fc.property(line, fc.integer({ min: 2, max: 60 }), (text, width) => {
      const rows = wrap(text, width);
      expect(rows.map(bare).join('')).toBe(bare(text));
      for (const row of rows) expect(stringWidth(row)).toBeLessThanOrEqual(width);
      const red31 = (part: string): boolean => part.lastIndexOf(red) > part.lastIndexOf(end);
      // Every row but the last ends without colour.
      for (const row of rows.slice(0, -1)) expect(red31(row)).toBe(false);
    }),
  );
});
