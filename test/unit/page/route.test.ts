import { expect, test } from 'vitest';
import { formatRoute, parseRoute } from '../../../src/page/route.js';
import { marks } from '../../../src/page/time-axis.js';
import { ago, span } from '../../../src/page/format.js';

test.for([
  '/',
  '/?project=q',
  '/jobs/nightly',
  '/jobs/p/us-central1/nightly?tab=yaml',
  '/executions/nightly-x7k2p?tab=logs&task=3&find=a+%26+b',
  '/executions/example.com:p/europe-west1/nightly-x7k2p?state=Failed',
])('an address is that of its route: %s', (address) => {
  const [path = '', search = ''] = address.split(/(?=\?)/);
  expect(formatRoute(parseRoute(path, search))).toBe(address);
});

test('an execution with its project and region, and what is no task', () => {
  expect(parseRoute('/executions/p/r/e', '?task=x')).toMatchObject({
    ...{ view: 'execution', id: 'e', project: 'p', region: 'r', task: undefined },
  });
});

test('marks of a time axis are few and round', () => {
  expect(marks(133_000, 6)).toEqual([0, 30_000, 60_000, 90_000, 120_000]);
  expect(marks(1, 6)).toEqual([0, 1]);
  for (const length of [3, 77, 950, 12_345, 3_600_001, 7 * 86_400_000]) {
    expect(marks(length, 6).length).toBeLessThanOrEqual(7);
    expect(marks(length, 6).length).toBeGreaterThan(1);
  }
});

test('spans in words', () => {
  expect([0, 999, 1000, 59_999, 60_000, 3_599_999, 3_600_000, 90_000_000].map(span)).toEqual([
    ...['0 ms', '999 ms', '1.0 s', '59.9 s', '1 m 00 s', '59 m 59 s', '1 h 00 m', '1 d 1 h'],
  ]);
  expect([0, 30_000, 120_000, 7_200_000, 200_000_000].map(ago)).toEqual([
    ...['now', '30 s ago', '2 min ago', '2 h ago', '2 d ago'],
  ]);
});
