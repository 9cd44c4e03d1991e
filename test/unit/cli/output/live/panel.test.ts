import { Chalk } from 'chalk';
import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { about, clock, panel } from '../../../../../src/cli/output/live/panel.js';
import { Progress } from '../../../../../src/cli/output/live/progress.js';
import type { ExecutionEvent } from '../../../../../src/model/events.js';
import type { TaskState } from '../../../../../src/model/task.js';
import { someExecution, someJob } from '../../../../support/jobs.js';
import { at, ended, exited, started, starting } from './happenings.js';

const plain = { chalk: new Chalk({ level: 0 }), unicode: true };
const coloured = { chalk: new Chalk({ level: 1 }), unicode: true };
const begun = at({ type: 'execution.started', execution: someExecution(someJob()) });

/** Makes the progress of an execution with so many tasks. */
const progressOf = (taskCount: number, maxRetries = 1, timeout = '60s'): Progress =>
  new Progress(someExecution(someJob({ taskCount }, { maxRetries, timeout })), 0);

/** The same after events that come a second apart. */
function after(progress: Progress, ...events: ExecutionEvent[]): Progress {
  for (const [i, event] of events.entries()) progress.advance(event, (i + 1) * 1000);
  return progress;
}

const rows = (progress: Progress, now: number, width = 80, height = 19, look = plain): string[] =>
  panel(progress, { width, height, now }, look).map((row) => row.replace(/^[⠋-⠿]/, '*'));

describe('the rows of the live view', () => {
  test('say what everything waits for', () => {
    expect(rows(progressOf(10), 1000)).toEqual(['* nightly-x7k2p  1s', '  looking for the image']);
    const pulling = at({ type: 'image.pulling', image: 'alpine' });
    expect(rows(after(progressOf(10), pulling), 2000)[1]).toBe('  pulling alpine');
    const away = at({ type: 'runtime.unavailable', message: 'gone' });
    expect(rows(after(progressOf(10), begun, starting(0), away), 2000)).toContain(
      '  the container engine does not answer',
    );
    const gone = at({ type: 'runtime.unavailable', message: 'gone', cluster: true });
    expect(rows(after(progressOf(10), begun, gone), 2000)[1]).toBe('  the cluster does not answer');
    const cancelling = at({ type: 'execution.cancelling' });
    expect(rows(after(progressOf(10), begun, starting(0), cancelling), 3000).slice(1)).toEqual([
      '  ○ 1 starting',
      '  cancelling',
      '  ○ 0 starting',
    ]);
  });

  test('have a bar, counts, the time and the time left', () => {
    const two = [starting(0), started(0), ended(0, 'Succeeded'), starting(1), started(1), ended(1, 'Failed')];
    const shown = rows(after(progressOf(10), begun, ...two, starting(2), started(2), starting(3)), 10_500);
    expect(shown[0]).toBe('* nightly-x7k2p  ━━━━━━━━────────────────────────────────  2/10  10s  ~15s left');
    expect(shown[1]).toBe('  ✔ 1 ok  ✗ 1 failed  ▸ 1 running  ○ 1 starting  · 6 waiting');
  });

  test('are fewer and shorter on narrow terminals, and one less on wide ones', () => {
    const progress = after(progressOf(10), begun, starting(0), started(0), ended(0, 'Pending'), starting(1));
    expect(rows(progress, 6000, 160)[0]).toBe(
      `* nightly-x7k2p  ${'─'.repeat(40)}  0/10  6s  ↻ 1 retry  ○ 1 starting  · 9 waiting`,
    );
    expect(rows(progress, 6000, 30).slice(0, 2)).toEqual(['* nightly-x7k2p  0/10  6s', '  ↻ 1  ○ 1  · 9']);
    expect(rows(progress, 6000, 20)[0]).toBe('* 0/10  6s');
    expect(rows(progress, 6000, 5)[0]).toBe('* 0…');
  });

  test('say that what is left is cleaning up', () => {
    const all = [0, 1].flatMap((task) => [starting(task), started(task), ended(task, 'Succeeded')]);
    expect(rows(after(progressOf(2), begun, ...all), 30_000)).toEqual([
      `* nightly-x7k2p  ${'━'.repeat(40)}  2/2  30s`,
      '  ✔ 2 ok  cleaning up',
    ]);
  });

  test('are ASCII where nothing else can be shown', () => {
    const progress = after(
      progressOf(200),
      begun,
      starting(0),
      started(0),
      ended(0, 'Failed'),
      starting(1),
      started(2),
    );
    const shown = panel(progress, { width: 80, height: 40, now: 3000 }, { ...plain, unicode: false });
    expect(shown.join('')).toMatch(/^[ -~]+$/);
    expect(shown).toContain(`    0 Xo>${'.'.repeat(67)}`);
  });

  test('show the only task in the first row', () => {
    const one = (...events: ExecutionEvent[]): string[] => rows(after(progressOf(1), begun, ...events), 9500);
    expect(one(starting(0))).toEqual(['* nightly-x7k2p  starting  7s']);
    expect(one(starting(0), started(0))).toEqual(['* nightly-x7k2p  running  6s/1m']);
    expect(one(starting(0, 1), started(0, 1, 'n1'))).toEqual([
      '* nightly-x7k2p  running  on n1  attempt 2 of 2  6s/1m',
    ]);
    const settling = at({ type: 'attempt.settling', task: 0, attempt: 0, settling: true });
    expect(one(starting(0), started(0), settling)).toEqual(['* nightly-x7k2p  ending  9s']);
    expect(one(starting(0), started(0), ended(0, 'Succeeded'))).toEqual(['* nightly-x7k2p  cleaning up  9s']);
  });

  test('name the node of each task, and why others cannot start yet', () => {
    const why = '0/2 nodes are available: 2 Insufficient cpu.';
    const waits = (task: number, why: string | undefined): ExecutionEvent =>
      at({ type: 'attempt.waiting', task, attempt: 0, why });
    const progress = after(progressOf(10), begun, starting(0), started(0, 0, 'n1'), starting(1), waits(1, why));
    expect(rows(progress, 7000).slice(2)).toEqual([
      `  task 1 waiting  2s  ${why}`,
      '  ▸ 0 n1    4s/1m     ○ 1          3s',
    ]);
    progress.advance(waits(1, 'No.'), 8000);
    expect(rows(progress, 9000)[2]).toBe('  task 1 waiting  4s  No.');
    progress.advance(starting(2), 9000);
    progress.advance(waits(2, 'No.'), 9000);
    expect(rows(progress, 9000)[2]).toBe('  2 tasks waiting  4s  No.');
    progress.advance(started(1), 9000);
    progress.advance(waits(2, undefined), 9000);
    expect(rows(progress, 9000)[2]).toMatch(/^ {2}▸ 0 n1/);
  });

  test('say what an engine is slow at for as long as it is', () => {
    const slow = (call: string | undefined): ExecutionEvent =>
      at({ type: 'runtime.slow', call, ms: 10_000, first: true });
    const progress = after(progressOf(10), begun, starting(0), slow('docker run'));
    expect(rows(progress, 15_000).slice(2)).toEqual([
      '  the container engine is slow: docker run  22s',
      '  ○ 0      13s',
    ]);
    progress.advance(slow(undefined), 16_000);
    expect(rows(progress, 16_000)).toHaveLength(3);
  });

  test('have running tasks in columns, each in its place, with its time against its timeout', () => {
    const progress = after(progressOf(20), begun, ...[0, 1, 2, 3, 4].map((task) => starting(task)));
    for (const task of [0, 1, 2]) progress.advance(started(task), 6000);
    progress.advance(ended(1, 'Pending'), 7000);
    progress.advance(at({ type: 'attempt.stopping', task: 2, attempt: 0, reason: 'timeout' }), 7000);
    expect(rows(progress, 7500).slice(2)).toEqual([
      '  ▸  0    1s/1m                       ▸  2 stopping     ○  3 starting',
      '  ○  4 starting',
    ]);
    progress.advance(starting(1, 1), 7500);
    expect(rows(progress, 7500)[2]).toContain('○  1 starting ↻1  ▸  2 stopping');
  });

  test('leave no free places when there is no task to take them', () => {
    const progress = after(progressOf(3), begun, starting(0), starting(1), starting(2), ended(0, 'Succeeded'));
    expect(rows(progress, 5000).at(-1)).toBe('  ○ 1 starting     ○ 2 starting');
  });

  test('turn yellow at four fifths of the timeout', () => {
    const progress = after(progressOf(2, 0, '100s'), begun, starting(0), started(0));
    const yellow = (now: number): boolean =>
      rows(progress, now, 80, 19, coloured).at(-1)?.includes('\u{1b}[33m') === true;
    expect([yellow(82_900), yellow(83_000)]).toEqual([false, true]);
  });

  test('keep failures with their reasons, and group them', () => {
    const progress = after(progressOf(40), begun, ...[3, 30, 12, 5, 7].map((task) => starting(task)));
    for (const task of [3, 30, 12, 5]) {
      const line = { text: `Error: shard ${task}`, stream: 'stderr' as const };
      progress.heard({ task, attempt: 0 }, { ...line, severity: undefined, container: undefined });
      progress.advance(ended(task, 'Failed', 1, exited(2)), 9000);
    }
    const memory = { code: 10, message: 'The configured memory limit was reached.' };
    progress.advance(ended(7, 'Failed', 1, memory), 9000);
    expect(rows(progress, 9000).slice(2)).toEqual([
      '  ✗ 7  ran out of memory',
      '  ✗ 5 12 30 +1  exit code 2: Error: shard 5',
    ]);
  });

  test('have a sign for each task from a hundred on, below each other by their index', () => {
    expect(rows(after(progressOf(99), begun, starting(0)), 2000, 80, 40).join('')).not.toContain('··');
    const progress = after(progressOf(150), begun, starting(0), starting(1), started(1), starting(2), starting(149));
    progress.advance(ended(2, 'Succeeded'), 9000);
    progress.advance(ended(149, 'Failed'), 9000);
    expect(rows(progress, 9000, 80, 19).slice(2, 5)).toEqual([
      `    0 ○▸■${'·'.repeat(67)}`,
      `   70 ${'·'.repeat(70)}`,
      `  140 ${'·'.repeat(9)}✗`,
    ]);
  });

  test('have a sign for several tasks where there is no room for one each', () => {
    const progress = after(progressOf(10_000), begun);
    for (let task = 0; task < 300; task++) progress.advance(ended(task, task === 250 ? 'Failed' : 'Succeeded'), 1000);
    expect(rows(progress, 9000, 80, 24).slice(3, 6)).toEqual([
      `     0 ■■■■■✗${'·'.repeat(64)}`,
      `  3500 ${'·'.repeat(70)}`,
      `  7000 ${'·'.repeat(60)}`,
    ]);
  });

  test('take no more than two fifths of the screen, and say how much they leave out', () => {
    const many = Array.from({ length: 10 }, (_, task) => started(task));
    const shown = rows(after(progressOf(10), begun, ...many), 20_000, 40, 15);
    expect(shown).toHaveLength(6);
    expect(shown.at(-1)).toBe('  ▸ 6   12s/1m     +3 more');
  });

  test('are never wider than the terminal, nor too many, whatever happens', () => {
    const task = fc.integer({ min: 0, max: 119 });
    const attempt = fc.integer({ min: 0, max: 10 });
    const state = fc.constantFrom<TaskState>('Succeeded', 'Failed', 'Cancelled', 'Pending');
    const text = fc.string({
      maxLength: 300,
      unit: fc.constantFrom('a', ' ', '漢', '\t', '\n', '\u{1b}', '👍', 'e\u{301}'),
    });
    const event = fc.oneof(
      fc.record({ task, attempt }).map((of) => starting(of.task, of.attempt)),
      fc.record({ task, attempt, node: text }).map((of) => started(of.task, of.attempt, of.node)),
      fc
        .record({ task, state, message: text })
        .map((of) => ended(of.task, of.state, 0, { code: 10, message: of.message })),
      fc.record({ task }).map((of) => at({ type: 'attempt.stopping', ...of, attempt: 0, reason: 'cancel' })),
      fc.record({ task, settling: fc.boolean() }).map((of) => at({ type: 'attempt.settling', attempt: 0, ...of })),
      fc.record({ task, why: text }).map((of) => at({ type: 'attempt.waiting', attempt: 0, ...of })),
      text.map((image) => at({ type: 'image.pulling', image })),
      text.map((call) => at({ type: 'runtime.slow', call, ms: 1, first: true })),
      fc.constantFrom(begun, at({ type: 'execution.cancelling' }), at({ type: 'runtime.available' })),
    );
    fc.assert(
      fc.property(
        ...([fc.constantFrom(1, 10, 120), fc.array(event, { maxLength: 60 })] as const),
        ...([fc.integer({ min: 3, max: 200 }), fc.integer({ min: 3, max: 100 })] as const),
        fc.integer({ min: 0, max: 10 ** 9 }),
        (taskCount, events, width, height, now) => {
          const shown = panel(after(progressOf(taskCount), ...events), { width, height, now }, plain);
          expect(shown.filter((row) => stringWidth(row) >= width)).toEqual([]);
          expect(shown.join('')).not.toMatch(/\p{Cc}/u);
          expect(shown.length).toBeLessThanOrEqual(Math.max(3, Math.floor(height * 0.4)));
          expect(shown.length).toBeGreaterThanOrEqual(1);
        },
      ),
    );
  });
});

test.each([
  [0, '0s'],
  [59_999, '59s'],
  [65_000, '1m05s'],
  [3_600_000, '1h00m'],
  [90_000_000, '25h00m'],
])('%i ms have the clock %s', (ms, text) => {
  expect(clock(ms)).toBe(text);
});

test.each([
  [1200, '~2s'],
  [41_000, '~45s'],
  [62_000, '~1m10s'],
  [601_000, '~11m'],
  [3_601_000, '~1h05m'],
])('%i ms are about %s', (ms, text) => {
  expect(about(ms)).toBe(text);
});
