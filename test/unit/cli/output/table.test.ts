import { Chalk } from 'chalk';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { layout, table } from '../../../../src/cli/output/table.js';
import { completionRows, resultColumns, shownResult } from '../../../../src/cli/output/columns.js';
import { completed } from '../../../../src/model/execution.js';
import { type TaskRecord, taskResource } from '../../../../src/model/task.js';
import { someExecution, someJob, someTask, someTime } from '../../../support/jobs.js';

const plain = { chalk: new Chalk({ level: 0 }), unicode: true };

test('columns are two spaces apart, without blanks at the end of a line, and nothing is cut', () => {
  const long = 'x'.repeat(300);
  const columns = [
    { header: '', value: ([first]: string[]) => first ?? '' },
    { header: 'NAME', value: ([, second]: string[]) => second ?? '' },
    { header: 'LAST', value: ([, , third]: string[]) => third ?? '' },
  ];
  expect(
    table(columns, [
      ['✔', 'a', ''],
      ['X', long, 'end'],
    ]),
  ).toBe(`   NAME${' '.repeat(298)}LAST\n✔  a\nX  ${long}  end\n`);
});

test('colour does not move a column', () => {
  const { green } = new Chalk({ level: 1 });
  const rows = [
    ['A', 'B'],
    [green('✔'), 'x'],
    ['longer', green('y')],
  ];
  expect(stripVTControlCharacters(layout(rows, undefined))).toBe('A       B\n✔       x\nlonger  y\n');
});

test('nor do wide letters and cells of several lines', () => {
  const rows = [
    ['A', 'B', 'C'],
    ['日本', 'one\ntwo', 'x'],
    ['e\u0301', '', 'y'],
  ];
  expect(layout(rows, undefined)).toBe('A     B    C\n日本  one  x\n      two\ne\u0301          y\n');
});

test('the tasks of a run show what became of them', () => {
  const execution = someExecution(someJob({ taskCount: 3 }));
  const view = (
    index: number,
    more: Partial<TaskRecord>,
  ): { record: TaskRecord; task: ReturnType<typeof taskResource> } => {
    const record = someTask(index, more);
    return { record, task: taskResource(execution, record) };
  };
  const rows = [
    view(0, {
      state: 'Succeeded',
      startTime: '2026-11-23T12:00:00.000000Z',
      completionTime: '2026-11-23T12:01:03.600000Z',
      lastAttemptResult: { status: {} },
    }),
    view(1, { state: 'Failed', retried: 3, lastAttemptResult: { status: { code: 10, message: 'm' }, exitCode: 7 } }),
    view(2, { state: 'Abandoned' }),
  ];
  const started = new Map([[0, '2026-11-23T11:59:00.000000Z']]);
  expect(table(resultColumns(plain, started), rows)).toBe(`   INDEX  STATE      RETRIES  DURATION  RESULT
✔  0      Succeeded  0        2m3.6s    exit code 0
X  1      Failed     3                  exit code 7
-  2      Abandoned  0                  never started
`);
});

test.each([
  [{ status: { code: 10, message: 'm' }, termSignal: 9 }, 'signal 9'],
  [{ status: { code: 4, message: 'The configured timeout was reached.' } }, 'The configured timeout was reached.'],
  [
    { status: { code: 10, message: 'Application failed to start: no' }, exitCode: 127 },
    'Application failed to start: no',
  ],
  [{ status: { code: 10, message: 'Container "proxy" exited.' }, exitCode: 3 }, 'Container "proxy" exited.'],
  [{ status: { code: 10, message: 'Container "proxy" was killed.' }, termSignal: 9 }, 'Container "proxy" was killed.'],
  [undefined, ''],
])('the result of %j', (lastAttemptResult, text) => {
  expect(shownResult(someTask(0, { state: 'Failed', lastAttemptResult }))).toBe(text);
});

test('the execution at the end is a field a line', () => {
  const execution = completed(someExecution(someJob()), { cancelled: false, time: someTime }, someTime);
  expect(Object.fromEntries(completionRows(execution))).toEqual({
    EXECUTION: 'nightly-x7k2p',
    'COMPLETION STATUS': 'EXECUTION_SUCCEEDED',
    TASKS: '1',
    SUCCEEDED: '0',
    FAILED: '0',
    CANCELLED: '0',
    RETRIED: '0',
    DURATION: '0s',
  });
});
