import fc from 'fast-check';
import { expect, test } from 'vitest';
import { printable } from '../../../src/model/printable.js';

const [red, reset] = ['\u{1b}[31m', '\u{1b}[0m'];

test.each([
  ['plain', true, 'plain'],
  [`${red}red`, true, `${red}red${reset}`],
  [`${red}red${reset}`, true, `${red}red${reset}`],
  [`${red}red\nnext`, true, `${red}red${reset}\nnext`],
  [`${red}red`, false, 'red'],
  ['\u{1b}[2J\u{7}\u{202e}', true, String.raw`\u001b[2J\u0007\u202e`],
  // What is left when colour is taken out of it is no colour.
  [`\u{1b}[3${red}1m`, true, String.raw`\u001b[3` + `${red}1m${reset}`],
])('%j, in colour: %j', (text, colored, shown) => {
  expect(printable(text, colored)).toBe(shown);
});

test('a line is shown the same alone and among others, and shown again it stays as it is', () => {
  const unit = fc.constantFrom(
    'a',
    '漢',
    red,
    reset,
    '\u{1b}[39m',
    '\u{1b}',
    '[',
    '0m',
    '\r',
    '\t',
    '\u{7}',
    '\u{2028}',
  );
  fc.assert(
    fc.property(fc.string({ maxLength: 12, unit }), fc.boolean(), (line, colored) => {
      const shown = printable(line, colored);
      expect(printable(`${line} \nnext`, colored)).toBe(`${printable(`${line} `, colored)}\nnext`);
      expect(printable(shown, colored)).toBe(shown);
    }),
    { numRuns: 1000 },
  );
});
