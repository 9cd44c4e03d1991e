import { Chalk } from 'chalk';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { advance, frame, newProgress, type Progress, sentence } from '../../../../../src/cli/output/live/progress.js';
import type { ExecutionEvent } from '../../../../../src/model/events.js';
import type { TaskState } from '../../../../../src/model/task.js';
import { someExecution, someJob, someTime as time } from '../../../../support/jobs.js';

const plain = { chalk: new Chalk({ level: 0 }), unicode: true };
const execution = someExecution(someJob({ taskCount: 10 }));

type Happening = ExecutionEvent extends infer E ? (E extends unknown ? Omit<E, 'time'> : never) : never;
const at = (happening: Happening): ExecutionEvent => ({ time, ...happening });
const started = (task: number, attempt = 0): ExecutionEvent => at({ type: 'attempt.started', task, attempt });
const ended = (task: number, state: TaskState, attempt = 0): ExecutionEvent =>
  at({ type: 'attempt.ended', task, attempt, state, outcome: { code: state === 'Succeeded' ? 0 : 10, message: '' } });
const begun = at({ type: 'execution.started', execution });

/** The progress after events that come a second apart. */
const after = (...events: ExecutionEvent[]): Progress =>
  events.reduce((progress, event, i) => advance(progress, event, (i + 1) * 1000), newProgress(execution, 0));

const rows = (progress: Progress, now: number, width = 80, height = 24): string[] =>
  frame(progress, { width, height, now }, plain).map((row) => row.replace(/^[⠋-⠿]/, '*'));

describe('the rows of the live view', () => {
  test('count what was done before, of an execution that was carried on', () => {
    const halfway = { ...execution, succeededCount: 4, failedCount: 1, retriedCount: 2 };
    expect(rows(advance(newProgress(halfway, 0), ended(5, 'Succeeded'), 1000), 1000)[0]).toBe(
      '* nightly-x7k2p  0 running · 5 of 10 succeeded · 1 failed · 2 retries  1s',
    );
  });

  test('say that what is left is cleaning up', () => {
    const all = Array.from({ length: 10 }, (_, task) => [started(task), ended(task, 'Succeeded')]).flat();
    expect(rows(after(begun, ...all), 30_000)).toEqual(['* nightly-x7k2p  cleaning up · 10 of 10 succeeded  30s']);
  });

  test('are ASCII where nothing else can be shown', () => {
    const look = { ...plain, unicode: false };
    const shown = frame(after(begun, started(0)), { width: 30, height: 24, now: 3000 }, look);
    expect(shown.join('')).toMatch(/^[ -~]+$/);
    expect(shown[0]).toContain('1 running -');
  });

  test('name the node of each task, and why others cannot start yet', () => {
    const why = '0/2 nodes are available: 2 Insufficient cpu.';
    const waits = at({ type: 'attempt.waiting', task: 1, attempt: 0, why });
    const onNode = at({ type: 'attempt.started', task: 0, attempt: 0, node: 'n1' });
    const waiting = after(begun, onNode, waits);
    expect(rows(waiting, 5000).slice(1)).toEqual(['  task 0 running on n1  3s', `  task 1 waiting  2s  ${why}`]);
    const changed = advance(waiting, at({ type: 'attempt.waiting', task: 1, attempt: 0, why: 'No.' }), 6000);
    expect(rows(changed, 7000)[2]).toBe('  task 1 waiting  4s  No.');
    const another = advance(waiting, at({ type: 'attempt.waiting', task: 2, attempt: 0, why }), 6000);
    expect(rows(another, 7000).slice(2)).toEqual([`  2 tasks waiting  4s  ${why}`]);
    const free = at({ type: 'attempt.waiting', task: 1, attempt: 0, why: undefined });
    expect(rows(advance(changed, free, 7000), 7000)[2]).toBeUndefined();
    expect(rows(advance(changed, started(1), 7000), 7000)[2]).toBe('  task 1 running  0s');
    expect(rows(advance(changed, ended(1, 'Failed'), 7000), 7000)[2]).toBeUndefined();
  });

  test('speak of the cluster where there is one', () => {
    const gone = at({ type: 'runtime.unavailable', message: 'gone', cluster: true });
    expect(rows(after(begun, gone), 2000)[1]).toBe('  the cluster does not answer');
    const slow = at({ type: 'runtime.slow', call: 'list pods', ms: 10_000, first: true, cluster: true });
    expect(rows(after(begun, slow), 2000)[1]).toBe('  the cluster is slow: list pods  10s');
    expect(sentence(slow, {}, plain)).toMatch(/^The cluster is slow/);
    expect(sentence(at({ type: 'runtime.available', cluster: true }), {}, plain)).toBe('The cluster answers again.');
  });

  test('say what everything waits for', () => {
    expect(rows(after(), 1000)).toEqual([
      '* nightly-x7k2p  0 running · 0 of 10 succeeded  1s',
      '  looking for the image',
    ]);
    expect(rows(after(at({ type: 'image.pulling', image: 'alpine' })), 2000)[1]).toBe('  pulling alpine');
    expect(rows(after(begun), 2000)[1]).toBe('  starting the first tasks');
    expect(rows(after(begun, at({ type: 'runtime.unavailable', message: 'gone' })), 2000)[1]).toBe(
      '  the container engine does not answer',
    );
    expect(rows(after(begun, started(0), at({ type: 'execution.cancelling' })), 3000).slice(1)).toEqual([
      '  cancelling',
      '  task 0 running  1s',
    ]);
  });

  test('show what runs, and count the rest', () => {
    const progress = after(
      begun,
      started(0),
      started(1),
      started(2),
      ended(0, 'Succeeded'),
      ended(1, 'Pending'),
      started(1, 1),
      ended(2, 'Failed'),
      started(3),
      at({ type: 'attempt.stopping', task: 3, attempt: 0, reason: 'timeout' }),
    );
    expect(rows(progress, 65_000)).toEqual([
      '* nightly-x7k2p  2 running · 1 of 10 succeeded · 1 failed · 1 retry  1m5s',
      '  task 1 running (retry 1)  58s',
      '  task 3 stopping  56s',
      '  starting the next task',
    ]);
  });

  test('keep a task in its place, and no more free places than there are tasks to take them', () => {
    const three = [begun, started(0), started(1), started(2)];
    expect(rows(after(...three, ended(1, 'Succeeded')), 5000).slice(1)).toEqual([
      '  task 0 running  3s',
      '  starting the next task',
      '  task 2 running  1s',
    ]);
    expect(rows(after(...three, ended(1, 'Succeeded'), started(7)), 7000).slice(1)).toEqual([
      '  task 0 running  5s',
      '  task 7 running  1s',
      '  task 2 running  3s',
    ]);
    const others = [3, 4, 5, 6, 7, 8, 9].flatMap((task) => [started(task), ended(task, 'Succeeded')]);
    expect(rows(after(...three, ...others, ended(0, 'Succeeded')), 20_000)).toHaveLength(3);
  });

  test('say what an engine is slow at for as long as it is, and once in a line', () => {
    const slow = (call: string | undefined, first: boolean): ExecutionEvent =>
      at({ type: 'runtime.slow', call, ms: 10_000, first });
    expect(rows(after(begun, started(0), slow('docker run', true)), 15_000).slice(1)).toEqual([
      '  the container engine is slow: docker run  22s',
      '  task 0 running  13s',
    ]);
    expect(rows(after(begun, started(0), slow('docker run', true), slow(undefined, false)), 15_000)).toHaveLength(2);
    expect(
      [slow('docker run', true), slow(undefined, false), slow('docker rm', false)].map((event) =>
        sentence(event, {}, plain),
      ),
    ).toEqual([
      'The container engine is slow: it has been silent for 10s at `docker run`. Starts and results take longer.',
      undefined,
      undefined,
    ]);
  });

  test('leave out what runs no more, though its result is still to come', () => {
    const settling = (settling: boolean): ExecutionEvent =>
      at({ type: 'attempt.settling', task: 0, attempt: 0, settling });
    const two = [begun, started(0), started(1), settling(true)];
    expect(rows(after(...two), 5000)).toEqual([
      '* nightly-x7k2p  1 running · 0 of 10 succeeded  5s',
      '  starting the next task',
      '  task 1 running  2s',
    ]);
    expect(rows(after(...two, started(2), ended(0, 'Succeeded')), 7000).slice(1)).toEqual([
      '  task 2 running  2s',
      '  task 1 running  4s',
    ]);
    const others = [2, 3, 4, 5, 6, 7, 8, 9].flatMap((task) => [started(task), ended(task, 'Succeeded')]);
    expect(rows(after(...two, ...others), 30_000).slice(1)).toEqual(['  task 1 running  27s']);
    expect(rows(after(...two, ...others, settling(false)), 30_000).slice(1)).toEqual([
      '  task 0 running  9s',
      '  task 1 running  27s',
    ]);
  });

  test('take no more than a third of the screen, and say how much they leave out', () => {
    const many = Array.from({ length: 10 }, (_, task) => started(task));
    const shown = rows(after(begun, ...many), 20_000, 80, 18);
    expect(shown).toHaveLength(6);
    expect(shown.at(-1)).toBe('  and 6 more');
  });

  test('are never wider than the terminal, nor too many, whatever happens', () => {
    const task = fc.integer({ min: 0, max: 9 });
    const attempt = fc.integer({ min: 0, max: 10 });
    const state = fc.constantFrom<TaskState>('Succeeded', 'Failed', 'Cancelled', 'Pending');
    const event = fc.oneof(
      fc.record({ task, attempt }).map(({ task, attempt }) => started(task, attempt)),
      fc.record({ task, state }).map(({ task, state }) => ended(task, state)),
      fc.record({ task }).map(({ task }) => at({ type: 'attempt.stopping', task, attempt: 0, reason: 'cancel' })),
      fc.record({ task, settling: fc.boolean() }).map((of) => at({ type: 'attempt.settling', attempt: 0, ...of })),
      fc.string({ maxLength: 300 }).map((image) => at({ type: 'image.pulling', image })),
      fc.constantFrom(
        begun,
        at({ type: 'execution.cancelling' }),
        at({ type: 'runtime.unavailable', message: 'gone' }),
        at({ type: 'runtime.available' }),
      ),
    );
    fc.assert(
      fc.property(
        fc.array(event),
        fc.integer({ min: 10, max: 200 }),
        fc.integer({ min: 3, max: 100 }),
        fc.integer({ min: 0, max: 10 ** 9 }),
        (events, width, height, now) => {
          const shown = frame(after(...events), { width, height, now }, plain);
          expect(shown.filter((row) => row.length >= width)).toEqual([]);
          expect(shown.length).toBeLessThanOrEqual(Math.max(3, Math.floor(height / 3)));
          expect(shown.length).toBeGreaterThanOrEqual(1);
        },
      ),
    );
  });
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
});
