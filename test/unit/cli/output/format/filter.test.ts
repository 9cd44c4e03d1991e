import { describe, expect, test } from 'vitest';
import { absentKeys, parseFilter } from '../../../../../src/cli/output/format/filter.js';
import { row } from './row.js';

describe('a filter', () => {
  const now = Date.parse('2026-11-24T09:05:07Z');
  const holds = (text: string): boolean => parseFilter(text, now).holds(row);

  test.each([
    '',
    'name=etl-nightly',
    'name=ETL-nightly',
    'name="etl-nightly"',
    'name:etl',
    'name:night',
    'name:ightly',
    'name:etl*',
    'name:*nightly',
    'name:e*y',
    'name:*',
    'no:*',
    'no=0',
    'count=03',
    'count:3.0',
    'labels:a',
    'nothing=""',
    'nothing<5',
    'nothing!~x',
    'conditions.state!=BAD',
    'conditions.state!~B',
    'conditions:(Foo Ready)',
    'conditions.tags=x',
    'time=2026-11-23T10:05:07.123456+01:00',
    'time>2026-11-23T04:05:06-05:00',
    'time>2026-11-22',
    'time:2026-11',
    'time<p5y',
    'central',
    'region<v',
    'region:ÚS-central1',
    'name~^etl',
    'name~"(?i)^ETL"',
    'name~etl\\-nightly',
    'name~"^etl-[a-z]+$"',
    'name!=other',
    'name!~^x',
    'nothing!=x',
    'labels.team=a',
    'labels:team',
    'labels.team:(b a)',
    'labels.team=(b, a)',
    'conditions.state=BAD',
    'conditions[].type:Start',
    'conditions[0].type=Ready',
    'count>2',
    'count>=3 AND count<=3 count<10',
    'yes=true',
    'no=False',
    'time>2026-11-23T09:00:00Z',
    'time>-P2D',
    'time<-PT12H',
    'path.basename()=etl',
    'nightly',
    'us-central1',
    'NOT name=x',
    '-name=x',
    'name=x OR region=us-central1',
    'name=x OR (region=us-central1 AND count=3)',
    'count=3 name=x OR region=us-central1',
    '(name=x OR count=3) AND NOT (count=4)',
    'name=etl-nightly labels.team=a',
    'labels."dotted.key/x"=y',
  ])('%s holds', (text) => {
    expect(holds(text)).toBe(true);
  });

  test.each([
    'name=etl',
    'name:nightly*',
    'name:*etl',
    'name:e*x',
    'empty:*',
    'labels.nope:*',
    'labels~a',
    'name~^nightly',
    'name~^ETL',
    'nothing=x',
    'nothing:*',
    'nothing>1',
    'nothing~.',
    'count>3',
    'count>10',
    'time>-PT12H',
    'labels.team:(b c)',
    'nothing>-p1d',
    'conditions[0].state!=OK',
    'NOT name=etl-nightly',
    'weekly',
    'team',
    'region<V',
    'name=etl-nightly labels.team=b',
    'name=x AND (region=us-central1 OR count=3)',
  ])('%s does not hold', (text) => {
    expect(holds(text)).toBe(false);
  });

  test('refuses what is no time where a time is', () => {
    expect(() => holds('time>yesterday')).toThrow('yesterday is not a time');
  });

  test('tells keys that are nowhere', () => {
    const filter = parseFilter('nme=x OR labels.tem:a OR count=3', now);
    expect(absentKeys(filter, [row])).toEqual(['nme', 'labels.tem']);
    expect(absentKeys(filter, [])).toEqual([]);
  });

  test.each([
    ['name=x AND', 'expected a term'],
    ['(name=x', 'expected )'],
    ['name=x)', 'unexpected text'],
    ['name~(', 'Invalid regular expression'],
    ['name:(a', 'expected a value'],
    ['name.foo()=1', 'unknown function foo()'],
    ['NOT', 'expected a term'],
    ['AND name=x', 'expected a term'],
    ['name=', 'expected a value'],
    ['name==x', 'expected an operator'],
    ['name<>x', 'expected an operator'],
    ['name:*a*', 'at most one *'],
    ['name=x OR region=y AND count=3', 'AND and OR next to each other need parentheses'],
    ['labels.dotted.key/x=y', 'expected a term'],
  ])('%s is refused', (text, message) => {
    expect(() => parseFilter(text, now)).toThrow(message);
  });
});
