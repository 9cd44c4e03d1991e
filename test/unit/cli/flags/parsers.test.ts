import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dictFlag, durationFlag, integerFlag, listFlag } from '../../../../src/cli/flags/parsers.js';

// Values and texts: observed with gcloud 578.
const list = listFlag('--args');
const dict = dictFlag('--labels');
const integer = integerFlag('--tasks', 1);
const duration = durationFlag('--task-timeout');

describe('a list', () => {
  test.each<[text: string, items: string[]]>([
    ['', []],
    ['a', ['a']],
    ['a,b', ['a', 'b']],
    ['a,,b,', ['a', '', 'b']],
    [',', ['']],
    [' a , b ', [' a ', ' b ']],
    ['--foo,bar', ['--foo', 'bar']],
    ['^;^a,b;c', ['a,b', 'c']],
    ['^##^a##b#c', ['a', 'b#c']],
    ['^@^', []],
    ['--', []],
  ])('%j', (text, items) => {
    expect(list(text)).toEqual(items);
  });

  test('goes on when the flag comes again, and takes no value twice', () => {
    expect(list('c', list('a,b'))).toEqual(['a', 'b', 'c']);
    expect(() => list('a,b,a')).toThrow('argument --args: "a" cannot be specified multiple times');
    expect(() => list('a', ['a'])).toThrow('argument --args: "a" cannot be specified multiple times');
  });

  test('takes any values that do not hold its delimiter', () => {
    const item = fc.string({ minLength: 1 }).filter((text) => !text.includes('|') && !text.includes('^'));
    fc.assert(
      fc.property(fc.uniqueArray(item, { minLength: 1 }), (items) => {
        expect(list(`^|^${items.join('|')}`)).toEqual(items);
      }),
    );
  });
});

describe('a dictionary', () => {
  test.each<[text: string, entries: Record<string, string>]>([
    ['', {}],
    ['A=1', { A: '1' }],
    ['A=1,B=x=y', { A: '1', B: 'x=y' }],
    ['A=', { A: '' }],
    [' A =1', { A: '1' }],
    ['A=1,A=2', { A: '2' }],
    ['^;^A=1,2;B=x', { A: '1,2', B: 'x' }],
  ])('%j', (text, entries) => {
    expect(dict(text)).toEqual(entries);
  });

  test.each([
    ['A', 'argument --labels: Bad syntax for dict arg: [A]. Write KEY=VALUE.'],
    ['A=1,B', 'argument --labels: Bad syntax for dict arg: [B]. Write KEY=VALUE.'],
    ['=v', 'argument --labels: Invalid flag value [=v]'],
  ])('%j is none', (text, message) => {
    expect(() => dict(text)).toThrow(message);
  });

  test('goes on when the flag comes again, and takes no key twice', () => {
    expect(dict('B=2', { A: '1' })).toEqual({ A: '1', B: '2' });
    expect(() => dict('A=2', { A: '1' })).toThrow(
      'argument --labels: "A" cannot be specified multiple times; received: 1, 2',
    );
  });

  test('has names of prototypes as keys like any others', () => {
    const entries = dict('__proto__=x,constructor=y');
    expect(Object.entries(entries)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
    expect(Object.getPrototypeOf(entries)).toBe(Object.prototype);
  });
});

test.each([
  ['1', 1],
  ['+7', 7],
  ['10000', 10000],
  [' 3 ', 3],
  ['1_0', 10],
])('the integer %j', (text, value) => {
  expect(integer(text)).toBe(value);
});

test.each(['', '1_', '1e3', '0x10', '1.0', 'one', '١'])('%j is no integer', (text) => {
  expect(() => integer(text)).toThrow(`argument --tasks: Value must be an integer; received: ${text}`);
});

test.each([
  ['600', '600s'],
  ['1h30m', '5400s'],
  ['10m5s', '605s'],
  ['1d', '86400s'],
  ['1w', '604800s'],
  ['1.5h', '5400s'],
  ['PT1H', '3600s'],
  ['p1d', '86400s'],
  ['1H', '3600s'],
])('the duration %j', (text, value) => {
  expect(duration(text)).toBe(value);
});

test.each(['', '1h1', '600.5', '-1', '1 h', 's', 'P', 'PT'])('%j is no duration', (text) => {
  expect(() => duration(text)).toThrow(`argument --task-timeout: ${JSON.stringify(text)} is not a duration`);
});
