import { describe, expect, test } from 'vitest';
import {
  durationSeconds,
  epochMs,
  formatSpan,
  formatTimeout,
  onOurClock,
  parseGcloudDuration,
  timestamp,
  toTimestamp,
} from '../../../src/model/time.js';

describe('timestamps', () => {
  test('have six fractional digits', () => {
    expect(timestamp(0)).toBe('1970-01-01T00:00:00.000000Z');
    expect(timestamp(Date.UTC(2026, 10, 23, 21, 45, 3) + 7.125)).toBe('2026-11-23T21:45:03.007125Z');
  });

  test.each([
    ['2026-11-23T21:45:03.123456789Z', '2026-11-23T21:45:03.123456Z'],
    ['2026-11-23T21:45:03.5Z', '2026-11-23T21:45:03.500000Z'],
    ['2026-11-23T21:45:03Z', '2026-11-23T21:45:03.000000Z'],
    ['2026-11-23T22:45:03.25+01:00', '2026-11-23T21:45:03.250000Z'],
  ])('%s becomes %s', (given, expected) => {
    expect(toTimestamp(given)).toBe(expected);
  });

  test('go to milliseconds and back', () => {
    const time = '2026-11-23T21:45:03.123456Z';
    expect(timestamp(epochMs(time))).toBe(time);
  });
});

test.each([
  ['600s', 600],
  ['1.5s', 1.5],
  ['-3s', -3],
  ['10m', undefined],
  ['600', undefined],
  ['s', undefined],
])('the proto duration %s is %s seconds', (text, seconds) => {
  expect(durationSeconds(text)).toBe(seconds);
});

test.each([
  ['600', 600],
  ['1h30m', 5400],
  ['10m5s', 605],
  ['1D', 86400],
  ['1w', 604800],
  ['1.5h', 5400],
  ['PT1H', 3600],
  ['P1D', 86400],
  ['p1dt2h', 93600],
  ['1h1', undefined],
  ['600.5', undefined],
  ['', undefined],
  ['P', undefined],
  ['abc', undefined],
])('the gcloud duration %s is %s seconds', (text, seconds) => {
  expect(parseGcloudDuration(text)).toBe(seconds);
});

test.each([
  [0, '0s'],
  [38_220, '38.22s'],
  [15_500, '15.5s'],
  [63_600, '1m3.6s'],
  [169_010, '2m49.01s'],
  [190_260, '3m10.26s'],
  [3_725_000, '1h2m5s'],
  [-5, '0s'],
])('a span of %s ms reads %s', (ms, text) => {
  expect(formatSpan(ms)).toBe(text);
});

test.each([
  ['is in order', [3, 5], [0, 9], [3, 5]],
  ['is of a clock that is behind', [-13, -11], [0, 9], [0, 2]],
  ['is of a clock that is ahead', [13, 15], [0, 9], [7, 9]],
  ['is longer than there was time', [3, 15], [0, 9], [0, 9]],
  ['ends before it begins', [5, 3], [0, 9], [5, 5]],
  ['ends before it begins, and later than now', [12, 10], [0, 9], [9, 9]],
  ['is in a time that has been put back', [3, 5], [9, 0], [9, 9]],
] as const)('a span that %s is put on our clock', (_, span, within, expected) => {
  const spanOf = ([from, to]: readonly [number, number]) => ({
    from: timestamp(1e12 + from * 1000),
    to: timestamp(1e12 + to * 1000),
  });
  expect(onOurClock(spanOf(span), spanOf(within))).toEqual(spanOf(expected));
});

test.each([
  [600, '10m'],
  [5400, '1h30m'],
  [90061, '1d1h1m1s'],
  [0, '0s'],
])('a timeout of %s s reads %s', (seconds, text) => {
  expect(formatTimeout(seconds)).toBe(text);
});
