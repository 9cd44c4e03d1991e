import { describe, expect, test } from 'vitest';
import { type Ending, runEnd } from '../../../../src/cli/output/run-end.js';
import { widthOf } from '../../../../src/cli/output/text-width.js';
import { cancelling, completed, importFailed } from '../../../../src/model/execution.js';
import type { TaskRecord, TaskState } from '../../../../src/model/task.js';
import { timestamp } from '../../../../src/model/time.js';
import type { EndedTask, Failure, RunResult, TailLine } from '../../../../src/service/run-result.js';
import { testOutput } from '../../../support/io.js';
import { someExecution, someJob, someTask, someTime } from '../../../support/jobs.js';

const look = testOutput(() => {});
const at = (ms: number): string => timestamp(Date.parse(someTime) + ms);

const ended = (index: number, state: TaskState, ms: number | undefined, retried = 0): EndedTask => ({
  record: someTask(index, { state, retried }),
  ms,
});
const succeeded = (count: number): EndedTask[] =>
  Array.from({ length: count }, (_, index) => ended(index, 'Succeeded', 1000 + index * 10));

/** An execution that took 12.5 s and whose tasks ended like this. */
function resultOf(tasks: readonly EndedTask[], failures: readonly Failure[] = [], cancelled = false): RunResult {
  const created = { ...someExecution(someJob({ taskCount: tasks.length })), startTime: at(0) };
  const begun = cancelled ? cancelling(created, at(1)) : created;
  const failed = failures[0]?.tasks[0]?.record;
  const execution = completed(begun, { cancelled, failed, time: at(12_500) }, at(12_500));
  const failedCount = tasks.filter(({ record }) => record.state === 'Failed').length;
  return { execution: { ...execution, failedCount }, tasks, failures };
}

const line = (text: string, more: Partial<TailLine> = {}): TailLine => ({
  text,
  stream: 'stderr',
  container: undefined,
  ...more,
});
const next = [
  ['again', 'localrun jobs run nightly --failed-of nightly-x7k2p'],
  ['logs', 'localrun jobs executions logs read nightly-x7k2p --task 1'],
] as const;

interface Given {
  width?: number;
  by?: string;
  said?: (task: TaskRecord) => TailLine[];
  memory?: Ending['memory'];
  notes?: string[];
}
function shown(
  result: RunResult,
  { width = 80, by, said = () => [], memory = () => undefined, notes = [] }: Given = {},
): string {
  const failed = result.failures.length > 0;
  const tail = (task: TaskRecord, count: number): TailLine[] => said(task).slice(-count);
  return runEnd(result, { tail, memory, notes, by, next: failed ? next : [] }, width, look);
}

describe('success', () => {
  test('of one task is one line', () => {
    expect(shown(resultOf(succeeded(1)))).toBe('✔ Succeeded · nightly-x7k2p · 12.5s\n');
  });

  test('of a few tasks has each of them', () => {
    expect(shown(resultOf([ended(0, 'Succeeded', 1000), ended(1, 'Succeeded', 1010, 2)]))).toBe(`\
  task 0     1s
  task 1  1.01s  3 attempts
  median 1s · slowest task 1 with 1.01s

✔ All 2 tasks succeeded · nightly-x7k2p · 12.5s · 2 retries
`);
  });

  test('has up to 20 tasks side by side, and of more only the pace', () => {
    expect(shown(resultOf(succeeded(20)))).toBe(
      `\
  task 0     1s    task 5  1.05s    task 10   1.1s    task 15  1.15s
  task 1  1.01s    task 6  1.06s    task 11  1.11s    task 16  1.16s
  task 2  1.02s    task 7  1.07s    task 12  1.12s    task 17  1.17s
  task 3  1.03s    task 8  1.08s    task 13  1.13s    task 18  1.18s
  task 4  1.04s    task 9  1.09s    task 14  1.14s    task 19  1.19s
  median 1.09s · slowest task 19 with 1.19s

✔ All 20 tasks succeeded · nightly-x7k2p · 12.5s
`.replaceAll(/(task \d) /g, '$1  '),
    );
    expect(shown(resultOf(succeeded(10_000)))).toBe(`\
  median 50.99s · slowest task 9999 with 1m40.99s

✔ All 10000 tasks succeeded · nightly-x7k2p · 12.5s
`);
  });
});

describe('failure', () => {
  const mismatch = (tasks: EndedTask[]): Failure => ({
    reason: 'exit code 2: checksum mismatch in gs://acme/part-1.parquet',
    tasks,
  });

  test('of one task has its reason and its last lines', () => {
    const task = ended(0, 'Failed', 900, 3);
    const failure = { reason: 'exit code 1: disk full', tasks: [task] };
    const said = (): TailLine[] => [line('step 1'), line('disk full', { severity: 'ERROR' })];
    expect(shown(resultOf([task], [failure]), { said })).toBe(`\
✗ exit code 1: disk full
  │ step 1
  │ disk full

✗ Failed · nightly-x7k2p · 12.5s · 3 retries
  again  localrun jobs run nightly --failed-of nightly-x7k2p
  logs   localrun jobs executions logs read nightly-x7k2p --task 1
`);
  });

  test('for the same reason is said once, with the last lines of one task', () => {
    const tasks = succeeded(30);
    const failed = [1, 10, 17].map((index) => ended(index, 'Failed', 2100 + index, 1));
    for (const task of failed) tasks[task.record.index] = task;
    const said = ({ index }: TaskRecord): TailLine[] => Array.from({ length: 99 }, (_, i) => line(`${index}/${i}`));
    expect(shown(resultOf(tasks, [mismatch(failed)]), { said })).toBe(`\
✗ exit code 2: checksum mismatch in gs://acme/part-1.parquet
  task 1    2 attempts    2.1s
  task 10   2 attempts   2.11s
  task 17   2 attempts   2.12s
  last lines of task 1:
${Array.from({ length: 10 }, (_, i) => `  │ 1/${89 + i}\n`).join('')}
✔ 27 succeeded · median 1.15s · slowest task 29 with 1.29s

✗ 3 of 30 tasks failed · nightly-x7k2p · 12.5s · 3 retries
  again  localrun jobs run nightly --failed-of nightly-x7k2p
  logs   localrun jobs executions logs read nightly-x7k2p --task 1
`);
  });

  test('of thousands for many reasons stays short', () => {
    const tasks = Array.from({ length: 10_000 }, (_, index) => ended(index, 'Failed', 5));
    const failures = Array.from({ length: 40 }, (_, i) => ({
      reason: `exit code ${i}: ${'wrong '.repeat(200)}`,
      tasks: tasks.filter(({ record }) => record.index % 40 === i),
    }));
    const said = (): TailLine[] => Array.from({ length: 99 }, () => line('日本 '.repeat(100)));
    for (const width of [80, 120, 200]) {
      const rows = shown(resultOf(tasks, failures), { width, said }).split('\n');
      expect(rows.length).toBeLessThan(50);
      expect(rows.map(widthOf).every((its) => its <= width)).toBe(true);
      expect(rows.join('\n')).toContain('\n  and 248 more: 80,120,160,');
      expect(rows.join('\n')).toContain('\n✗ and 35 other reasons in 8750 tasks: 5-39,45-79,');
      expect(rows.join('\n')).toContain('\n✗ All 10000 tasks failed');
    }
  });

  test('before any task has started has the reason of the execution', () => {
    const created = someExecution(someJob());
    const message = `Image 'x' cannot be pulled: ${'no '.repeat(40)}host.`;
    const execution = importFailed(created, { type: 'ContainerReady', state: 'CONDITION_FAILED', message }, at(340));
    const tasks = [ended(0, 'Abandoned', undefined)];
    expect(shown({ execution, tasks, failures: [] })).toBe(`\
✗ Image 'x' cannot be pulled: no no no no no no no no no no no no no no no no no
  no no no no no no no no no no no no no no no no no no no no no no no host.

✗ Failed before a task was started · nightly-x7k2p · 0.34s
`);
  });

  test('of a sidecar has its lines with its name', () => {
    const task = ended(0, 'Failed', 900);
    const failure = { reason: 'Container "proxy" exited with code 3 before the task had ended', tasks: [task] };
    const said = (): TailLine[] => [line('waits'), line('address in use', { container: 'proxy' })];
    expect(shown(resultOf([task], [failure]), { said })).toContain('\n        │ waits\n  proxy │ address in use\n');
  });

  test('has the peak memory where it was measured, and notes before the verdict', () => {
    const memory: Ending['memory'] = ({ index }) =>
      index === 1 ? undefined : { bytes: (index + 40) * 2 ** 20, limit: '512Mi' };
    const tasks = [ended(0, 'Failed', 900), ended(1, 'Failed', 80), ended(2, 'Succeeded', 70)];
    const failure = { reason: 'exit code 1', tasks: tasks.slice(0, 2) };
    const notes = ['Memory: tasks 0-2 used more than 80 % of 50Mi. With --memory=1Gi there would be room enough.'];
    expect(shown(resultOf(tasks, [failure]), { memory, notes })).toBe(`\
✗ exit code 1
  task 0   1 attempt    0.9s   peak 40 MiB of 512Mi
  task 1   1 attempt   0.08s

✔ 1 succeeded
  task 2  0.07s  42 MiB

Memory: tasks 0-2 used more than 80 % of 50Mi. With --memory=1Gi there would be
room enough.

✗ 2 of 3 tasks failed · nightly-x7k2p · 12.5s
  again  localrun jobs run nightly --failed-of nightly-x7k2p
  logs   localrun jobs executions logs read nightly-x7k2p --task 1
`);
    expect(shown(resultOf([ended(0, 'Succeeded', 900)]), { memory })).toBe(
      '✔ Succeeded · nightly-x7k2p · 12.5s · peak 40 MiB of 512Mi\n',
    );
  });

  test('does not show a last line that the reason has, if there is no other', () => {
    const task = ended(0, 'Failed', 900);
    const failure = { reason: 'exit code 1: disk full', tasks: [task] };
    expect(shown(resultOf([task], [failure]), { said: () => [line('disk full')] })).not.toContain('│');
  });

  test('shows nothing that a terminal would act on', () => {
    const evil = 'a\u{1b}[2J\rb\u{202e}\u{9b}2J\nc\u{1b}[31mred';
    const task = ended(0, 'Failed', 900);
    const text = shown(resultOf([task], [{ reason: `exit code 1: ${evil}`, tasks: [task] }]), {
      said: () => [line(evil, { container: 'proxy' }), line('x')],
    });
    expect(text).not.toMatch(/[^\P{Cc}\n]|\p{Bidi_C}/u);
    expect(text).toContain(String.raw`a\u001b[2J\u000db\u202e\u009b2J cred`);
  });
});

describe('a cancelled execution', () => {
  const tasks = [
    ended(0, 'Succeeded', 800),
    ended(1, 'Cancelled', 2000),
    ended(2, 'Cancelled', 2000),
    ended(3, 'Abandoned', undefined),
    ended(4, 'Cancelled', undefined),
  ];

  test('says what became of the tasks', () => {
    expect(shown(resultOf(tasks, [], true))).toBe(`\
✔ 1 succeeded
  task 0  0.8s
! 2 cancelled: 1-2
- 2 never started: 3-4

! Cancelled · nightly-x7k2p · 12.5s
`);
  });

  test('says who has cancelled it, if that is known, and what had failed before', () => {
    const failed = ended(5, 'Failed', 100);
    const text = shown(resultOf([...tasks, failed], [{ reason: 'exit code 1', tasks: [failed] }], true), {
      by: 'Ctrl-C',
    });
    expect(text).toMatch(/^✗ exit code 1\n {2}task 5 {3}1 attempt {3}0\.1s\n\n/);
    expect(text).toContain('\n! Cancelled by Ctrl-C · nightly-x7k2p · 12.5s · 1 failed\n');
  });
});
