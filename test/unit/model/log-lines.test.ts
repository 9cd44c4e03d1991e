import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LogDecoder, type LogLine } from '../../../src/model/log-lines.js';

const stamp = '2026-11-23T23:43:30.126725844Z';
const time = '2026-11-23T23:43:30.126725Z';

function decode(chunks: readonly Buffer[]): LogLine[] {
  const decoder = new LogDecoder();
  return [...chunks.flatMap((chunk) => decoder.push(chunk)), ...decoder.end()];
}

/** A log in chunks that are read into the same memory. */
function decodeBy(size: number, bytes: Buffer): LogLine[] {
  const memory = Buffer.alloc(size);
  const decoder = new LogDecoder();
  const lines: LogLine[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    lines.push(...decoder.push(memory.subarray(0, bytes.copy(memory, 0, at))));
  }
  return [...lines, ...decoder.end()];
}

test('lines come with their time', () => {
  expect(decode([Buffer.from(`${stamp} one\n${stamp} two three\n${stamp} \n`)])).toEqual([
    { time, text: 'one' },
    { time, text: 'two three' },
    { time, text: '' },
  ]);
});

test('what has no timestamp is no line of the container', () => {
  expect(decode([Buffer.from(`${stamp} one\nerror from daemon: EOF\n${stamp} two\n`)]).map(({ text }) => text)).toEqual(
    ['one', 'two'],
  );
});

test.each([16_384, 1_000_000, 8_000_000])('a line of %s bytes is whole', (length) => {
  const line = `x${'é'.repeat(length / 2 - 1)}y`;
  const lines = decodeBy(65_536, Buffer.from(`${stamp} ${line}\n${stamp} next\n`));
  expect(lines.map(({ text }) => text.length)).toEqual([line.length, 4]);
  expect(lines[0]?.text === line).toBe(true);
});

test('a line without an end comes in parts, between letters', () => {
  const line = `x${'é'.repeat(13_000_000)}`;
  const lines = decodeBy(65_536, Buffer.from(`${stamp} ${line}\n${stamp} next\n`));
  expect(lines.length).toBeGreaterThan(3);
  expect(lines.every(({ text }) => Buffer.byteLength(text) < 9_000_000)).toBe(true);
  const last = lines.pop();
  expect(last?.text).toBe('next');
  expect(new Set(lines.map((part) => part.time))).toEqual(new Set([time]));
  expect(lines.map(({ text }) => text).join('') === line).toBe(true);
});

test('any lines survive any cuts, whatever looks like a time in them', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 30 }).map((text) => text.replaceAll('\n', ' ')),
    fc.constantFrom(`${stamp} `, stamp, '\r', '2026-', '\0'),
  );
  const line = fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(fc.array(line, { minLength: 1 }), fc.boolean(), fc.array(fc.nat()), (lines, newline, cuts) => {
      const bytes = Buffer.from(lines.map((text) => `${stamp} ${text}`).join('\n') + (newline ? '\n' : ''));
      const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
      const chunks = places.slice(1).map((end, i) => bytes.subarray(places[i], end));
      expect(decode(chunks)).toEqual(lines.map((text) => ({ time, text })));
    }),
  );
});
