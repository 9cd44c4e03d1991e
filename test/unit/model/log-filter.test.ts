import { describe, expect, test } from 'vitest';
import { StatusError } from '../../../src/model/errors.js';
import type { LogEntry } from '../../../src/model/log-entry.js';
import { parseLogFilter } from '../../../src/model/log-filter/parse.js';

const entry: LogEntry = {
  insertId: 'id-1',
  logName: 'projects/p/logs/run.googleapis.com%2Fstdout',
  resource: { type: 'cloud_run_job', labels: { job_name: 'nightly', location: 'us-central1', project_id: 'p' } },
  timestamp: '2026-11-24T09:05:07.123456Z',
  severity: 'ERROR',
  labels: { 'run.googleapis.com/task_index': '3', team: 'Data' },
  jsonPayload: {
    message: 'Out of memory: 42 MB',
    code: 7,
    ok: false,
    nothing: null,
    'odd key': 'x',
    tags: ['red', 'green'],
    nested: { list: [{ name: 'a' }, { name: 'b' }] },
  },
  httpRequest: { status: '503', latency: '1.5s', remoteIp: '10.1.2.3' },
};
const plain: LogEntry = { ...entry, severity: undefined, jsonPayload: undefined, textPayload: 'say "hi"\tthere: a.b' };

const holds = (filter: string, of = entry): boolean => parseLogFilter(filter, '--log-filter').holds(of);

describe('a filter of log entries holds', () => {
  test.for([
    ['', true],
    ['severity=ERROR', true],
    ['severity = "error"', true],
    ['severity>=WARNING', true],
    ['severity>ERROR', false],
    ['severity!=ERROR', false],
    ['severity:ERROR', true],
    ['severity=500', true],
    ['severity=(INFO OR ERROR)', true],
    ['timestamp>="2026-11-24T09:05:07Z"', true],
    ['timestamp>"2026-11-24T10:05:07.123456+01:00"', false],
    ['timestamp>="2026-11-24T10:05:07.123456+01:00"', true],
    ['timestamp<="2026-11-24"', false],
    ['timestamp>=2026-11-24', true],
    ['resource.type="cloud_run_job" AND resource.labels.job_name=NIGHTLY', true],
    ['labels."run.googleapis.com/task_index"="3"', true],
    ['labels."run.googleapis.com/task_index"="2"', false],
    ['labels:team', true],
    ['labels.team:dat', true],
    ['labels.absent="x"', false],
    ['labels.absent!="x"', false],
    ['NOT labels.absent="x"', true],
    ['-labels.absent:*', true],
    ['labels.team:*', true],
    ['jsonPayload.message:"out of"', true],
    ['jsonPayload.message="out of"', false],
    ['jsonPayload.message="OUT of memory: 42 mb"', true],
    ['jsonPayload:"memory"', true],
    ['jsonPayload.code=7', true],
    ['jsonPayload.code>=7.5', false],
    ['jsonPayload.code < 8', true],
    ['jsonPayload.code>-1', true],
    ['jsonPayload.code:7', true],
    ['jsonPayload.code=(1 OR 7)', true],
    ['jsonPayload.ok=false', true],
    ['jsonPayload.ok=true', false],
    ['jsonPayload.nothing=NULL_VALUE', true],
    ['jsonPayload.code=NULL_VALUE', false],
    ['jsonPayload."odd key"="X"', true],
    ['jsonPayload.tags="green"', true],
    ['jsonPayload.tags:(red AND gree)', true],
    ['jsonPayload.nested.list.name=b', true],
    ['jsonPayload.nested.list.name=c', false],
    ['jsonPayload.message=~"memory: \\d+"', true],
    ['jsonPayload.message=~"MEMORY"', false],
    ['jsonPayload.message=~"(?i)^out"', true],
    ['jsonPayload.message!~"^out"', true],
    ['jsonPayload.message=~"\\AOut [[:alpha:]]+ .*MB\\z"', true],
    ['httpRequest.status>=500', true],
    ['httpRequest.latency>"1.25s"', true],
    ['json_payload.code=7', true],
    ['memory', true],
    ['"of memory"', true],
    ['elephant', false],
    ['memory code', false],
    ['memory -elephant', true],
    ['severity=INFO OR severity=ERROR AND memory', true],
    ['memory OR severity=ERROR AND elephant', false],
    ['severity=ERROR -- the worst\n  memory', true],
    ['log_id("run.googleapis.com/stdout")', true],
    ['LOG_ID("run.googleapis.com/stderr")', false],
    ['SEARCH("MEMORY out")', true],
    ['SEARCH("mem")', false],
    ['SEARCH(jsonPayload.message, "`of memory`")', true],
    ['SEARCH(jsonPayload.message, "`memory of`")', false],
    ['NOT SEARCH(labels, "memory")', true],
    ['ip_in_net(httpRequest.remoteIp, "10.0.0.0/8")', true],
    ['ip_in_net(httpRequest.remoteIp, "192.168.0.0/16")', false],
    ['sample(insertId, 1)', true],
    ['sample(insertId, 0)', false],
  ] as const)('%s: %s', ([filter, expected]) => expect(holds(filter)).toBe(expected));

  test.for([
    ['severity=DEFAULT', true],
    ['severity<ERROR', true],
    ['severity:*', false],
    ['textPayload:"\\"hi\\"\\t"', true],
    [`textPayload='say "hi"\\tthere: a.b'`, true],
    ['textPayload=~"a\\.b$"', true],
    ['jsonPayload:*', false],
    ['textPayload:*', true],
    ['trace=""', true],
  ] as const)('of a plain line: %s: %s', ([filter, expected]) => expect(holds(filter, plain)).toBe(expected));

  test('for as large a part as it samples', () => {
    const { holds: sampled } = parseLogFilter('sample(insertId, 0.25)', '--log-filter');
    const hits = Array.from({ length: 4000 }, (_, i) => sampled({ ...entry, insertId: `id-${i}` })).filter(Boolean);
    expect(hits.length / 4000).toBeCloseTo(0.25, 1);
  });
});

test('a filter is known to say something of the time', () => {
  expect(parseLogFilter('severity=ERROR', '').timed).toBe(false);
  expect(parseLogFilter('a OR (b -Timestamp<"2026-11-24")', '').timed).toBe(true);
});

test.for([
  ['severity>=BAD', 'BAD is not a valid severity at character 11', 'severities are DEFAULT, DEBUG'],
  ['timestamp>="yesterday"', 'yesterday is not a valid time at character 12', 'write a time as "2026'],
  ['timestamp>=2026-11-24T09:05:07Z', '2026-11-24T09 is not a valid time at character 12', 'write a time as "2026'],
  ['name=x', 'a log entry has no field name at character 1', 'its fields are errorGroups'],
  ['memory AND', 'expected a term at character 11', 'quote text that contains any of'],
  ['OR memory', 'expected a term at character 1', undefined],
  ['(memory', 'expected ) at character 8', undefined],
  ['memory)', 'unexpected text at character 7', 'quote text that contains any of'],
  ['textPayload:', 'expected a value at character 13', 'quote text that contains any of'],
  ['textPayload:a:b', 'expected a term at character 14', 'quote text that contains any of'],
  ['textPayload:"open', 'unterminated quotes at character 13', undefined],
  ['textPayload=~"("', 'Invalid regular expression', undefined],
  ['constructor(textPayload)', 'there is no function constructor()', 'the functions are log_id("run'],
  ['cast(textPayload)', 'there is no function cast() at character 1', 'the functions are log_id("run'],
  ['sample(insertId)', 'sample() has wrong arguments at character 1', 'write it as: sample(insertId, 0.25)'],
  ['log_id()', 'log_id() has wrong arguments at character 1', 'log_id("run.googleapis.com/stdout")'],
] as const)('%s is refused: %s', ([filter, problem, fix]) => {
  let error: unknown;
  try {
    parseLogFilter(filter, '--log-filter');
  } catch (thrown) {
    error = thrown;
  }
  if (!(error instanceof StatusError)) throw new Error('it is taken');
  expect(error.message).toContain(`argument --log-filter: ${problem}`);
  expect(error.fix === undefined).toBe(fix === undefined);
  expect(error.fix ?? '').toContain(fix ?? '');
});

test.for([
  ['labels."a/b"="x" AND severity>=ERROR', 'x'],
  ['severity>=ERROR (labels."a/b" = x AND textPayload:a)', 'x'],
  ['labels."a/b"=("x")', 'x'],
  ['labels."a/b"="x" OR severity=ERROR', undefined],
  ['labels."a/b"=("x" OR "y")', undefined],
  ['NOT labels."a/b"="x"', undefined],
  ['-(labels."a/b"="x")', undefined],
  ['labels."a/b":"x"', undefined],
  ['labels.a/b="x"', 'x'],
  ['labels.a.b="x"', undefined],
] as const)('%s: the text of the field is %s', ([filter, text]) => {
  expect(parseLogFilter(filter, '').textOf('labels', 'a/b')).toBe(text);
});
