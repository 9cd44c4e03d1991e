import { describe, expect, test } from 'vitest';
import { Progress } from '../../../../../src/cli/output/live/progress.js';
import type { ExecutionEvent } from '../../../../../src/model/events.js';
import { annotatedWith } from '../../../../../src/model/task-selection.js';
import { someExecution, someJob } from '../../../../support/jobs.js';
import { at, ended, exited, started, starting } from './happenings.js';

const execution = someExecution(someJob({ taskCount: 10 }));

/** The progress after events at their times, in seconds. */
function after(...events: [seconds: number, event: ExecutionEvent][]): Progress {
  const progress = new Progress(execution, 0);
  for (const [seconds, event] of events) progress.advance(event, seconds * 1000);
  return progress;
}

const tasks = ({ slots }: Progress): (number | undefined)[] => slots.map((slot) => slot?.task);

describe('the progress of an execution', () => {
  test('counts what attempts do and how they end', () => {
    const progress = after([0, starting(0)], [0, starting(1)], [0, starting(2)], [1, started(0)], [1, started(1)]);
    expect(progress).toMatchObject({ starting: 1, running: 2, pending: 7, complete: false });
    for (const event of [ended(0, 'Succeeded'), ended(1, 'Pending'), ended(2, 'Failed')]) progress.advance(event, 2000);
    expect(progress).toMatchObject({ starting: 0, running: 0, succeeded: 1, retries: 1, failed: 1, pending: 8 });
    expect(progress.standings.slice(0, 4)).toEqual(['succeeded', 'waiting', 'failed', 'waiting']);
  });

  test('goes on from what was done before, of an execution that another process began', () => {
    const progress = new Progress(execution, 0, [
      { index: 0, state: 'Succeeded', retried: 0 },
      { index: 4, state: 'Pending', retried: 1 },
      { index: 5, state: 'Running', retried: 0 },
      { index: 9, state: 'Failed', retried: 2 },
    ]);
    // Cloud Run's own count of retries is of tasks.
    expect(progress).toMatchObject({ succeeded: 1, failed: 1, retries: 3, pending: 8 });
    expect(progress.standings.map((standing) => standing[0]).join('')).toBe('swwwwwwwwf');
    // An attempt that was found again starts without having been seen to.
    progress.advance(started(5), 1000);
    expect(progress).toMatchObject({ running: 1, starting: 0 });
  });

  test('keeps an attempt in its slot, and gives a free one to the next', () => {
    const three: [number, ExecutionEvent][] = [0, 1, 2].map((task) => [0, starting(task)]);
    expect(tasks(after(...three, [1, ended(1, 'Succeeded')]))).toEqual([0, undefined, 2]);
    expect(tasks(after(...three, [1, ended(1, 'Succeeded')], [2, starting(7)]))).toEqual([0, 7, 2]);
  });

  test('leaves out what runs no more though its result is still to come, and takes it back', () => {
    const settling = (on: boolean): ExecutionEvent =>
      at({ type: 'attempt.settling', task: 0, attempt: 0, settling: on });
    const progress = after([0, starting(0)], [1, started(0)], [5, settling(true)]);
    expect(progress).toMatchObject({ running: 0, pending: 9 });
    progress.advance(settling(false), 6000);
    expect(progress.slots).toMatchObject([{ task: 0, started: 1000 }]);
    expect(progress).toMatchObject({ running: 1, pending: 9 });
    progress.advance(settling(true), 7000);
    progress.advance(ended(0, 'Succeeded'), 8000);
    expect(progress).toMatchObject({ running: 0, pending: 9, succeeded: 1 });
  });

  test('knows the tasks of an execution that runs only some', () => {
    const annotations = annotatedWith({}, { indexes: [3, 7, 8] }, 10) ?? {};
    const progress = new Progress({ ...execution, taskCount: 3, annotations }, 0);
    progress.advance(starting(7), 0);
    progress.advance(ended(7, 'Succeeded'), 1);
    expect(progress.standings).toEqual(['waiting', 'succeeded', 'waiting']);
    expect(progress.indexOf(2)).toBe(8);
  });
});

describe('the time left', () => {
  const run = (task: number, from: number, to: number): [number, ExecutionEvent][] => [
    [from, starting(task)],
    [to, ended(task, 'Succeeded')],
  ];

  test('is unknown until two tasks have a result', () => {
    expect(after([0, starting(0)]).remaining(60_000)).toBeUndefined();
    expect(after(...run(0, 0, 10)).remaining(10_000)).toBeUndefined();
  });

  test('is what the rest needs at the average of what has ended, with the slots that there were', () => {
    expect(after(...run(0, 0, 10), ...run(1, 10, 20)).remaining(20_000)).toBe(80_000);
    const two = after([0, starting(0)], [0, starting(1)], [10, ended(0, 'Succeeded')], [10, ended(1, 'Succeeded')]);
    expect(two.remaining(10_000)).toBe(40_000);
    // Attempts that were tried again have taken their time, too.
    const retried = after([0, starting(0)], [5, ended(0, 'Pending')], ...run(0, 5, 10), ...run(1, 10, 20));
    expect(retried.remaining(20_000)).toBe(80_000);
  });

  test('goes down as attempts run, and is never less than the longest of them needs', () => {
    const last = after(
      ...[0, 1, 2, 3, 4, 5, 6, 7].flatMap((task) => run(task, task, task + 10)),
      [20, starting(8)],
      [20, starting(9)],
    );
    expect(last.remaining(20_000)).toBe(10_000);
    expect(last.remaining(24_000)).toBe(6000);
    expect(last.remaining(90_000)).toBe(0);
  });

  test('is not told of a cancelled execution', () => {
    expect(
      after(...run(0, 0, 1), ...run(1, 1, 2), [3, at({ type: 'execution.cancelling' })]).remaining(3000),
    ).toBeUndefined();
  });
});

describe('failures', () => {
  const say = (progress: Progress, task: number, text: string, stream: 'stdout' | 'stderr' = 'stderr'): void =>
    progress.heard({ task, attempt: 0 }, { text, stream, severity: undefined, container: undefined });

  test('have the line that tells why as their reason, and are one where that is the same', () => {
    const progress = after([0, starting(1)], [0, starting(22)], [0, starting(3)]);
    say(progress, 1, 'Error: checksum mismatch in part 1');
    say(progress, 1, '    at check (/app/main.js:3:1)');
    say(progress, 22, 'Error: checksum mismatch in part 22');
    for (const task of [1, 22]) progress.advance(ended(task, 'Failed', 0, exited(2)), 1000);
    progress.advance(ended(3, 'Failed', 0, exited(3)), 2000);
    expect(progress.failures).toEqual([
      { reason: 'exit code 3', count: 1, tasks: [3] },
      { reason: 'exit code 2: Error: checksum mismatch in part 22', count: 2, tasks: [1, 22] },
    ]);
  });

  test('do not have the lines of an earlier attempt as their reason', () => {
    const progress = after([0, starting(1)]);
    say(progress, 1, 'Error: from the first attempt');
    progress.advance(ended(1, 'Pending', 0, exited(1)), 1000);
    say(progress, 1, 'Error: read after its end');
    progress.advance(starting(1, 1), 2000);
    say(progress, 1, 'Error: read after the second has begun');
    progress.advance(ended(1, 'Failed', 1, exited(1)), 3000);
    expect(progress.failures[0]?.reason).toBe('exit code 1');
  });

  test('are kept in bounded memory, whatever the tasks write', () => {
    const progress = after([0, starting(1)]);
    for (let i = 0; i < 100_000; i++) say(progress, 1, `Error: ${i} ${'x'.repeat(1000)}`);
    progress.advance(ended(1, 'Failed', 0, exited(1)), 1000);
    expect(progress.failures[0]?.reason).toMatch(/^exit code 1: Error: 99999 x+$/);
    expect(progress.failures[0]?.reason.length).toBeLessThan(600);
    for (let i = 0; i < 100; i++) {
      progress.advance(ended(2, 'Failed', 0, { code: 10, message: `reason ${'abc'.repeat(i)}` }), 1000);
    }
    expect(progress.failures.length).toBeLessThan(50);
  });
});
