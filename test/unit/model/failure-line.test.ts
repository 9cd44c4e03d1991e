import { describe, expect, test } from 'vitest';
import { endingWords, failureLine, type SaidLine, withoutDetails } from '../../../src/model/failure-line.js';

const of = (stream: 'stdout' | 'stderr', text: string): SaidLine[] =>
  text.split('\n').map((line) => ({ stream, text: line }));
const out = (text: string): SaidLine[] => of('stdout', text);
const err = (text: string): SaidLine[] => of('stderr', text);
const found = (lines: readonly SaidLine[]): string | undefined => failureLine(lines)?.text;

describe('the line that says why an attempt failed', () => {
  test.each<[string, SaidLine[], string]>([
    [
      'the exception of Python, whatever its name',
      err(
        'Traceback (most recent call last):\n  File "/app/main.py", line 3, in <module>\n    run()\nacme.Overdrawn: 3 EUR',
      ),
      'acme.Overdrawn: 3 EUR',
    ],
    [
      'the error of Node.js, and not its stack, its source or its version',
      err(
        "/app/x.js:1\nthrow new Error('boom')\n^\n\nError: boom\n    at Object.<anonymous> (/app/x.js:1:7)\n    at new NodeError (node:internal/errors:405:5)\n\nNode.js v20.11.0",
      ),
      'Error: boom',
    ],
    [
      'the cause of an exception of Java',
      err(
        'Exception in thread "main" java.lang.RuntimeException: job\n\tat A.main(A.java:3)\nCaused by: java.io.IOException: disk\n\tat A.read(A.java:9)\n\t... 3 more',
      ),
      'Caused by: java.io.IOException: disk',
    ],
    [
      'the panic of Go',
      err(
        'panic: runtime error: index out of range [3]\n\ngoroutine 1 [running]:\nmain.main()\n\t/app/main.go:5 +0x1d\nexit status 2',
      ),
      'panic: runtime error: index out of range [3]',
    ],
    [
      'the panic of Rust, whose words are in the next line',
      err(
        "thread 'main' panicked at src/main.rs:2:5:\nno luck today\nnote: run with `RUST_BACKTRACE=1` environment variable",
      ),
      "thread 'main' panicked at src/main.rs:2:5: no luck today",
    ],
    [
      'what a shell says',
      [...out('ERROR retrying'), ...err('cat: /x: No such file or directory')],
      'cat: /x: No such file or directory',
    ],
    ['an error on stdout', [...out('ERROR checksum mismatch'), ...err('shutting down')], 'ERROR checksum mismatch'],
    ['the last line of stderr, if none reads like an error', [...err('give up'), ...out('bye')], 'give up'],
    ['the last line, if there is no other', out('reading\nstep 3 of 5\n\n'), 'step 3 of 5'],
    [
      'no line that only has such a word',
      [...out('ERROR disk'), ...out('INFO 0 errors so far\ndone without errors')],
      'ERROR disk',
    ],
    ['no time', out('2026-11-29T10:00:01.123Z ERROR disk'), 'ERROR disk'],
    ['an indented line, if all are', out('  here\n  there'), 'there'],
  ])('is %s', (_, lines, line) => expect(found(lines)).toBe(line));

  test('goes by severity where the log has it', () => {
    const lines: SaidLine[] = [
      { stream: 'stdout', severity: 'ERROR', text: 'out of cheese\n    at Fridge.open' },
      { stream: 'stdout', severity: 'INFO', text: 'failed 1 task' },
    ];
    expect(failureLine(lines)).toEqual({ text: 'out of cheese', because: 'error' });
  });

  test('says why it was chosen', () => {
    expect(failureLine(err('Error: x'))?.because).toBe('error');
    expect(failureLine(err('x'))?.because).toBe('stderr');
    expect(failureLine(out('x'))?.because).toBe('last');
    expect(failureLine(out('\n  \n'))).toBeUndefined();
    expect(failureLine([])).toBeUndefined();
  });
});

test('lines that differ in numbers, ids and paths are the same', () => {
  const same = (a: string, b: string): void => expect(withoutDetails(a)).toBe(withoutDetails(b));
  same('shard 3: mismatch in gs://acme/part-3.parquet', 'shard 10: mismatch in gs://acme/part-10.parquet');
  same('took 1.5 s', 'took 10 s');
  same('row 0c9ad1f2-77aa-4f0e-9a57-0123456789ab is bad', 'row 1d0be2a3-88bb-5a1f-8b68-ba9876543210 is bad');
  same('cannot open /data/a/b.csv', 'cannot open /data/c.csv');
  expect(withoutDetails('connection refused')).not.toBe(withoutDetails('connection reset'));
  expect(withoutDetails('a bad cafe')).toBe('a bad cafe');
});

test.each(['x', 'ab-', 'a/', '1.', '/ '])('a long line of %j is compared in no time', (part) => {
  const begun = performance.now();
  withoutDetails(part.repeat(300_000 / part.length));
  expect(performance.now() - begun).toBeLessThan(2000);
});

test.each([
  [{ status: { code: 10, message: 'The container exited with an error.' }, exitCode: 3 }, 'exit code 3'],
  [{ status: { code: 4, message: 'The configured timeout was reached.' } }, 'timed out after 4 s'],
  [{ status: { code: 8, message: 'The configured memory limit was reached.' } }, 'ran out of memory'],
  [
    { status: { code: 10, message: 'The container was terminated on signal 9.' }, termSignal: 9 },
    'terminated on signal 9',
  ],
  [{ status: { code: 13, message: 'The container was never started.' } }, 'The container was never started'],
  [
    { status: { code: 10, message: 'Application failed to start: exec: "x": not found' } },
    'failed to start: exec: "x": not found',
  ],
])('%j is: %s', (result, words) => expect(endingWords(result, '4s')).toBe(words));
