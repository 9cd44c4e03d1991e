import { describe, expect, test } from 'vitest';
import { absentKeys, keysFlag, parseFilter } from '../../../src/cli/render/format/filter.js';
import { formatDate } from '../../../src/cli/render/format/date.js';
import { compareRows, flattened, picked, printRows } from '../../../src/cli/render/format/printers.js';
import { formatFlag, shownFormats } from '../../../src/cli/render/format/projection.js';
import { flattenedRows } from '../../../src/cli/render/format/rows.js';

const format = formatFlag(shownFormats);

const row = {
  name: 'etl-nightly',
  region: 'us-central1',
  path: 'projects/p/locations/us-central1/jobs/etl',
  labels: { team: 'a', 'dotted.key/x': 'y' },
  empty: [],
  yes: true,
  no: false,
  count: 3,
  time: '2026-11-23T09:05:07.123456Z',
  conditions: [
    { type: 'Ready', state: 'OK', tags: ['x', 'y'] },
    { type: 'Started', state: 'BAD', tags: ['z'] },
  ],
};

const value = (key: string): string => printRows(format(`value(${key})`), [row]).replace(/\n$/, '');

describe('a key', () => {
  test.each([
    ['name', 'etl-nightly'],
    [' name , region ', 'etl-nightly\tus-central1'],
    ['labels.team', 'a'],
    ['labels."dotted.key/x"', 'y'],
    ["labels.'dotted.key/x'", 'y'],
    ['conditions[0].type', 'Ready'],
    ['conditions[-1].type', 'Started'],
    ['conditions[9].type', ''],
    ['conditions[].type', 'Ready;Started'],
    ['conditions.type', 'Ready;Started'],
    ['conditions[].tags[]', 'x;y;z'],
    ['labels', 'team=a;dotted.key/x=y'],
    ['conditions[0]', 'type=Ready;state=OK;tags=["x","y"]'],
    ['yes,no,count,empty', 'True\tFalse\t3\t'],
    ['nothing.at.all,constructor,labels.toString', '\t\t'],
  ])('%s is %j', (key, shown) => {
    expect(value(key)).toBe(shown);
  });

  test.each([
    ['path.basename()', 'etl'],
    ['path.segment(1)', 'p'],
    ['path.segment(-2)', 'jobs'],
    ['path.scope(locations)', 'us-central1/jobs/etl'],
    ['path.scope()', 'etl'],
    ['nothing.basename(undefined=none)', 'none'],
    ['time.date()', '2026-11-23T09:05:07'],
    ["time.date('%d %b %Y %H:%M:%S.%f')", '23 Nov 2026 09:05:07.123456'],
    ["time.date(format='%H:%M %Z', tz=America/New_York)", '04:05 EST'],
    ['yes.yesno(yes=Y, no=N)', 'Y'],
    ['nothing.yesno(Y, N)', 'N'],
    ['conditions.len()', '2'],
    ['conditions[].type.list()', 'Ready, Started'],
    ['conditions[].type.join(sep="+")', 'Ready+Started'],
    ['conditions[].type.sort().slice(1:)', 'Started'],
    ['path.split(/).len()', '6'],
    ['name.sub("-.*", "")', 'etl'],
    ['name.sub("(e)(t)", "\\2\\1")', 'tel-nightly'],
    ['firstof(nothing, empty, region)', 'us-central1'],
    ["format('{0}/{1}', region, labels.team)", 'us-central1/a'],
    ['conditions.map().extract(type,state).list()', '["Ready","OK"], ["Started","BAD"]'],
    ['name.upper()', 'ETL-NIGHTLY'],
  ])('%s is %j', (key, shown) => {
    expect(value(key)).toBe(shown);
  });

  test('is raw in get()', () => {
    expect(printRows(format('get(path.basename(), name)'), [row])).toBe(`${row.path}\tetl-nightly\n`);
  });
});

describe('printers', () => {
  const rows = [row, { ...row, name: 'b,"c"', labels: {}, count: 10 }];

  test.each([
    ['csv(name,count)', 'name,count\netl-nightly,3\n"b,""c""",10\n'],
    ['csv[no-heading](name.basename():label=N)', 'etl-nightly\n"b,""c"""\n'],
    ['csv[separator=";"](name,labels)', 'name;labels\netl-nightly;"team=a;dotted.key/x=y"\n"b,""c""";\n'],
    ['value[separator=" "](name,count)', 'etl-nightly 3\nb,"c" 10\n'],
    ['value(name:sort=1)', 'b,"c"\netl-nightly\n'],
    ['value(name, count:sort=1:reverse)', 'b,"c"\t10\netl-nightly\t3\n'],
    ['list(name,count)', ' - etl-nightly 3\n - b,"c" 10\n'],
    ['table(name:label=JOB,creationTimestamp)', 'JOB          CREATION_TIMESTAMP\netl-nightly\nb,"c"\n'],
    ['table[no-heading](count)', '3\n10\n'],
    [
      'table[box,title=Jobs](name, count)',
      `Jobs
+-------------+-------+
| NAME        | COUNT |
+-------------+-------+
| etl-nightly | 3     |
| b,"c"       | 10    |
+-------------+-------+
`,
    ],
  ])('%s', (text, printed) => {
    expect(printRows(format(text), rows)).toBe(printed);
  });

  test('flattened has every value on a line', () => {
    expect(flattened([{ a: { 'x.y': [1, { b: true }] }, empty: [], none: undefined }, { c: 'd' }])).toBe(
      '---\na."x.y"[0]:   1\na."x.y"[1].b: True\nempty:        []\n---\nc: d\n',
    );
  });

  test('json and yaml take the part that keys name', () => {
    expect(picked(row, format('json(name, labels.team, conditions[].type, nothing)').keys)).toEqual({
      name: 'etl-nightly',
      labels: { team: 'a' },
      conditions: { type: ['Ready', 'Started'] },
    });
  });

  test('--flatten makes a row of every item', () => {
    const flat = flattenedRows([row, { name: 'none' }], keysFlag('--flatten')('conditions[]'));
    expect(printRows(format('value(name,conditions.type)'), flat)).toBe(
      'etl-nightly\tReady\netl-nightly\tStarted\nnone\t\n',
    );
  });

  test('--sort-by compares numbers as numbers', () => {
    const sort = (keys: string): number[] =>
      [{ n: 10 }, { n: 9, a: 'x' }, { n: 9 }]
        .toSorted((a, b) => compareRows(keysFlag('--sort-by')(keys), a, b))
        .map(({ n }) => n);
    expect(sort('n')).toEqual([9, 9, 10]);
    expect(sort('~n')).toEqual([10, 9, 9]);
    expect(sort('a,~n')).toEqual([10, 9, 9]);
  });

  test.each([
    ['value', 'value takes keys, such as value(name, region)'],
    ['table()', 'table takes keys'],
    ['xml', 'must be one of json, yaml, value(KEY,...)'],
    ['export', 'must be one of'],
    ['', 'must be one of'],
    ['json(a', 'expected , at character 7'],
    ['json(a))', 'unexpected text at character 8'],
    ['value(a.)', 'expected a key at character 9'],
    ['value(a.b().c)', 'expected a function'],
    ['value("a)', 'unterminated quotes'],
    ['value(a.foo())', 'there is no function foo()'],
    ['value(a.sub("("))', 'Invalid regular expression'],
    ['table[box', 'expected ]'],
  ])('refuses %s', (text, message) => {
    expect(() => format(text)).toThrow(message);
  });
});

test.each([
  [
    '%Y/%m/%d %F %T %y %e %B %A %a %s %%',
    undefined,
    '2026/01/05 2026-01-05 23:04:05 26  5 January Monday Mon 1767654245 %',
  ],
  ['%H:%M', 'Europe/Berlin', '00:04'],
  ['%q', undefined, '%q'],
])('a date by %s in %s', (pattern, tz, shown) => {
  expect(formatDate('2026-01-05T23:04:05Z', pattern, tz)).toBe(shown);
});

test('what is no date, or no zone, stays as it is', () => {
  expect(formatDate('soon')).toBe('soon');
  expect(formatDate('2026-01-05T23:04:05Z', '%F', 'Mars/Base')).toBe('2026-01-05T23:04:05Z');
});

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
    'name:etl*',
    'name:*',
    'name~^etl',
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
    'name=x OR region=us-central1 AND count=3',
    'count=3 name=x OR region=us-central1',
    '(name=x OR count=3) AND NOT (count=4)',
    'name=etl-nightly labels.team=a',
    'labels."dotted.key/x"=y',
  ])('%s holds', (text) => {
    expect(holds(text)).toBe(true);
  });

  test.each([
    'name=etl',
    'name:ightly',
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
    'conditions.state!=BAD',
    'NOT name=etl-nightly',
    'weekly',
    'name=etl-nightly labels.team=b',
    'name=x AND (region=us-central1 OR count=3)',
  ])('%s does not hold', (text) => {
    expect(holds(text)).toBe(false);
  });

  test('tells keys that are nowhere', () => {
    const filter = parseFilter('nme=x AND labels.tem:a OR count=3', now);
    expect(absentKeys(filter, [row])).toEqual(['nme', 'labels.tem']);
    expect(absentKeys(filter, [])).toEqual([]);
  });

  test.each([
    ['name=x AND', 'expected a term'],
    ['(name=x', 'expected )'],
    ['name=x)', 'unexpected text'],
    ['name~(', 'Invalid regular expression'],
    ['name:(a', 'expected a value'],
    ['name.foo()=1', 'there is no function foo()'],
    ['NOT', 'expected a term'],
  ])('%s is refused', (text, message) => {
    expect(() => parseFilter(text, now)).toThrow(message);
  });
});
