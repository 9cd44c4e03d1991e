import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { scalar11 } from '../../../src/model/spec/yaml11-scalars.js';

interface Recorded {
  scalars: [text: string, type: 'string' | 'number' | 'boolean' | 'null' | 'date', value: string | number | boolean][];
}
const { scalars } = JSON.parse(
  readFileSync(new URL('../../fixtures/yaml-1.1.json', import.meta.url), 'utf8'),
) as Recorded;

test.each(scalars)("gcloud's YAML reads %s as a %s", (text, type, value) => {
  const read = scalar11(text);
  const expected = { string: value, number: Number(value), boolean: value, null: null, date: new Date(`${value}Z`) };
  expect(read).toEqual(type === 'date' && !String(value).includes('T') ? new Date(String(value)) : expected[type]);
});
