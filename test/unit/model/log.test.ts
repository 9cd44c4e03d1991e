import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LogDecoder, type LogLine } from '../../../src/model/log.js';

const stamp = '2026-11-23T23:43:30.126725844Z';
const time = '2026-11-23T23:43:30.126725Z';

function decode(chunks: readonly Buffer[]): LogLine[] {
  const decoder = new LogDecoder();
  return [...chunks.flatMap((chunk) => decoder.push(chunk)), ...decoder.end()];
}

/** What `docker logs --timestamps` prints for these lines: pieces of 16 KiB, each with the timestamp again. */
function encode(lines: readonly string[], finalNewline: boolean): Buffer {
  const pieces = lines.map((line) => {
    const bytes = Buffer.from(line);
    let out = '';
    for (let at = 0; at === 0 || at < bytes.length; at += 16384) {
      out += `${stamp} ${bytes.toString('latin1', at, at + 16384)}`;
    }
    // A line that fills its last piece has its newline in a piece of its own.
    return bytes.length > 0 && bytes.length % 16384 === 0 ? `${out}${stamp} ` : out;
  });
  return Buffer.from(pieces.join('\n') + (finalNewline && lines.length > 0 ? '\n' : ''), 'latin1');
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

test.each([16383, 16384, 16385, 40_000])('a line of %s bytes is whole', (length) => {
  expect(decode([encode(['x'.repeat(length), 'next'], true)]).map(({ text }) => text.length)).toEqual([length, 4]);
});

test('a long line is whole though its chunks are read into the same memory', () => {
  const bytes = encode(['x'.repeat(20_000) + 'y'.repeat(20_000), 'next'], true);
  const memory = Buffer.alloc(17_000);
  const decoder = new LogDecoder();
  const lines: LogLine[] = [];
  for (let at = 0; at < bytes.length; at += memory.length) {
    const count = bytes.copy(memory, 0, at);
    lines.push(...decoder.push(memory.subarray(0, count)));
  }
  expect(lines.map(({ text }) => text)).toEqual(['x'.repeat(20_000) + 'y'.repeat(20_000), 'next']);
});

test('a long line with bytes that are no UTF-8 is whole', () => {
  // The engine cuts between the two bytes of a letter, and keeps U+FFFD for each of them (Docker 20.10, json-file).
  const bytes = encode([`x${'é'.repeat(40_000)}`, '\u{fffd}'.repeat(100), 'next'], true);
  const pieces = bytes.toString('latin1').split(/(?=2026-)/);
  const read = Buffer.concat(pieces.map((piece) => Buffer.from(Buffer.from(piece, 'latin1').toString('utf8'))));
  expect(decode([read]).map(({ text }) => text.replaceAll('\u{fffd}\u{fffd}', 'é'))).toEqual([
    `x${'é'.repeat(40_000)}`,
    'é'.repeat(50),
    'next',
  ]);
});

test('any lines survive any cuts', () => {
  const line = fc.string({ unit: 'grapheme', maxLength: 30 }).map((text) => text.replaceAll('\n', ' '));
  fc.assert(
    fc.property(fc.array(line, { minLength: 1 }), fc.boolean(), fc.array(fc.nat()), (lines, newline, cuts) => {
      const bytes = encode(lines, newline);
      const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
      const chunks = places.slice(1).map((end, i) => bytes.subarray(places[i], end));
      expect(decode(chunks).map(({ text }) => text)).toEqual(lines);
    }),
  );
});
