import { Chalk } from 'chalk';
import { describe, expect, test } from 'vitest';
import { type LeftTask, Progress } from '../../../../../src/cli/output/live/progress.js';
import { headline, sentence } from '../../../../../src/cli/output/live/sentences.js';
import type { ExecutionEvent } from '../../../../../src/model/events.js';
import type { TaskState } from '../../../../../src/model/task.js';
import { someExecution, someJob } from '../../../../support/jobs.js';
import { at, ended, started, starting } from './happenings.js';

const plain = { chalk: new Chalk({ level: 0 }), unicode: true };

test('the headline of a log counts what was done and what runs', () => {
  const execution = someExecution(someJob({ taskCount: 10 }));
  const left = (succeeded: number): LeftTask[] => [
    { index: 9, state: 'Failed', retried: 2 },
    ...Array.from({ length: succeeded }, (_, index) => ({ index, state: 'Succeeded' as const, retried: 0 })),
  ];
  const progress = new Progress(execution, 0, left(4));
  for (const event of [starting(5), starting(6), started(6), ended(5, 'Succeeded')]) progress.advance(event, 1000);
  expect(headline(progress, 61_500, plain)).toBe(
    'nightly-x7k2p  1 running · 5 of 10 succeeded · 1 failed · 2 retries  1m1s',
  );
  expect(headline(progress, 61_500, { unicode: false })).toContain('1 running - 5 of');
  const all = new Progress(execution, 0, left(9));
  expect(headline(all, 30_000, plain)).toBe(
    'nightly-x7k2p  cleaning up · 9 of 10 succeeded · 1 failed · 2 retries  30s',
  );
});

describe('the lines that stay', () => {
  const said = (event: ExecutionEvent): string | undefined => sentence(event, { maxRetries: 2, timeout: '30s' }, plain);
  const failure = (state: TaskState, attempt: number, outcome: object): string | undefined =>
    said(
      at({ type: 'attempt.ended', task: 3, attempt, state, outcome: { code: 10, message: 'It broke.', ...outcome } }),
    );

  test('tell of failures, and what comes next', () => {
    expect(failure('Pending', 0, { exitCode: 7 })).toBe('task 3 failed: It broke (attempt 1 of 3); retrying');
    expect(failure('Failed', 2, { termSignal: 9 })).toBe('task 3 failed: It broke (attempt 3 of 3)');
    expect(failure('Cancelled', 0, {})).toBeUndefined();
    expect(said(ended(3, 'Succeeded'))).toBeUndefined();
  });

  test.each([
    [{ message: 'The container exited with an error.', exitCode: 7 }, 'failed with exit code 7'],
    [{ message: 'The configured timeout was reached.' }, 'timed out after 30 s'],
    [{ message: 'The configured memory limit was reached.' }, 'ran out of memory'],
    [{ message: 'The container was terminated on signal 9.', termSignal: 9 }, 'was terminated on signal 9'],
    [{ message: 'Application failed to start: no such file.', exitCode: 127 }, 'failed to start: no such file'],
    [
      { message: 'Container "side" exited with code 3 before the task had ended.', exitCode: 3 },
      'failed: Container "side" exited with code 3 before the task had ended',
    ],
  ])('tell how an attempt ended: %j', (outcome, ending) => {
    expect(failure('Failed', 2, outcome)).toBe(`task 3 ${ending} (attempt 3 of 3)`);
  });

  test('tell that a log may lack its end', () => {
    const doubt =
      'The end of the log of task 3 attempt 0 may be missing: the container engine was away when the container ended, or could not return its log.';
    expect(failure('Succeeded', 0, { code: 0, unheard: true })).toBe(doubt);
    expect(failure('Failed', 0, { exitCode: 7, unheard: true })).toBe(
      `${doubt}\ntask 3 failed: It broke (attempt 1 of 3)`,
    );
  });

  test('tell of what takes time, and of nothing that the rows show', () => {
    expect(said(at({ type: 'image.pulling', image: 'alpine' }))).toBe('Pulling alpine');
    expect(said(at({ type: 'image.unavailable', image: 'alpine', detail: 'no such image' }))).toBe(
      'Cannot get alpine: no such image',
    );
    expect(said(at({ type: 'image.unpinned', image: 'r.io/a:1', detail: 'r.io denies access' }))).toBe(
      'r.io/a:1 is not pinned, so its tag may change during the execution: r.io denies access.',
    );
    expect(said(at({ type: 'attempt.stopping', task: 1, attempt: 0, reason: 'timeout' }))).toBe(
      'task 1 has reached its timeout of 30s; stopping it',
    );
    expect(said(at({ type: 'attempt.stopping', task: 1, attempt: 0, reason: 'cancel' }))).toBeUndefined();
    expect(said(at({ type: 'execution.adopted', attempts: 1 }))).toBe(
      'Resuming 1 orphaned attempt of another process.',
    );
    expect(said(started(1))).toBeUndefined();
  });

  test('tell once that the runtime is slow, and what it is', () => {
    const slow = (call: string | undefined, first: boolean): ExecutionEvent =>
      at({ type: 'runtime.slow', call, ms: 10_000, first });
    expect([slow('docker run', true), slow(undefined, false), slow('docker rm', false)].map(said)).toEqual([
      'The container engine is slow: it has been silent for 10s at `docker run`. Starts and results take longer.',
      undefined,
      undefined,
    ]);
    const list = at({ type: 'runtime.slow', call: 'list pods', ms: 10_000, first: true, cluster: true });
    expect(said(list)).toMatch(/^The cluster is slow/);
    expect(said(at({ type: 'runtime.available', cluster: true }))).toBe('The cluster answers again.');
  });
});
