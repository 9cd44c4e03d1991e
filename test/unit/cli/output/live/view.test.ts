import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openView, type View } from '../../../../../src/cli/output/live/view.js';
import type { TaskState } from '../../../../../src/model/task.js';
import { testOutput } from '../../../../support/io.js';
import { someExecution, someJob, someTime as time } from '../../../../support/jobs.js';

const execution = someExecution(someJob({ taskCount: 12 }));

/** A view on a terminal or on a pipe, and what it has written. */
function view(tty: boolean, env: Record<string, string> = {}): { view: View; written: () => string } {
  let text = '';
  const err = testOutput((part) => (text += part), tty ? { terminal: 80 } : {});
  return { view: openView({ err, env }, execution, Date.now), written: () => text };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const line = { source: { task: 3, attempt: 0, stream: 'stdout' }, time, text: 'hello' } as const;

describe.each([
  ['a pipe', false, {}],
  ['a terminal of a CI service', true, { CI: 'true' }],
])('on %s', (_, tty, env) => {
  test('there are lines and nothing else', () => {
    const { view: shown, written } = view(tty, env);
    shown.onEvent({ type: 'execution.started', execution, time });
    shown.onEvent({ type: 'attempt.started', task: 3, attempt: 0, time });
    shown.onLines([line]);
    vi.advanceTimersByTime(5000);
    shown.say('Something.');
    shown.close();
    expect(written()).toBe('task  3 │ hello\nSomething.\n');
  });

  test('silence is broken every half a minute', () => {
    const { view: shown, written } = view(tty, env);
    shown.onEvent({ type: 'execution.started', execution, time });
    shown.onEvent({ type: 'attempt.started', task: 3, attempt: 0, time });
    vi.advanceTimersByTime(29_000);
    expect(written()).toBe('');
    vi.advanceTimersByTime(32_000);
    shown.close();
    expect(written()).toMatch(
      /^nightly-x7k2p  1 running · 0 of 12 succeeded  30s\nnightly-x7k2p  1 running · 0 of 12 succeeded  1m0s\n$/,
    );
  });
});

describe('on a terminal', () => {
  test('there are rows from the first moment, and a moving one', () => {
    const { view: shown, written } = view(true);
    expect(written()).toContain('nightly-x7k2p  0s');
    const before = written().length;
    vi.advanceTimersByTime(1000);
    expect(written().length).toBeGreaterThan(before);
    shown.close();
    const end = written().length;
    vi.advanceTimersByTime(1000);
    expect(written().length).toBe(end);
  });

  test('an attempt that fails says so behind the gutter, and why below', () => {
    const { view: shown, written } = view(true);
    const outcome = { code: 10, message: 'The container exited with an error.', exitCode: 2 };
    const end = (attempt: number, state: TaskState): void =>
      shown.onEvent({ type: 'attempt.ended', task: 3, attempt, state, outcome, time });
    for (const attempt of [0, 1]) {
      shown.onEvent({ type: 'attempt.starting', task: 3, attempt, time });
      shown.onLines([{ ...line, source: { ...line.source, attempt }, text: 'Error: checksum mismatch' }]);
      end(attempt, attempt === 0 ? 'Pending' : 'Failed');
    }
    shown.onEvent({ type: 'attempt.stopping', task: 4, attempt: 0, reason: 'timeout', time });
    vi.advanceTimersByTime(1000);
    shown.close();
    expect(written()).toContain(' 4 ! has reached its timeout of 600s; stopping it');
    expect(written()).toContain(' 3 ↻ failed with exit code 2 (attempt 1 of 4); retrying');
    expect(written()).toContain(' 3 ✗ failed with exit code 2 (attempt 2 of 4)');
    expect(written()).toContain('  ✗ 3  exit code 2: Error: checksum mismatch');
  });

  test('a terminal that cannot move its cursor gets lines', () => {
    const { view: shown, written } = view(true, { TERM: 'dumb' });
    shown.onLines([line]);
    shown.close();
    expect(written()).toBe('task  3 │ hello\n');
  });
});
