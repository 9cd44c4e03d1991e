import { describe, expect, test } from 'vitest';
import { parseFilter } from '../../src/cli/output/format/filter.js';
import { readFormat } from '../../src/cli/output/format/projection.js';
import { expressionProblem } from '../../src/model/iam/conditions.js';
import { readPolicy } from '../../src/model/iam/read.js';
import { readLocalFile } from '../../src/model/local/read.js';
import { entryText, lineEntry } from '../../src/model/log-entry.js';
import { parseLogFilter } from '../../src/model/log-filter/parse.js';
import { readBody } from '../../src/model/spec/request-body.js';
import { readJobs } from '../../src/model/spec/read.js';
import { parseValue } from '../../src/model/spec/source-document.js';
import { JobMessage } from '../../src/model/schema/job.js';
import { someExecution, someJob, someTime } from '../support/jobs.js';

const deep = 20_000;
const nested = (open: string, inner: string, close: string, depth = deep): string =>
  open.repeat(depth) + inner + close.repeat(depth);

/** Far deeper than a call within a call can follow. */
const texts = {
  lists: nested('[', '', ']'),
  'lists that are open': '['.repeat(deep),
  objects: nested('{"a":', '1', '}'),
  'lists in a field': `{"name": ${nested('[', '', ']')}}`,
  'objects in a field that takes anything': `{"apiVersion": ${nested('{"a":', '1', '}')}}`,
  dashes: `${'- '.repeat(deep)}a`,
  keys: `${'? '.repeat(deep)}a`,
  indentation: Array.from({ length: 1000 }, (_, i) => `${' '.repeat(i)}a:\n`).join(''),
  parentheses: nested('(', 'a=1', ')'),
  'parentheses of values': `a=${nested('(', '1', ')')}`,
  'parentheses of a function': `a${nested('(', '', ')')}`,
  negations: `${'NOT '.repeat(deep)}a=1`,
  minus: `${'-'.repeat(deep)}a=1`,
  'exclamation marks': `${'!'.repeat(deep)}true`,
  path: `a${'.a'.repeat(deep)}=1`,
  indexes: `a${'[0]'.repeat(deep)}=1`,
  quotes: `"${'x'.repeat(deep)}"=1`,
};

const body = (text: string): unknown => readBody(text, JobMessage, 'CreateJobRequest.job');
const readers: Record<string, (text: string) => unknown> = {
  'a spec': (text) => readJobs('job.yaml', text),
  'a request': body,
  'localrun.yaml': (text) => readLocalFile('localrun.yaml', text),
  'a policy': (text) => readPolicy('policy.yaml', text),
  'a condition': expressionProblem,
  'a file of flags, of variables, or a condition': parseValue,
  '--log-filter': (text) => parseLogFilter(text, '--log-filter'),
  '--filter': (text) => parseFilter(text, 0),
  '--format': (text) => readFormat(text),
  'the keys of --format': (text) => readFormat(`value(${text})`),
};

describe.each(Object.entries(readers))('%s that is nested deeply is refused or read', (_, read) => {
  test.each(Object.entries(texts))('%s', (__, text) => {
    let result: unknown;
    try {
      result = read(text);
    } catch (error) {
      result = String(error);
    }
    expect(JSON.stringify(result)).not.toMatch(/RangeError|call stack/);
  });
});

test('a spec says where it gets too deep', () => {
  const { problems } = readJobs('job.yaml', `name: a\ntemplate:\n  template: ${'['.repeat(100)}${']'.repeat(100)}\n`);
  expect(problems).toMatchObject([{ rule: 'size', location: { line: 3, column: 77 } }]);
  expect(readJobs('job.yaml', nested('[', '', ']', 60)).problems[0]?.rule).toBe('type');
});

test.each([
  [100, 'jsonPayload'],
  [101, 'textPayload'],
  [deep, 'textPayload'],
])('a log line of JSON that is %i deep is a %s', (depth, payload) => {
  const text = nested('{"a":', '1', '}', depth);
  const execution = someExecution(someJob());
  const entry = lineEntry({ time: someTime, text }, { execution, log: 'stdout', task: 0, attempt: 0 }, 0);
  expect(entry).toHaveProperty(payload);
  expect(entryText(entry)).toBe(text);
  expect(JSON.stringify(entry)).toContain('"a');
});
