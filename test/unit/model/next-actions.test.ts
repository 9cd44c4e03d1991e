import { describe, expect, test } from 'vitest';
import { nextActions, type Situation } from '../../../src/model/next-actions.js';

const now = 1_000_000;
const ready = (...indexes: number[]): Situation['ready'] => indexes.map((index) => ({ index, attempt: 0 }));
const situation = (given: Partial<Situation>): Situation => ({
  slots: 3,
  starts: 2,
  timeout: 60_000,
  cancel: 'no',
  active: [],
  settling: 0,
  ready: [],
  ...given,
});
const decided = (given: Partial<Situation>): string[] =>
  nextActions(situation(given), now).actions.map((action) =>
    'index' in action
      ? `${action.do} ${action.index}.${action.attempt}: ${action.cause}`
      : `${action.do}: ${action.cause}`,
  );

describe('what is done next', () => {
  test.each<[string, Partial<Situation>, string[]]>([
    ['free slots take tasks', { ready: ready(0, 1) }, ['start 0.0: a slot is free', 'start 1.0: a slot is free']],
    ['no more than there are', { slots: 1, ready: ready(0, 1) }, ['start 0.0: a slot is free']],
    [
      'a slot that is taken is not free',
      { slots: 2, active: [{ index: 0, attempt: 0, startedAt: now }], ready: ready(1, 2) },
      ['start 1.0: a slot is free'],
    ],
    [
      'no more than can be started at once',
      {
        slots: 10,
        active: [
          { index: 0, attempt: 0 },
          { index: 1, attempt: 0, startedAt: now },
        ],
        ready: ready(2, 3),
      },
      ['start 2.0: a slot is free'],
    ],
    ['a retry says so', { ready: [{ index: 4, attempt: 2 }] }, ['start 4.2: retry 2']],
    ['what is being started has no deadline', { active: [{ index: 0, attempt: 0 }] }, []],
    [
      'an attempt that ran its time is stopped',
      { active: [{ index: 0, attempt: 1, startedAt: now - 60_000 }] },
      ['stop 0.1: ran for 60s'],
    ],
    ['but once only', { active: [{ index: 0, attempt: 1, startedAt: now - 70_000, stopping: 'timeout' }] }, []],
    [
      'a cancelled execution starts nothing and stops what runs',
      { cancel: 'requested', active: [{ index: 0, attempt: 0, startedAt: now }], ready: ready(1) },
      ['stop 0.0: cancelled', 'cancelPending: cancelled'],
    ],
    [
      'a second request kills what is still there, once',
      {
        cancel: 'killed',
        active: [
          { index: 0, attempt: 0, startedAt: now, stopping: 'cancel' },
          { index: 1, attempt: 0, startedAt: now, stopping: 'cancel', killed: true },
        ],
      },
      ['kill 0.0: cancelled twice'],
    ],
    ['results that are still to come are waited for', { settling: 1 }, []],
    ['then it is over', {}, ['complete: all tasks are done']],
    ['also when it was cancelled', { cancel: 'requested' }, ['complete: cancelled']],
  ])('%s', (_, given, expected) => {
    expect(decided(given)).toEqual(expected);
  });

  test('it wakes at the first deadline', () => {
    const active = [
      { index: 0, attempt: 0, startedAt: now - 10_000 },
      { index: 1, attempt: 0, startedAt: now - 20_000 },
    ];
    expect(nextActions(situation({ active }), now).wakeAt).toBe(now + 40_000);
  });
});
