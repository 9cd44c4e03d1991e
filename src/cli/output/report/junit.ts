import { parseName } from '../../../model/names.js';
import { printable } from '../../../model/printable.js';
import type { Execution } from '../../../model/schema/job.js';
import type { ExecutionReport } from '../../../service/execution-report.js';
import type { TaskAttempts } from '../../../service/task-tail.js';
import { completionStatus } from '../../../model/execution.js';
import { attemptFailure, type Failure, idOf, secondsBetween, secondsOf, taskFailure } from './results.js';

/** How many of the last lines of a container to show. */
const shownLines = 20;

/** The elements of a test case, in the order that Maven's schema asks for. */
const order = [
  ...['failure', 'rerunFailure', 'flakyFailure', 'skipped', 'error', 'rerunError', 'flakyError', 'system-out'],
] as const;

type Tag = (typeof order)[number];

interface TestCase {
  text: string;
  result: 'passed' | 'failed' | 'error' | 'skipped';
}

/**
 * An execution as JUnit XML, in the dialect of Maven and Jenkins: a test case for each task. The first failed attempt is
 * its failure and the later ones are reruns; if the task succeeded in the end, all of them are flaky.
 */
export function junitReport(report: ExecutionReport): string {
  const { execution, tasks } = report;
  const { project, location, job } = parseName(execution.name);
  const cases = tasks.map((task) => testCase(report, task));
  const count = (result: TestCase['result']): number => cases.filter((of) => of.result === result).length;
  const { createTime, completionTime } = execution;
  const total = {
    ...{ name: job, tests: tasks.length, failures: count('failed'), errors: count('error') },
    time: shownSeconds(secondsBetween(createTime, completionTime) ?? 0),
  };
  const properties = {
    ...{ execution: idOf(execution), project, region: location, status: completionStatus(execution) },
    images: execution.template.containers.map(({ image }) => image).join(' '),
  };
  const suite = element('testsuite', { ...total, skipped: count('skipped'), timestamp: createTime.slice(0, 19) }, [
    element(
      'properties',
      {},
      Object.entries(properties).map(([name, value]) => element('property', { name, value })),
    ),
    ...cases.map(({ text }) => text),
  ]);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('testsuites', total, [suite])}\n`;
}

function testCase(report: ExecutionReport, of: TaskAttempts): TestCase {
  const { execution } = report;
  const { task, attempts } = of;
  const parts: [tag: Tag, text: string][] = [];
  const passed = task.state === 'Succeeded';
  let result: TestCase['result'] = 'passed';
  const linesOf = (attempt: number): string => report.lastLines(task.index, attempt, shownLines).join('\n');
  const failures = attempts.flatMap((record) => {
    const failure = attemptFailure(record, execution);
    return failure ? [{ ...failure, attempt: record.attempt }] : [];
  });
  for (const [i, { type, message, error, attempt }] of failures.entries()) {
    const attributes = { message: `task ${task.index} ${message} (${attemptOf(attempt, execution)})`, type };
    const kind = error ? 'Error' : 'Failure';
    if (i === 0 && !passed) {
      result = error ? 'error' : 'failed';
      parts.push([...failed(error, attributes, linesOf(attempt))]);
      continue;
    }
    const tag = passed ? (`flaky${kind}` as const) : (`rerun${kind}` as const);
    const inner = [textElement('stackTrace', attributes.message), textElement('system-out', linesOf(attempt))];
    parts.push([tag, element(tag, attributes, inner)]);
  }
  if (!passed && failures.length === 0) {
    const failure = taskFailure(of, execution);
    const { type } = failure;
    const message = `task ${task.index} ${failure.message}`;
    const skipped = task.state === 'Abandoned' && completionStatus(execution) === 'EXECUTION_CANCELLED';
    result = skipped ? 'skipped' : 'error';
    parts.push(skipped ? ['skipped', element('skipped', { message })] : [...failed(true, { message, type }, message)]);
  }
  const last = attempts.at(-1);
  const lines = last ? linesOf(last.attempt) : '';
  if (lines !== '') parts.push(['system-out', textElement('system-out', lines)]);
  const inner = parts.toSorted(([a], [b]) => order.indexOf(a) - order.indexOf(b)).map(([, text]) => text);
  const attributes = { name: `task ${task.index}`, classname: execution.job, time: shownSeconds(secondsOf(of)) };
  return { text: element('testcase', attributes, inner), result };
}

function failed(error: boolean, attributes: Pick<Failure, 'message' | 'type'>, text: string): [Tag, string] {
  const tag = error ? 'error' : 'failure';
  return [tag, textElement(tag, text, attributes)];
}

const attemptOf = (attempt: number, { template }: Execution): string =>
  `attempt ${attempt + 1} of ${(template.maxRetries ?? 0) + 1}`;

const shownSeconds = (seconds: number): string => seconds.toFixed(3);

type Attributes = Readonly<Record<string, string | number>>;

const tagOf = (name: string, attributes: Attributes): string =>
  [
    name,
    ...Object.entries(attributes).map(([key, value]) => `${key}="${escaped(String(value), /[&<>"\t\n\r]/g)}"`),
  ].join(' ');

function element(name: string, attributes: Attributes, children: readonly string[] = []): string {
  if (children.length === 0) return `<${tagOf(name, attributes)}/>`;
  const inner = children.map((child) => `\n${child}`).join('');
  return `<${tagOf(name, attributes)}>${inner}\n</${name}>`;
}

/** An element with text, whose newlines stay. */
const textElement = (name: string, text: string, attributes: Attributes = {}): string =>
  `<${tagOf(name, attributes)}>${escaped(text, /[&<>\r]/g)}</${name}>`;

/** What XML cannot have besides control characters, which `printable` replaces. */
const invalid = /[\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const escaped = (text: string, special: RegExp): string =>
  printable(text, false)
    .replaceAll(invalid, '')
    .replaceAll(special, (found) => `&#${found.charCodeAt(0)};`);
