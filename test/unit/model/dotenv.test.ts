import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseDotenv } from '../../../src/model/dotenv.js';

interface Recorded {
  environment: Record<string, string>;
  cases: [text: string, variables: [name: string, value: string | null][], unreadable: number[]][];
}
const { environment, cases } = JSON.parse(
  readFileSync(new URL('../../fixtures/dotenv.json', import.meta.url), 'utf8'),
) as Recorded;

test.each(cases)('%j is read as python-dotenv reads it', (text, variables, unreadable) => {
  const read = parseDotenv(text, environment);
  expect([...read.variables].map(([name, value]) => [name, value ?? null])).toEqual(variables);
  expect(read.unreadable).toEqual(unreadable);
});

test('a byte order mark is no part of a name', () => {
  expect([...parseDotenv('\uFEFFA=1').variables]).toEqual([['A', '1']]);
});

test('any value comes back from single quotes', () => {
  const value = fc.string({ unit: 'grapheme' }).filter((text) => !/\$\{|\r/.test(text));
  fc.assert(
    fc.property(value, (text) => {
      const quoted = text.replaceAll(/[\\']/g, String.raw`\$&`);
      expect(parseDotenv(`A='${quoted}'\nB=1`).variables).toEqual(
        new Map([
          ['A', text],
          ['B', '1'],
        ]),
      );
    }),
  );
});
