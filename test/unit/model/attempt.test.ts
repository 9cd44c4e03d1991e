import { describe, expect, test } from 'vitest';
import { type EndedContainer, judge, judgeAttempt, unexecuted } from '../../../src/model/attempt.js';

const exited = (exitCode: number, oomKilled = false): EndedContainer => ({
  status: 'exited',
  startedAt: '2026-11-23T12:00:00.000000Z',
  finishedAt: '2026-11-23T12:00:10.000000Z',
  exitCode,
  oomKilled,
});
const before = '2026-11-23T12:00:09.000000Z';
const after = '2026-11-23T12:00:11.000000Z';
const cancelled = { code: 1, message: 'Cancelled by user.' };
const timedOut = { code: 4, message: 'The configured timeout was reached.' };
const error = 'The container exited with an error.';

describe('an attempt', () => {
  test.each([
    ['exit 0', exited(0), undefined, { code: 0, message: '' }],
    ['exit 3', exited(3), undefined, { code: 10, message: error, exitCode: 3 }],
    ['exit 255', exited(255), undefined, { code: 10, message: error, exitCode: 255 }],
    ['exit 128 is no signal', exited(128), undefined, { code: 10, message: error, exitCode: 128 }],
    [
      'signal 9',
      exited(137),
      undefined,
      { code: 10, message: 'The container was terminated on signal 9.', termSignal: 9 },
    ],
    ['out of memory', exited(137, true), undefined, { code: 8, message: 'The configured memory limit was reached.' }],
    [
      'a killed child, and a parent that failed',
      exited(1, true),
      undefined,
      { code: 8, message: 'The configured memory limit was reached.' },
    ],
    ['a killed child, and a parent that went on', exited(0, true), undefined, { code: 0, message: '' }],
    ['killed at its timeout', exited(137), { reason: 'timeout', time: before }, timedOut],
    ['exit 0 after its timeout', exited(0), { reason: 'timeout', time: before }, timedOut],
    ['cancelled', exited(143), { reason: 'cancel', time: before }, cancelled],
    ['cancelled, by a clock that is ahead of the engine', exited(0), { reason: 'cancel', time: after }, cancelled],
    [
      'no such command',
      { status: 'created', exitCode: 127, error: 'exec: "x"' },
      undefined,
      { code: 10, message: 'Application failed to start: exec: "x"', exitCode: 127 },
    ],
    [
      'never made',
      { status: 'created', exitCode: 0, error: 'no space' },
      undefined,
      { code: 10, message: 'Application failed to start: no space' },
    ],
    [
      'removed by hand',
      { status: 'missing' },
      undefined,
      { code: 13, message: 'The container was removed before its result was known.' },
    ],
    [
      'on a node that is gone',
      { status: 'lost', reason: 'node n2 does not answer' },
      undefined,
      { code: 14, message: 'The attempt was lost: node n2 does not answer' },
    ],
    ['lost while being stopped', { status: 'lost', reason: 'gone' }, { reason: 'timeout', time: before }, timedOut],
    ['removed while being stopped', { status: 'missing' }, { reason: 'cancel', time: before }, cancelled],
  ] as const)('%s', (_, container, stop, outcome) => {
    expect(judge(container, stop)).toEqual(outcome);
  });
});

test('an attempt whose end the engine has not seen says so, however it ended', () => {
  const main = { ...exited(0), unheard: true };
  expect(judgeAttempt({ main }, undefined)).toEqual({ code: 0, message: '', unheard: true });
  expect(judgeAttempt({ main }, { reason: 'timeout', time: before })).toEqual({ ...timedOut, unheard: true });
  expect(judgeAttempt({ main: exited(0) }, undefined)).toEqual({ code: 0, message: '' });
});

test.each([
  [1, '', 'exec /app: exec format error\n', 'exec /app: exec format error'],
  [255, '', 'exec /my app/run.sh: no such file or directory\n', 'exec /my app/run.sh: no such file or directory'],
  [
    1,
    '',
    'standard_init_linux.go:228: exec user process caused: exec format error\n',
    'exec user process caused: exec format error',
  ],
  [2, '', 'exec /app: exec format error\n', undefined],
  [1, 'begun\n', 'exec /app: exec format error\n', undefined],
  [1, '', 'begun\nexec /app: exec format error\n', undefined],
  [1, '', 'sh: exec: line 1: /x: not found\n', undefined],
  [1, '', '', undefined],
])('exit %i after %j and %j could not execute its command: %j', (exitCode, stdout, stderr, why) => {
  expect(unexecuted(exitCode, () => ({ stdout, stderr }))).toBe(why);
});
