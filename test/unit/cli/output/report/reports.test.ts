import { closeSync, mkdirSync, openSync, readFileSync, symlinkSync, writeSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { XmlDocument, XsdValidator } from 'libxml2-wasm';
import { describe, expect, test } from 'vitest';
import { reportFiles, writeReport } from '../../../../../src/cli/output/report/files.js';
import { errorCommands, jobSummary } from '../../../../../src/cli/output/report/github.js';
import { jsonReport } from '../../../../../src/cli/output/report/json.js';
import { junitReport } from '../../../../../src/cli/output/report/junit.js';
import type { AttemptRecord } from '../../../../../src/model/attempt.js';
import { codes } from '../../../../../src/model/errors.js';
import { completed, counted } from '../../../../../src/model/execution.js';
import type { AttemptOutcome, TaskState } from '../../../../../src/model/task.js';
import type { ExecutionReport } from '../../../../../src/service/execution-report.js';
import type { TaskAttempts } from '../../../../../src/service/task-tail.js';
import { someExecution, someJob, someTask, someTime } from '../../../../support/jobs.js';
import { tempDirectory } from '../../../../support/temp.js';

const root = path.join(import.meta.dirname, '..', '..', '..', '..', '..');
const file = (name: string): string => readFileSync(path.join(root, name), 'utf8');

const ok: AttemptOutcome = { code: 0, message: '' };
const exit3: AttemptOutcome = { code: codes.ABORTED, message: 'The container exited with an error.', exitCode: 3 };
const lost: AttemptOutcome = { code: codes.UNAVAILABLE, message: 'The attempt was lost: the node is gone' };
const cancelled: AttemptOutcome = { code: codes.CANCELLED, message: 'Cancelled by user.' };

const record = (task: number, attempt: number, outcome?: AttemptOutcome): AttemptRecord => ({
  ...{ task, attempt, name: '', handle: '', createTime: someTime, startTime: someTime, outcome },
  endTime: outcome && '2026-11-23T12:00:01.500000Z',
});

const taskOf = (index: number, state: TaskState, outcomes: readonly (AttemptOutcome | undefined)[]): TaskAttempts => ({
  task: someTask(index, { state, retried: Math.max(0, outcomes.length - 1), completionTime: someTime }),
  attempts: outcomes.map((outcome, attempt) => record(index, attempt, outcome)),
});

/** The report of an ended execution with these tasks, which all have written `lines`. */
function reportOf(tasks: readonly TaskAttempts[], lines: readonly string[] = ['last words']): ExecutionReport {
  let execution = someExecution(someJob({ taskCount: tasks.length }, { maxRetries: 2 }));
  for (const { task } of tasks) execution = counted(execution, someTask(task.index), task, someTime);
  const failed = tasks.find(({ task }) => task.state === 'Failed')?.task;
  const stopped = tasks.some(({ task }) => task.state === 'Cancelled');
  execution = completed(execution, { cancelled: stopped, failed, time: someTime }, someTime);
  return { execution, tasks, lastLines: (_task, _attempt, count) => lines.slice(-count) };
}

const mixed = [
  taskOf(0, 'Succeeded', [ok]),
  taskOf(1, 'Succeeded', [exit3, lost, ok]),
  taskOf(2, 'Failed', [exit3, lost, exit3]),
  taskOf(3, 'Failed', [lost, exit3]),
];

const hostile = [
  '::error::injected',
  '##[add-mask]x',
  '</system-out><testcase name="fake"/> ]]> & "quoted" \'single\'',
  '\u{1b}[31mred\u{1b}[0m \u{1b}]0;title\u{7} \0 \u{b} \ufffe \uffff \ud800 \udc00 😀',
  '```',
  '</details><script>alert(1)</script> | a | b |',
];

describe('JUnit XML', () => {
  const validator = XsdValidator.fromDoc(XmlDocument.fromString(file('test/fixtures/junit.xsd')));
  /** The document, which is valid. */
  function read(report: ExecutionReport): XmlDocument {
    const document = XmlDocument.fromString(junitReport(report));
    validator.validate(document);
    return document;
  }
  const textsOf = (document: XmlDocument, where: string): string[] =>
    document.find(where).map(({ content }) => content);

  test('has a test case for each task, with its attempts as Maven reports reruns', () => {
    const document = read(reportOf(mixed));
    expect(textsOf(document, '/testsuites/testsuite/@*').slice(0, 6)).toEqual(['nightly', '4', '1', '1', '0.000', '0']);
    expect(textsOf(document, '//testcase/@name')).toEqual(['task 0', 'task 1', 'task 2', 'task 3']);
    expect(textsOf(document, '//testcase/@time')).toEqual(['1.500', '4.500', '4.500', '3.000']);
    const inner = (index: number): string[] =>
      document.find(`//testcase[@name="task ${index}"]/*`).map((element) => (element as { name?: string }).name ?? '');
    expect([0, 1, 2, 3].map(inner)).toEqual([
      ['system-out'],
      ['flakyFailure', 'flakyError', 'system-out'],
      ['failure', 'rerunFailure', 'rerunError', 'system-out'],
      ['rerunFailure', 'error', 'system-out'],
    ]);
    expect(textsOf(document, '//failure/@message')).toEqual(['task 2 failed with exit code 3 (attempt 1 of 3)']);
    expect(textsOf(document, '//error/@type')).toEqual(['UNAVAILABLE']);
  });

  test.each<[what: string, tasks: TaskAttempts[], errors: string[], skipped: number]>([
    [
      'was cancelled',
      [taskOf(0, 'Cancelled', [cancelled]), taskOf(1, 'Cancelled', []), taskOf(2, 'Abandoned', [])],
      ['task 0 failed: Cancelled by user (attempt 1 of 3)', 'task 1 was cancelled'],
      1,
    ],
    [
      'failed before its tasks started',
      [taskOf(0, 'Failed', [exit3]), taskOf(1, 'Abandoned', [])],
      [expect.stringMatching(/^task 1 was never started: Task nightly-x7k2p-task0 failed/) as string],
      0,
    ],
    [
      'has not ended',
      [taskOf(0, 'Running', [undefined]), taskOf(1, 'Pending', [])],
      ['task 0 has not ended (attempt 1 of 3)', 'task 1 has not ended'],
      0,
    ],
  ])('shows what is not known to have succeeded of an execution that %s', (_, tasks, errors, skipped) => {
    const document = read(reportOf(tasks));
    expect(textsOf(document, '//error/@message')).toEqual(errors);
    expect(document.find('//skipped')).toHaveLength(skipped);
    expect(textsOf(document, '//testsuite/@errors')).toEqual([String(errors.length)]);
  });

  test('has hostile output as text, without what XML cannot have', () => {
    const document = read(reportOf(mixed, hostile));
    expect(document.find('//testcase')).toHaveLength(4);
    const [text] = textsOf(document, '//testcase[1]/system-out');
    expect(text?.split('\n')).toEqual([
      ...hostile.slice(0, 3),
      String.raw`red \u001b]0;title\u0007 \u0000 \u000b     😀`,
      ...hostile.slice(4),
    ]);
  });
});

test('a JSON report follows its published schema', () => {
  const validate = new Ajv2020({ strict: false }).compile(JSON.parse(file('schema/report.schema.json')) as object);
  const unfinished = taskOf(4, 'Running', [undefined]);
  const killed: AttemptOutcome = { code: codes.ABORTED, message: '', termSignal: 9 };
  const measured = taskOf(0, 'Succeeded', [ok]);
  const usage = { worker: { peakMemoryBytes: 4096, cacheBytes: 0, cpuSeconds: 0.25, oomKills: 1 } };
  for (const attempt of measured.attempts) attempt.usage = usage;
  expect(JSON.parse(jsonReport(reportOf([measured])))).toMatchObject({ tasks: [{ attempts: [{ usage }] }] });
  for (const tasks of [mixed, [unfinished], [measured], [taskOf(0, 'Failed', [killed])]]) {
    const report: unknown = JSON.parse(jsonReport(reportOf(tasks)));
    validate(report);
    expect(validate.errors).toBeNull();
  }
  expect(JSON.parse(jsonReport(reportOf(mixed)))).toMatchObject({
    version: 1,
    execution: { id: 'nightly-x7k2p', status: 'EXECUTION_FAILED', taskCount: 4, failedCount: 2, retriedCount: 3 },
    tasks: [
      { index: 0, flaky: false, attempts: [{ attempt: 0, code: 'OK', exitCode: 0, durationSeconds: 1.5 }] },
      { index: 1, flaky: true, state: 'Succeeded' },
      { index: 2, attempts: [{ code: 'ABORTED', exitCode: 3 }, { code: 'UNAVAILABLE' }, { exitCode: 3 }] },
      {},
    ],
  });
});

describe('the file of a report', () => {
  test('that is open already gets the report behind what was written to it', () => {
    const name = path.join(tempDirectory(), 'out');
    const open = openSync(name, 'w');
    writeSync(open, 'before\n');
    const report = reportFiles({ json: `/dev/fd/${open}` }, '/').get('json');
    if (report) writeReport(report, 'report\n');
    writeSync(open, 'after\n');
    closeSync(open);
    expect(readFileSync(name, 'utf8')).toBe('before\nreport\nafter\n');
    expect(() => reportFiles({ json: '/dev/fd/99999' }, '/')).toThrow('A report could not be written');
  });

  test('is one file, also below a link', () => {
    const cwd = tempDirectory();
    mkdirSync(path.join(cwd, 'real'));
    symlinkSync('real', path.join(cwd, 'link'));
    expect(() => reportFiles({ json: 'real/r', junit: 'link/r' }, cwd)).toThrow('A report could not be written');
  });
});

describe('on GitHub', () => {
  test('every error is one command, whatever the output holds', () => {
    const lines = errorCommands(reportOf(mixed, ['100% \r\n done', ...hostile])).split('\n');
    expect(lines).toHaveLength(3);
    expect(lines.pop()).toBe('');
    for (const line of lines) expect(line).toMatch(/^::error title=nightly%3A 2 of 4 tasks failed::task \d failed/);
    expect(lines[0]).toContain('(attempt 3 of 3)%0A100%25 %0D%0A done%0A::error::injected%0A');
    expect(errorCommands(reportOf([taskOf(0, 'Succeeded', [exit3, ok])]))).toBe('');
  });

  test('of many failed tasks ten errors and fifty rows are shown, and the others counted', () => {
    const report = reportOf(Array.from({ length: 60 }, (_, index) => taskOf(index, 'Failed', [exit3])));
    const errors = errorCommands(report).trim().split('\n');
    expect(errors).toHaveLength(10);
    expect(errors.at(-1)).toMatch(/::and 51 more failed tasks$/);
    const summary = jobSummary(report);
    expect(summary.match(/^\| \d+ \|/gm)).toHaveLength(50);
    expect(summary).toContain('\nand 10 more failed tasks\n');
  });

  test('the summary shows hostile output in a block that it cannot end', () => {
    const summary = jobSummary(reportOf(mixed, hostile));
    expect(summary).toMatch(/^### ❌ nightly: 2 of 4 tasks failed\n/);
    expect(summary).toContain('Succeeded only after a retry: task 1.\n');
    expect(summary).toContain('| 2 | 3 | 4\\.5s | failed with exit code 3 |\n');
    const [, , block = ''] = /\n(`{4,})text\n([\s\S]*?)\n\1\n/.exec(summary) ?? [];
    expect(block.split('\n')).toHaveLength(hostile.length);
    expect(summary.replaceAll(/\n(`{4,})text\n[\s\S]*?\n\1\n/g, '')).not.toMatch(/script|injected/);
  });

  test('the summary has the peak memory where that is known', () => {
    const known = taskOf(0, 'Failed', [exit3, exit3]);
    for (const attempt of known.attempts.slice(1))
      attempt.usage = { a: { peakMemoryBytes: 2 ** 20 }, b: { cpuSeconds: 1 } };
    expect(jobSummary(reportOf([known, taskOf(1, 'Failed', [exit3])]))).toContain(
      `| Task | Attempts | Took | Why | Peak memory |
| ---: | ---: | ---: | --- | ---: |
| 0 | 2 | 3s | failed with exit code 3 | 1 MiB |
| 1 | 1 | 1\\.5s | failed with exit code 3 |  |
`,
    );
  });

  test('a reason cannot break the table', () => {
    const outcome = { code: codes.INTERNAL, message: 'a | b `c` <i>\nd' };
    const summary = jobSummary(reportOf([taskOf(0, 'Failed', [outcome])], []));
    expect(summary).toContain('| failed\\: a \\| b \\`c\\` \\<i\\> d |\n');
  });
});
