import { Chalk } from 'chalk';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Output } from '../../../../src/cli/io.js';
import { printable } from '../../../../src/cli/render/printable.js';
import { openView, type View } from '../../../../src/cli/render/view.js';
import { someExecution, someJob, someTime as time } from '../../../support/jobs.js';

const execution = someExecution(someJob({ taskCount: 12 }));

/** A view on a terminal or on a pipe, and what it has written. */
function view(tty: boolean, env: Record<string, string> = {}): { view: View; written: () => string } {
  let text = '';
  const err: Output = {
    write: (part) => void (text += part),
    busy: false,
    drained: async () => {},
    tty,
    columns: 80,
    rows: 24,
    onResize: () => () => {},
    chalk: new Chalk({ level: 0 }),
  };
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
    expect(written()).toContain('0 running · 0 of 12 succeeded');
    const before = written().length;
    vi.advanceTimersByTime(1000);
    expect(written().length).toBeGreaterThan(before);
    shown.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a task cannot move the cursor or touch the terminal', () => {
    const { view: shown, written } = view(true);
    shown.onLines([{ ...line, text: '10%\r50%\r100%' }]);
    shown.onLines([{ ...line, text: '\u{1b}[2J\u{1b}[31mred\u{1b}[0m\u{1b}]0;title\u{7}\tend\u{8}' }]);
    shown.close();
    expect(written()).toContain('task  3 │ 100%\ntask  3 │ red\tend\n');
  });
});

test('elsewhere a line stays as it is', () => {
  expect(printable('\u{1b}[31mred\r', { tty: false })).toBe('\u{1b}[31mred\r');
});
