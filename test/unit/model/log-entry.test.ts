import { describe, expect, test } from 'vitest';
import type { AttemptRecord } from '../../../src/model/attempt.js';
import { entryText, hasOwnId, isAtLeast, lineEntry, platformEntries } from '../../../src/model/log-entry.js';
import { someExecution, someJob, someTime } from '../../support/jobs.js';

const execution = { ...someExecution(someJob({}, { timeout: '90s' })), labels: { team: 'a' } };
const source = { execution, log: 'stderr' as const, task: 3, attempt: 1 };
const entryOf = (text: string) => lineEntry({ time: someTime, text }, source, 7);

describe('a line', () => {
  test('is a text, with where it comes from', () => {
    const { insertId, ...entry } = entryOf('hello');
    expect(insertId).toMatch(/^[\w-]+$/);
    expect(entry).toEqual({
      logName: 'projects/p/logs/run.googleapis.com%2Fstderr',
      resource: {
        type: 'cloud_run_job',
        labels: { job_name: 'nightly', location: 'us-central1', project_id: 'p' },
      },
      timestamp: someTime,
      labels: {
        team: 'a',
        'run.googleapis.com/execution_name': 'nightly-x7k2p',
        'run.googleapis.com/task_index': '3',
        'run.googleapis.com/task_attempt': '1',
      },
      textPayload: 'hello',
    });
  });

  test('has an id of its own, unless the job gives one', () => {
    expect(hasOwnId(entryOf('hello'))).toBe(true);
    expect(hasOwnId(entryOf('{"message":"hello"}'))).toBe(true);
    expect(hasOwnId(entryOf('{"logging.googleapis.com/insertId":"hello"}'))).toBe(false);
  });

  test('of another container names it', () => {
    expect(lineEntry({ time: someTime, text: '' }, { ...source, container: 'proxy' }, 0).labels['container_name']).toBe(
      'proxy',
    );
  });

  test('that is a JSON object is the payload; the special fields are lifted out of it', () => {
    const line = {
      severity: 'warning',
      message: 'slow',
      took: 3,
      'logging.googleapis.com/trace': 'projects/p/traces/1',
      'logging.googleapis.com/labels': { a: 'b' },
      httpRequest: { status: 500 },
    };
    expect(entryOf(JSON.stringify(line))).toMatchObject({
      severity: 'WARNING',
      jsonPayload: { message: 'slow', took: 3 },
      trace: 'projects/p/traces/1',
      labels: { a: 'b' },
      httpRequest: { status: 500 },
    });
  });

  test('keeps keys that every object has', () => {
    const text = '{"__proto__":{"a":1},"constructor":2,"logging.googleapis.com/labels":{"__proto__":"x"}}';
    const { jsonPayload, labels } = entryOf(text);
    expect(JSON.stringify(jsonPayload)).toBe('{"__proto__":{"a":1},"constructor":2}');
    expect(Object.hasOwn(labels, '__proto__')).toBe(true);
  });

  test('with nothing but a message in its JSON is that text', () => {
    expect(entryOf('{"severity":"ERROR","message":"boom"}')).toMatchObject({ severity: 'ERROR', textPayload: 'boom' });
    expect(entryOf('{"severity":"DEFAULT","message":"x"}')).not.toHaveProperty('severity');
  });

  test.each(['{"a":', '[1]', '"text"', '{a}', '{"severity":"ERROR"} and more', ''])('%j is no JSON object', (text) => {
    expect(entryOf(text).textPayload).toBe(text);
  });

  test('keeps a severity that there is not in the payload', () => {
    expect(entryOf('{"severity":"loud","x":1}').jsonPayload).toEqual({ severity: 'loud', x: 1 });
  });
});

describe('the platform says', () => {
  const attempt: AttemptRecord = {
    task: 0,
    attempt: 0,
    name: 'c',
    handle: 'h',
    createTime: someTime,
    endTime: someTime,
  };
  const said = (more: Partial<AttemptRecord>) =>
    platformEntries(execution, { ...attempt, ...more }).map((entry) => [entry.severity, entry.textPayload]);

  test.each<[string, Partial<AttemptRecord>, unknown]>([
    ['nothing of what still runs', {}, []],
    ['success', { outcome: { code: 0, message: '' } }, [['INFO', 'Container called exit(0).']]],
    [
      'that its log may lack the end',
      { outcome: { code: 0, message: '', unheard: true } },
      [
        [
          'WARNING',
          'The end of this log may be missing: the container engine was away when the container ended, or could not return its log.',
        ],
        ['INFO', 'Container called exit(0).'],
      ],
    ],
    ['the exit code', { outcome: { code: 10, message: 'm', exitCode: 3 } }, [['WARNING', 'Container called exit(3).']]],
    [
      'the signal',
      { outcome: { code: 10, message: 'm', termSignal: 9 } },
      [['WARNING', 'Container terminated on signal 9.']],
    ],
    ['that memory ran out', { outcome: { code: 8, message: 'The memory.' } }, [['ERROR', 'The memory.']]],
    [
      'that time is over',
      { stop: { reason: 'timeout', time: someTime }, outcome: { code: 4, message: 'm' } },
      [['ERROR', 'Terminating task because it has reached the maximum timeout of 90 seconds.']],
    ],
    [
      'nothing of a timeout that came too late',
      { stop: { reason: 'timeout', time: someTime }, outcome: { code: 0, message: '' } },
      [['INFO', 'Container called exit(0).']],
    ],
    [
      'the exit code if a cancellation came too late',
      { stop: { reason: 'cancel', time: someTime }, outcome: { code: 10, message: 'm', exitCode: 3 } },
      [['WARNING', 'Container called exit(3).']],
    ],
    [
      'nothing of a cancellation',
      { stop: { reason: 'cancel', time: someTime }, outcome: { code: 1, message: 'm' } },
      [],
    ],
  ])('%s', (_, more, expected) => {
    expect(said(more)).toEqual(expected);
  });
});

test('the text of an entry is its message, or all of its payload', () => {
  expect(entryText(entryOf('plain'))).toBe('plain');
  expect(entryText(entryOf('{"message":"m","x":1}'))).toBe('m');
  expect(entryText(entryOf('{"x":1}'))).toBe('{"x":1}');
});

test('severities have an order', () => {
  expect(isAtLeast(entryOf('x'), 'DEFAULT')).toBe(true);
  expect(isAtLeast(entryOf('x'), 'INFO')).toBe(false);
  expect(isAtLeast(entryOf('{"severity":"ERROR"}'), 'WARNING')).toBe(true);
});
