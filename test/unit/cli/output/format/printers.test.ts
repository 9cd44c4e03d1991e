import { describe, expect, test } from 'vitest';
import { compareRows } from '../../../../../src/cli/output/format/tabular.js';
import { keysIn } from '../../../../../src/cli/output/format/filter.js';
import { flattenedRows } from '../../../../../src/cli/output/format/rows.js';
import { format, printed, printedOne, row } from './row.js';

describe('printers', () => {
  const rows = [row, { ...row, name: 'b,"c"', labels: {}, count: 10, conditions: [] }];

  test.each([
    ['csv(name,count)', 'name,count\netl-nightly,3\n"b,""c""",10\n'],
    ['csv[no-heading](name.basename():label=N)', 'etl-nightly\n"b,""c"""\n'],
    ['csv(name:label=N,creationTimestamp)', 'n,creation_timestamp\netl-nightly,\n"b,""c""",\n'],
    ['csv(conditions[0].type,conditions[1].type)', 'type,conditions_type\nReady,Started\n,\n'],
    ['csv[separator=";"](name,labels)', 'name;labels\netl-nightly;dotted.key/x=y;team=a\n"b,""c""";\n'],
    ['csv[no-quote,terminator="|"](name)', 'name|etl-nightly|b,"c"|'],
    ['value[separator=" "](name,count)', 'etl-nightly 3\nb,"c" 10\n'],
    ['value[separator="\\n"](name,count)', 'etl-nightly\n3\nb,"c"\n10\n'],
    ['value[delimiter=" "](conditions[].type)', 'Ready Started\n\n'],
    ['value[quote](name)', 'etl-nightly\n"b,""c"""\n'],
    ['list(name,count)', ' - etl-nightly\n   3\n - b,"c"\n   10\n'],
    ['list[compact,title=Jobs](name,count)', 'Jobs\n - etl-nightly 3\n - b,"c" 10\n'],
    ['table(name:label=JOB,creationTimestamp)', 'JOB          CREATION_TIMESTAMP\netl-nightly\nb,"c"\n'],
    ['table[no-heading](count)', '3\n10\n'],
    [
      'table(firstof(a,name),labels)',
      "NAME         LABELS\netl-nightly  {'dotted.key/x': 'y', 'team': 'a'}\nb,\"c\"        {}\n",
    ],
    ['table(name:sort=1)', 'NAME\nb,"c"\netl-nightly\n'],
    ['table(name, count:sort=1:reverse)', 'NAME         COUNT\nb,"c"        10\netl-nightly  3\n'],
    [
      'table(count:align=right,name:align=center,region)',
      'COUNT      NAME     REGION\n    3  etl-nightly  us-central1\n   10     b,"c"     us-central1\n',
    ],
    ['table[pad=1](name:width=12,count)', 'NAME         COUNT\netl-nightly  3\nb,"c"        10\n'],
    ['table(nothing:optional,count:optional)', 'COUNT\n3\n10\n'],
    [
      'table[width=30](name,path:wrap)',
      'NAME         PATH\netl-nightly  projects/p/locati\n             ons/us-central1/j\n             obs/etl\n' +
        'b,"c"        projects/p/locati\n             ons/us-central1/j\n             obs/etl\n',
    ],
    ['table[title="The Jobs"](name)', '  The Jobs\nNAME\netl-nightly\nb,"c"\n'],
    [
      'table(name,conditions:format="table(type,state)")',
      'NAME\netl-nightly\n    TYPE     STATE\n    Ready    OK\n    Started  BAD\nb,"c"\n',
    ],
    ['table(conditions:format="value(type)",labels:format=config)', 'Ready\nStarted\ndotted.key/x = y\nteam = a\n'],
    [
      'table[box,title=Jobs](name, count)',
      `┌─────────────────────┐
│         Jobs        │
├─────────────┬───────┤
│     NAME    │ COUNT │
├─────────────┼───────┤
│ etl-nightly │ 3     │
│ b,"c"       │ 10    │
└─────────────┴───────┘
`,
    ],
    [
      'table[all-box,no-heading,ascii](name, count)',
      `+-------------+----+
| etl-nightly | 3  |
+-------------+----+
| b,"c"       | 10 |
+-------------+----+
`,
    ],
    [
      'multi[separator="--\\n"](labels:format=json,conditions:format="value(type)")',
      '--\n{\n  "dotted.key/x": "y",\n  "team": "a"\n}\n--\nReady\nStarted\n--\n{}\n--\n',
    ],
  ])('%s', async (text, expected) => {
    expect(await printed(text, rows)).toBe(expected);
  });

  test('a box around columns with a format of their own goes around each row', async () => {
    expect(await printed('table[box,ascii](name,conditions:format="value(type)")', rows)).toBe(
      '+-------------+\n|     NAME    |\n+-------------+\n| etl-nightly |\n+-------------+\n    Ready\n    Started\n+-------------+\n| b,"c"       |\n+-------------+\n',
    );
  });

  const tree = { a: { 'x.y': [1, { b: true }] }, empty: [], none: undefined, text: "it's" };

  test.each([
    ['flattened', "a.x.y[0]:   1\na.x.y[1].b: True\nempty:      []\ntext:       it's\n"],
    ['flattened[no-pad](text:label=T,a)', "a.x.y[0]: 1\na.x.y[1].b: True\nt: it's\n"],
    ['config', "text = it's\n[a.x.y]\n0 = 1\n[a.x.y.1]\nb = True\n"],
    ['config[title=T](text)', "T\ntext = it's\n"],
    ['config[export]', `export a_x.y_I0=1\nexport a_x.y_b=True\nexport text='it'"'"'s'\n`],
    ['config[unset](text)', 'unset text\n'],
    ['list', ` - a: {'x.y': [1, {'b': True}]}\n   empty: []\n   text: it's\n`],
    ['object', `{'a': {'x.y': [1, {'b': True}]}, 'empty': [], 'text': "it's"}\n`],
    [
      'json',
      '{\n  "a": {\n    "x.y": [\n      1,\n      {\n        "b": true\n      }\n    ]\n  },\n  "empty": [],\n  "text": "it\'s"\n}\n',
    ],
    ['json(nothing)', 'null\n'],
  ])('one resource by %s', async (text, expected) => {
    const { none: _, ...of } = tree;
    expect(await printedOne(text, of)).toBe(expected);
  });

  test('a list by flattened has a line between resources', async () => {
    expect(await printed('flattened', [{ a: 1 }, { b: [] }])).toBe('---\na: 1\n---\nb: []\n');
  });

  test.each([
    ['json(name, labels.team, nothing)', { name: 'etl-nightly', labels: { team: 'a' } }],
    ['json(conditions[].type)', { conditions: [{ type: 'Ready' }, { type: 'Started' }] }],
    ['json(conditions.type)', { conditions: [{ type: 'Ready' }, { type: 'Started' }] }],
    ['json(conditions[1].type)', { conditions: [null, { type: 'Started' }] }],
    ['json(conditions[-1].type)', { conditions: [null, { type: 'Started' }] }],
    ['json(path.basename(), firstof(a, name))', { path: 'etl' }],
    ['json(labels.nothing, empty)', { empty: [] }],
    ['json(.)', row],
  ])('%s is the part that keys name', async (text, part) => {
    expect(JSON.parse(await printedOne(text, row))).toEqual(part);
  });

  test('--flatten makes a row of every item', async () => {
    const flat = flattenedRows(
      [row, { name: 'none' }, { name: 'empty', conditions: [] }],
      keysIn(['conditions[]'], '--flatten'),
    );
    expect(await printed('value(name,conditions.type)', flat as object[])).toBe(
      'etl-nightly\tReady\netl-nightly\tStarted\nnone\t\n',
    );
  });

  test('--sort-by compares numbers as numbers', () => {
    const sort = (keys: string): number[] =>
      [{ n: 10 }, { n: 9, a: 'x' }, { n: 9 }]
        .toSorted((a, b) => compareRows(keysIn([keys], '--sort-by'), a, b))
        .map(({ n }) => n);
    expect(sort('n')).toEqual([9, 9, 10]);
    expect(sort('~n')).toEqual([10, 9, 9]);
    expect(sort('a,~n')).toEqual([10, 9, 9]);
  });

  test.each([
    ['value', 'value needs keys, such as value(name, region)'],
    ['table()', 'table needs keys'],
    ['xml', 'must be one of json, yaml, value(KEY,...)'],
    ['export', 'must be one of'],
    ['', 'must be one of'],
    ['json(a', 'expected , at character 7'],
    ['json(a))', 'unexpected text at character 8'],
    ['value(a.)', 'expected a key at character 9'],
    ['value(a.b().c)', 'expected a function'],
    ['value("a)', 'unterminated quotes'],
    ['value(a.foo())', 'unknown function foo()'],
    ['value(a.sub("("))', 'Invalid regular expression'],
    ['table[box', 'expected ]'],
    ['value(firstof("a b"))', 'unexpected text at character 3 of a b'],
    ['value(extract(a.foo()))', 'unknown function foo()'],
    ['value(name.if(AND))', 'expected a term'],
    ['table(name:foo=1)', 'unknown attribute foo'],
    ['table(name:label)', 'attribute label needs a value'],
    ['table(name:optional=1)', 'attribute optional does not accept a value'],
    ['table(name:align=top)', 'align must be left, center or right'],
    ['multi(name)', 'each key of multi needs :format='],
    ['multi', 'multi needs keys, such as multi(labels:format=json)'],
    ['table(name,labels:format=xml)', 'must be one of'],
  ])('refuses %s', (text, message) => {
    expect(() => format(text)).toThrow(message);
  });
});
