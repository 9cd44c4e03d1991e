import { isAtLeast, type LogEntry } from './log-entry.js';
import { endingOf } from './attempt.js';
import type { TaskAttemptResult } from './schema/job.js';

/** A line of an attempt that has failed: its text and severity as in its log entry. */
export type SaidLine = Pick<LogEntry, 'severity'> & { text: string; stream: 'stdout' | 'stderr' };

export interface FailureLine {
  text: string;
  /** Why it was chosen. */
  because: 'error' | 'stderr' | 'last';
}

/** Words of an error. Names such as `ValueError` and `java.io.IOException` have them at their end. */
const error = new RegExp(
  String.raw`\b(?:\w*(?:error|exception|panic|failure|mismatch)|panicked|fatal|failed|fail|cannot|can't|could not|unable to|no such|not found|denied|refused|invalid|unreachable|unexpected|timed? ?out|killed|aborted|missing|unknown|unsupported|assert\w*|already (?:in use|exists)|no space left|reset by peer|broken pipe|segmentation fault|out of memory)\b`,
  'i',
);
/** Lines that have such words and are no error. */
const harmless = /\b(?:INFO|DEBUG|TRACE|NOTICE)\b|\b(?:no|0|without(?: any)?) (?:errors?|failures?)\b|\b0 failed\b/;
/** What programs say after the error: the version of Node.js, Rust's advice, where npm has its log, make's own failure. */
const afterwards = /^(?:Node\.js v\d|note: |npm (?:ERR!|error) A complete log|\s*from \S+:\d+:in |exit status \d+$)/;
const indented = /^\s/;
/** The time at the start of a line, which the log has anyway. */
const time = /^\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d(?::\d\d)?\S*\]?[\s:|-]+/;

/**
 * The line that most likely says why an attempt failed: the last that reads like an error and is not part of a stack,
 * otherwise the last on stderr, otherwise the last. Undefined if there is no line with text.
 * @param lines the last lines of the attempt, oldest first
 */
export function failureLine(lines: readonly SaidLine[]): FailureLine | undefined {
  const rows = lines.flatMap(parts).filter(({ text }) => text !== '' && !afterwards.test(text));
  let sure: number | undefined;
  let python = false;
  for (const [i, row] of rows.entries()) {
    if (row.text.startsWith('Traceback (most recent call last):')) python = true;
    else if (!indented.test(row.text)) {
      // The exception after the stack may have any name.
      if (python || readsLikeError(row)) sure = i;
      python = false;
    }
  }
  const outermost = (of: (row: SaidLine) => boolean): number =>
    rows.findLastIndex((row) => of(row) && !indented.test(row.text));
  const onStderr = outermost(({ stream }) => stream === 'stderr');
  const last = outermost(() => true);
  const at = sure ?? (onStderr >= 0 ? onStderr : last >= 0 ? last : rows.length - 1);
  const row = rows[at];
  if (!row) return undefined;
  const next = rows[at + 1];
  const text = row.text.endsWith(':') && next ? `${row.text} ${next.text.trim()}` : row.text.trim();
  const because = sure !== undefined ? 'error' : onStderr >= 0 ? 'stderr' : 'last';
  return { text: text.replace(time, ''), because };
}

/** The lines of a text. That it has the severity of an error holds for the first. */
const parts = (line: SaidLine): SaidLine[] =>
  line.text.split(/\r?\n/).map((part, i) => {
    const severity = i > 0 && isAtLeast(line, 'ERROR') ? undefined : line.severity;
    return { stream: line.stream, severity, text: part.trimEnd() };
  });

function readsLikeError(line: SaidLine): boolean {
  if (line.severity !== undefined) return isAtLeast(line, 'ERROR');
  return error.test(line.text) && !harmless.test(line.text);
}

/** How a task ended, without its name: `exit code 1`, `timed out after 4 s`, `ran out of memory`. */
export const endingWords = (result: TaskAttemptResult | undefined, timeout: string | undefined): string => {
  const { status, exitCode, termSignal } = result ?? {};
  const said = endingOf({ message: status?.message ?? '', exitCode, termSignal }, timeout);
  return said.replace(/^(?:failed with |failed: |was )/, '');
};

/**
 * What the last lines of an attempt add to `endingWords`, with what goes between; undefined if they add nothing. They are
 * read only if they can.
 */
export function addedWords(ending: string, lines: () => readonly SaidLine[]): string | undefined {
  // What did not start has written nothing, and its message says why.
  if (ending.startsWith('failed to start')) return undefined;
  const line = failureLine(lines());
  if (!line) return undefined;
  // Only of a program that has ended by itself do the last words say why.
  if (line.because !== 'error' && !/^exit code|exited with code/.test(ending)) return undefined;
  return line.because === 'last' ? `, last line: ${line.text}` : `: ${line.text}`;
}

/** The label of the container that the message about the end of an attempt blames, if it blames one. */
export const blamed = (message: string): string | undefined =>
  /^(?:Container |STARTUP .* for container )"([^"]+)"/.exec(message)?.[1];

/** A line without what differs from task to task: numbers, ids, paths and addresses. */
export const withoutDetails = (line: string): string =>
  line
    .replaceAll(/\S+/g, (word) => (/[/\\]./.test(word) ? '/' : word))
    .replaceAll(/\b[\da-f]{4,}(?:-[\da-f]+)*\b/gi, (id) => (/\d/.test(id) ? '#' : id))
    .replaceAll(/\d+(?:[.,:]\d+)*/g, '#');
