import { expect, test } from 'vitest';
import type { LogRow } from '../../../src/page/data.js';
import { severities as all } from '../../../src/model/log-entry.js';
import { filtered, parts, severities } from '../../../src/page/log-search.js';

const row = (text: string, more: Partial<LogRow> = {}): LogRow => ({ time: '', log: 'stdout', text, ...more });
const rows = [
  row('Started'),
  row('it failed', { severity: 'ERROR', log: 'stderr' }),
  row('rows read', { severity: 'INFO', json: '{ "table": "Failed_orders" }' }),
];
const any = { find: '', only: false, severity: 'DEFAULT', log: '' } as const;
const texts = (filter: Partial<Parameters<typeof filtered>[1]>): unknown => {
  const { lines, found } = filtered(rows, { ...any, ...filter });
  return [lines.map(({ text }) => text), found];
};

test('lines are filtered by severity and stream, and found by text and payload', () => {
  expect(texts({})).toEqual([['Started', 'it failed', 'rows read'], []]);
  expect(texts({ find: 'FAILED' })).toEqual([
    ['Started', 'it failed', 'rows read'],
    [1, 2],
  ]);
  expect(texts({ find: 'failed', only: true })).toEqual([
    ['it failed', 'rows read'],
    [0, 1],
  ]);
  expect(texts({ severity: 'INFO' })).toEqual([['it failed', 'rows read'], []]);
  expect(texts({ log: 'stdout', severity: 'INFO' })).toEqual([['rows read'], []]);
  expect(severities).toEqual(all);
});

test('every second part of a text matches', () => {
  expect(parts('aXbxc', 'x')).toEqual(['a', 'X', 'b', 'x', 'c']);
  expect(parts('xx', 'x')).toEqual(['', 'x', '', 'x', '']);
  expect(parts('abc', '')).toEqual(['abc']);
  expect(parts('İx', 'x')).toEqual(['İx']);
});
