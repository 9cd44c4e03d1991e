import { expect, test } from 'vitest';
import { formatSize, parseSize } from '../../../src/model/quantity.js';

test.each([
  ['0', 0],
  ['1000', 1000],
  ['12b', 12],
  ['1k', 1000],
  ['1kB', 1000],
  ['1KiB', 1024],
  ['1.5Mi', 1.5 * 2 ** 20],
  ['500MB', 5e8],
  ['10GiB', 10 * 2 ** 30],
  ['2tib', 2 * 2 ** 40],
])('the size %s is %d bytes', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test.each(['', 'GiB', '-1', '1 GiB', '1i', '1e3', '1GiBs', '.5G', 'none'])('%j is no size', (text) => {
  expect(parseSize(text)).toBeUndefined();
});

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1 KiB'],
  [1536, '1.5 KiB'],
  [1_234_567, '1.18 MiB'],
  [1023.6 * 2 ** 20, '1024 MiB'],
  [5 * 2 ** 30, '5 GiB'],
])('%d bytes are shown as %s', (bytes, shown) => {
  expect(formatSize(bytes)).toBe(shown);
});
