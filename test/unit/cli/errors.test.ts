import { Chalk } from 'chalk';
import { CommanderError } from 'commander';
import { describe, expect, test } from 'vitest';
import {
  exitCodeOf,
  formatProblem,
  Interrupted,
  printError,
  remedyText,
  Reported,
  UsageError,
} from '../../../src/cli/errors.js';
import { type Problem, type Remedy, StatusError, suggest } from '../../../src/model/errors.js';
import { testIo } from '../../support/io.js';

const etl = 'projects/p/locations/us-central1/jobs/etl/executions/etl-1';
const plain = { chalk: new Chalk({ level: 0 }) };

test.each<[what: string, error: unknown, code: number, begun?: boolean]>([
  ['a failure', new StatusError('NOT_FOUND', 'x'), 1],
  ['a failed execution', new Reported(), 1],
  ['anything unexpected', new TypeError('x'), 1],
  ['wrong usage', new UsageError('x'), 2],
  ['the same once the command has begun', new UsageError('x'), 1, true],
  ['wrong usage that the parser finds', new CommanderError(1, 'commander.unknownOption', 'x'), 2],
  ['help', new CommanderError(0, 'commander.helpDisplayed', ''), 0],
  ['Ctrl-C', new Interrupted('SIGINT'), 130],
  ['SIGTERM', new Interrupted('SIGTERM'), 143],
])('the exit code of %s', (_, error, code, begun = false) => {
  expect(exitCodeOf(error, { begun })).toBe(code);
});

function printed(error: unknown, command = 'jobs.create'): string {
  const io = testIo('/home');
  printError(error, command, io);
  expect(io.stdout()).toBe('');
  return io.stderr();
}

describe('an error', () => {
  test('has a code only where that helps, and says what to do', () => {
    expect(printed(new StatusError('NOT_FOUND', 'There is none.', { fix: 'did you mean that?' }))).toBe(
      'ERROR: (localrun.jobs.create) NOT_FOUND: There is none.\nDid you mean that?\n',
    );
    expect(printed(new StatusError('UNAVAILABLE', 'No engine.', { fix: 'start one' }))).toBe(
      'ERROR: (localrun.jobs.create) No engine.\nTry: start one\n',
    );
    expect(printed(new UsageError('argument X: no'), '')).toBe('ERROR: argument X: no\n');
  });

  test('is shown by GitHub at its place in the repository, and nothing that it quotes is a command', () => {
    const io = testIo('/repository/jobs', {
      env: { GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: '/repository' },
    });
    const location = { file: 'a,b.yaml', line: 3, column: 5, excerpt: '    ::add-mask::x ##[add-mask]x' };
    const problem: Problem = { path: 'spec.x', message: '100%\nwrong', location, severity: 'error' };
    printError(new StatusError('INVALID_ARGUMENT', 'Wrong.', { problems: [problem] }), 'jobs.run', io);
    const [stop, ...lines] = io.stderr().trimEnd().split('\n');
    const [, token = ''] = /^::stop-commands::(\S{20,})$/.exec(stop ?? '') ?? [];
    expect(lines.slice(-2)).toEqual([
      `::${token}::`,
      '::error file=jobs/a%2Cb.yaml,line=3,col=5::spec.x: 100%25%0Awrong',
    ]);
    expect(lines.findIndex((line) => line.includes('add-mask'))).toBeLessThan(lines.length - 2);
  });

  test('is told once', () => {
    expect(printed(new Reported())).toBe('');
    expect(printed(new Interrupted('SIGINT'))).toBe('');
  });

  test('that is our own has its stack', () => {
    expect(printed(new TypeError('x'))).toMatch(/This is a bug in localrun\.\nTypeError: x\n +at /);
  });

  test('shows fifty problems and counts the others', () => {
    const problems = Array.from({ length: 120 }, (_, i): Problem => ({ message: `problem ${i}`, severity: 'error' }));
    const lines = printed(new StatusError('INVALID_ARGUMENT', 'job.yaml has problems:', { problems })).split('\n');
    expect(lines).toHaveLength(53);
    expect(lines.at(-2)).toBe('and 70 more');
  });
});

test.each<[remedy: Remedy, text: string]>([
  ['start one', 'start one'],
  [[{ command: 'jobs executions wait', resource: etl }], 'localrun jobs executions wait etl-1'],
  [
    [{ command: 'jobs executions wait', resource: etl.replace('us-central1', 'l') }],
    'localrun jobs executions wait etl-1 --region l',
  ],
  [
    ['gone? ', { command: 'jobs executions delete', resource: etl.replace('/p/', '/q/'), args: ['--quiet'] }, ' there'],
    'gone? localrun jobs executions delete etl-1 --quiet --project q there',
  ],
  [[suggest('doctor', '--fix'), ' removes them'], 'localrun doctor --fix removes them'],
  [['it is there: ', { elsewhere: { location: 'l' } }], 'it is there: run again with --region l'],
  [[{ elsewhere: {} }], 'run again with --project and --region'],
])('the remedy %j as text', (remedy, text) => {
  expect(remedyText(remedy, { project: 'p', location: 'us-central1' })).toBe(text);
});

test('a suggestion says where its resource is if nothing else does', () => {
  expect(remedyText([{ command: 'jobs executions wait', resource: etl }])).toBe(
    'localrun jobs executions wait etl-1 --project p --region us-central1',
  );
});

describe('a problem', () => {
  const problem: Problem = { path: 'spec.maxRetries', message: 'must be between 0 and 10', severity: 'error' };
  const at = (column: number, excerpt: string): Problem => ({
    ...problem,
    location: { file: 'job.yaml', line: 14, column, excerpt },
  });

  test('shows its place', () => {
    expect(formatProblem({ ...at(13, 'maxRetries: 12'), fix: 'use 10' }, plain)).toBe(
      `job.yaml:14:13: spec.maxRetries: must be between 0 and 10
    maxRetries: 12
                ^
    Try: use 10`,
    );
    expect(formatProblem({ ...problem, severity: 'warning' }, plain)).toBe(
      'warning: spec.maxRetries: must be between 0 and 10',
    );
  });

  test('puts the caret below its column after tabs, too', () => {
    const [, line = '', caret = ''] = formatProblem(at(4, '\t\t\tx: 1'), plain).split('\n');
    expect(line.indexOf('x')).toBe(caret.indexOf('^'));
  });

  test('shows the part of a long line that matters', () => {
    const line = `${'a'.repeat(5000)}!${'b'.repeat(5000)}`;
    const [, shown = '', caret = ''] = formatProblem(at(5001, line), plain).split('\n');
    expect(shown.length).toBeLessThanOrEqual(104);
    expect(shown[caret.indexOf('^')]).toBe('!');
  });
});
