import { CommanderError } from 'commander';
import {
  type Code,
  type Problem,
  type Redirection,
  type Remedy,
  StatusError,
  type Suggestion,
} from '../model/errors.js';
import { type Parent, parseName, shortName } from '../model/names.js';
import { printable } from '../model/printable.js';
import type { Io, Output } from './io.js';
import { annotations, loggable } from './output/workflow-commands.js';

/**
 * A wrong command line. The exit code is 2 while the command line is parsed, like that of gcloud's argument parser, and 1
 * once the command has begun.
 */
export class UsageError extends StatusError {
  override name = 'UsageError';

  constructor(message: string, fix?: Remedy, problems: readonly Problem[] = []) {
    super('INVALID_ARGUMENT', message, { fix, problems });
  }
}

/** What `read` returns. An invalid value is a usage error. @throws UsageError */
export function checkedUsage<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof StatusError) || error.code !== 'INVALID_ARGUMENT') throw error;
    throw new UsageError(error.message, error.fix, error.problems);
  }
}

/** An execution that the command has waited for has failed: gcloud's words, and the end of the run for a terminal. */
export class ExecutionFailed extends StatusError {
  override name = 'ExecutionFailed';
  readonly end: string;

  constructor(message: string, end: string) {
    super('UNKNOWN', message);
    this.end = end;
  }
}

/** A signal has ended the command, and the command has already reported it. */
export class Interrupted extends Error {
  override name = 'Interrupted';
  readonly signal: 'SIGINT' | 'SIGTERM';

  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super(signal);
    this.signal = signal;
  }
}

/** The command has failed and has already printed why. */
export class Reported extends Error {
  override name = 'Reported';
  readonly exitCode: number;

  constructor(exitCode = 1) {
    super(`exit code ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/** Another program, which the command has run, has ended with this exit code. */
export class OtherEnded extends Error {
  override name = 'OtherEnded';
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`exit code ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/**
 * The exit codes: 0 ok, 1 failed, 2 usage, 128 + signal interrupted, or that of a program that was run. A usage error that a
 * command finds after it has begun is a failure like any other.
 */
export function exitCodeOf(error: unknown, { begun }: { begun: boolean }): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof OtherEnded || error instanceof Reported) return error.exitCode;
  if (error instanceof UsageError) return begun ? 1 : 2;
  if (error instanceof Interrupted) return error.signal === 'SIGINT' ? 130 : 143;
  return 1;
}

/** Codes whose name adds nothing to the message. */
const selfExplaining: ReadonlySet<Code> = new Set<Code>([
  'INVALID_ARGUMENT',
  'UNIMPLEMENTED',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNKNOWN',
]);

/** The most problems to show. */
const shownProblems = 50;

/**
 * Prints an error on stderr: what failed, every problem at its place, and what to do.
 * @param here the project and region that apply without flags, if known
 */
export function printError(error: unknown, command: string, io: Io, here?: Parent): void {
  const text = loggable(errorText(error, command, io, here), io);
  if (text === '') return;
  io.err.write(text + (error instanceof StatusError ? annotations(error.problems, io) : ''));
}

function errorText(error: unknown, command: string, { err }: Io, here?: Parent): string {
  if (error instanceof Reported || error instanceof Interrupted || error instanceof OtherEnded) return '';
  const title = err.chalk.red.bold('ERROR:') + (command ? ` (localrun.${command})` : '');
  let shown = '';
  const say = (text: string): void => void (shown += `${text}\n`);
  if (error instanceof CommanderError) {
    if (error.exitCode === 0 || error.code === 'commander.help') return '';
    say(`${title} ${error.message.replace(/^error: /, '').replace('\n', ' ')}`);
    say(`Try: localrun ${[...command.split('.').filter(Boolean), '--help'].join(' ')}`);
  } else if (error instanceof StatusError) {
    say(`${title} ${selfExplaining.has(error.code) ? '' : `${error.code}: `}${error.message}`);
    for (const text of formatProblems(error.problems, err)) say(text);
    if (error.fix) say(advice(remedyText(error.fix, here)));
    if (error instanceof ExecutionFailed) shown += error.end;
  } else if (isSystemError(error)) {
    say(`${title} ${error.message}`);
  } else {
    const unexpected = error instanceof Error ? (error.stack ?? error.message) : String(error);
    say(`${title} This is a bug in localrun.\n${unexpected}`);
  }
  return shown;
}

/** An error of the system, such as a write to a full disk; its message names the file. */
const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error && 'path' in error;

/** A command line to suggest, with flags for the project and region of its resource unless they apply `here` anyway. */
export function commandLine({ command, resource, args = [] }: Suggestion, here?: Parent): string {
  const words = ['localrun', command];
  if (resource !== undefined) words.push(shortName(resource));
  words.push(...args);
  if (resource !== undefined) {
    const { project, location } = parseName(resource);
    if (project !== here?.project) words.push('--project', project);
    if (location !== here?.location) words.push('--region', location);
  }
  return words.join(' ');
}

/** A remedy as text. */
export const remedyText = (remedy: Remedy, here?: Parent): string =>
  typeof remedy === 'string'
    ? remedy
    : remedy
        .map((part) => {
          if (typeof part === 'string') return part;
          return 'command' in part ? commandLine(part, here) : redirectionText(part);
        })
        .join('');

function redirectionText({ elsewhere: { project, location } }: Redirection): string {
  const flags = [
    ...(project === undefined ? [] : [`--project ${project}`]),
    ...(location === undefined ? [] : [`--region ${location}`]),
  ];
  return `run again with ${flags.join(' ') || '--project and --region'}`;
}

/** A remedy as a line: a guess as a question, a sentence as it is, a command after `Try:`. */
function advice(fix: string): string {
  if (fix.startsWith('did you mean')) return `D${fix.slice(1)}`;
  return /^[A-Z][a-z]* /.test(fix) ? fix : `Try: ${fix}`;
}

/** Problems as text. Of too many, only the first, errors before warnings, and the number of the others. */
export function formatProblems(problems: readonly Problem[], output: Pick<Output, 'chalk'>): string[] {
  if (problems.length <= shownProblems) return problems.map((problem) => formatProblem(problem, output));
  const isError = ({ severity }: Problem): boolean => severity === 'error';
  const first = [...problems.filter(isError), ...problems.filter((problem) => !isError(problem))];
  const shown = first.slice(0, shownProblems).map((problem) => formatProblem(problem, output));
  return [...shown, `and ${problems.length - shownProblems} more`];
}

/**
 * A problem in the form that compilers use:
 * ```
 * job.yaml:14:19: spec.maxRetries: must be a number between 0 and 10
 *     maxRetries: 12
 *                 ^
 *     Try: ...
 * ```
 */
export function formatProblem(
  { path, message, location, fix, severity }: Problem,
  { chalk }: Pick<Output, 'chalk'>,
): string {
  const place = location ? chalk.bold(`${location.file}:${location.line}:${location.column}: `) : '';
  const kind = severity === 'warning' ? chalk.yellow('warning: ') : '';
  const lines = [`${place}${kind}${path ? `${path}: ` : ''}${message}`];
  if (location) lines.push(...excerpt(location.excerpt, location.column, chalk));
  if (fix) lines.push(`    ${advice(remedyText(fix))}`);
  return lines.join('\n');
}

/** The part of a source line around a column, short enough for a terminal. */
function excerpt(line: string, column: number, chalk: Output['chalk']): string[] {
  const width = 100;
  const at = column - 1;
  const shown = (from: number, to: number): string => printable(line.slice(from, to).replaceAll('\t', ' '), false);
  const before = shown(Math.max(0, at - width), at);
  const around = before + shown(at, at + width);
  const start = Math.max(0, Math.min(before.length - width / 2, around.length - width));
  const end = start + width;
  const text = around
    .slice(start, end)
    .replace(/^./, (first) => (start > 0 ? '…' : first))
    .replace(/.$/, (last) => (end < around.length ? '…' : last));
  return [`    ${text}`, `    ${' '.repeat(before.length - start)}${chalk.red('^')}`];
}

/**
 * What `call` returns. An error of this code gets the message that gcloud has for it. Advice that came with the error
 * stays; `fix` is for errors without any.
 */
export function inWords<T>(code: Code, message: string, call: () => T, fix?: string): T {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof StatusError) || error.code !== code) throw error;
    throw new StatusError('UNKNOWN', message, { fix: error.fix ?? fix, cause: error });
  }
}
