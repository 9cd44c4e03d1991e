import { expect, test } from 'vitest';
import { TaskLines } from '../../../../../src/cli/output/live/task-lines.js';
import { testOutput } from '../../../../support/io.js';
import { someTime as time } from '../../../../support/jobs.js';

const source = { task: 3, attempt: 0, stream: 'stdout' } as const;

/** What a line of task 3 becomes on a terminal. */
function shown(text: string, { columns = 80, sidecars = [] as string[], colour = '0', from = {} } = {}): string[] {
  const err = testOutput(() => {}, { terminal: columns, env: { FORCE_COLOR: colour } });
  return new TaskLines(err, 11, sidecars).rows({ source: { ...source, ...from }, time, text }).rows;
}

test('a line follows its task, and goes on behind the gutter', () => {
  expect(shown('hello')).toEqual([' 3 │ hello']);
  expect(shown('one two three four five six', { columns: 24 })).toEqual([' 3 │ one two three ', '   │ four five six']);
  expect(shown('one two three four', { columns: 12 })).toEqual(['one two ', 'three four']);
});

test('tasks and streams differ by colour', () => {
  const [task3 = ''] = shown('x', { colour: '1' });
  const [task4 = ''] = shown('x', { colour: '1', from: { task: 4 } });
  expect(task3.replace(' 3', ' 4')).not.toBe(task4);
  expect(shown('x', { colour: '1', from: { stream: 'stderr' } })[0]).toContain('\u{1b}[31m│');
});

test('containers have a column of their own, if there is room', () => {
  const sidecars = ['proxy', 'a-label-that-is-much-too-long'];
  expect(shown('hello', { sidecars })).toEqual([' 3                  │ hello']);
  expect(shown('hello', { sidecars, from: { container: 'proxy' } })).toEqual([' 3 proxy            │ hello']);
  expect(shown('hello', { sidecars, from: { container: sidecars[1] } })).toEqual([' 3 a-label-that-is… │ hello']);
  expect(shown('hello', { sidecars, columns: 24, from: { container: 'proxy' } })).toEqual([' 3 │ hello']);
});

test.each([
  [{ severity: 'ERROR', message: 'it broke' }, 'ERROR it broke'],
  [{ severity: 'warning', message: 'slow', ms: 1834, shard: 'a' }, 'WARNING slow  ms=1834 shard=a'],
  [{ severity: 'INFO', message: 'ok', nested: { a: 1 }, 'logging.googleapis.com/labels': { a: 'b' } }, 'ok'],
  [{ message: 'ok', long: 'x'.repeat(100), lines: 'a\nb', none: null }, 'ok  none=null'],
  [{ level: 30, msg: 'pino' }, '{"level":30,"msg":"pino"}'],
  [{ severity: 'DEBUG', level: 30 }, 'DEBUG {"level":30}'],
])('a structured line is shown by its message: %j', (line, text) => {
  expect(shown(JSON.stringify(line))).toEqual([` 3 │ ${text}`]);
});

test('a message of several lines stays behind the gutter', () => {
  expect(shown(JSON.stringify({ severity: 'ERROR', message: 'Traceback:\r\n  File "x.py"\nValueError' }))).toEqual([
    ' 3 │ ERROR Traceback:',
    '   │   File "x.py"',
    '   │ ValueError',
  ]);
});

test('what a terminal would act on is shown as text, and measured as such', () => {
  const evil = '\u{1b}[2J\u{1b}[10A\u{1b}]0;t\u{7}\u{202e}';
  const rows = [
    ...shown(evil.repeat(5), { columns: 30 }),
    ...shown(JSON.stringify({ message: evil, [evil]: evil }), { columns: 30, colour: '1' }),
    ...shown('x', { sidecars: [evil], from: { container: evil } }),
  ];
  // oxlint-disable-next-line no-control-regex -- the only one that may be there
  const bare = rows.map((row) => row.replaceAll(/\u{1b}\[\d+m/gu, ''));
  expect(bare.join('')).not.toMatch(/[\p{Cc}\p{Bidi_C}]/u);
  for (const row of bare.slice(0, -1)) expect(row.length).toBeLessThan(30);
});

test('only the end of a progress bar is shown, and what is remembered is what was seen', () => {
  const err = testOutput(() => {}, { terminal: 80 });
  const lines = new TaskLines(err, 11, []);
  const { rows, saying } = lines.rows({ source, time, text: '10%\r50%\r100%\r' });
  expect(rows).toEqual([' 3 │ 100%']);
  expect(saying).toMatchObject({ text: '100%', stream: 'stdout', container: undefined });
  const structured = lines.rows({
    source,
    time,
    text: JSON.stringify({ severity: 'ERROR', message: 'it broke', a: 1 }),
  });
  expect(structured.saying).toMatchObject({ text: 'it broke', severity: 'ERROR' });
});
