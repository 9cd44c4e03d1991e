import { describe, expect, test } from 'vitest';
import { LogPosition, LogReader } from '../../../../src/runtime/kubernetes/log.js';

const at = (n: number): string => `2026-11-29T12:00:00.${String(n).padStart(9, '0')}Z `;
const long = 16_384;

/** What is written of a log that comes in chunks of a size. */
function written(log: string, size: number, position = new LogPosition(), end = true): string {
  const reader = new LogReader();
  const bytes = Buffer.from(log, 'latin1');
  const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );
  position.restart();
  return [...chunks.flatMap((chunk) => reader.push(chunk)), ...(end ? reader.end() : [])]
    .filter((entry) => position.passes(entry))
    .map(({ stamp, data, within }) => `${within ? '' : stamp}${data.toString('latin1')}`)
    .join('');
}

const sizes = [1, 7, 36, 4096, 1_000_000];

describe('a log', () => {
  test.for(sizes)('is what the kubelet sends, in chunks of %i', (size) => {
    const log = `${at(1)}one\n${at(2)}\n${at(3)}\xff\x00 two\n${at(4)}last`;
    expect(written(log, size)).toBe(log);
  });

  test.for(sizes)('lacks what the kubelet says itself, in chunks of %i', (size) => {
    const log = `${at(1)}one\nrpc error: code = Unknown desc = Error: No such container: 1\n${at(2)}two\nfailed to try resolving symlinks`;
    expect(written(log, size)).toBe(`${at(1)}one\n${at(2)}two\n`);
  });

  test.for([
    ['before each part, as kubelets up to 1.20 write it', (n: number) => at(n)],
    ['before the first part only', (n: number) => (n === 1 ? at(1) : '')],
  ] as const)('has a long line with the time %s', ([, stamp]) => {
    const parts = ['a'.repeat(long), 'b'.repeat(long), 'c\n'];
    const line = parts.map((part, i) => `${stamp(i + 1)}${part}`).join('');
    for (const size of sizes) {
      expect(written(`${line}${at(9)}end\n`, size)).toBe(`${at(1)}${parts.join('')}${at(9)}end\n`);
    }
  });

  test.for(sizes)('has lines that look like times, in chunks of %i', (size) => {
    const log = `${at(1)}${at(0)}${at(0)}\n${at(2)}${'x'.repeat(long - 1)}\n${at(3)}${'y'.repeat(long)}\n`;
    expect(written(log, size)).toBe(log);
  });
});

describe('a log that is read again', () => {
  const lines = [`${at(1)}a\n`, `${at(2)}b\n`, `${at(2)}b\n`, `${at(2)}b\n`, `${at(3)}c\n`];

  test('goes on where it was, also between lines of the same time', () => {
    for (let first = 0; first <= lines.length; first++) {
      const position = new LogPosition();
      expect(written(lines.slice(0, first).join(''), 10, position)).toBe(lines.slice(0, first).join(''));
      // The server gives whole seconds.
      expect(position.since).toBe(first === 0 ? undefined : '2026-11-29T11:59:59.000000Z');
      expect(written(lines.join(''), 10, position)).toBe(lines.slice(first).join(''));
    }
  });

  test('has every line once whose time is before that of the line above it, as between stdout and stderr', () => {
    const second = (s: number, n: number): string => at(n).replace('12:00:00', `12:00:0${s}`);
    const times = [
      ...[second(0, 999_999_990), second(1, 5), second(0, 999_999_995), second(1, 2), second(1, 5), second(1, 3)],
      ...[second(3, 0), second(2, 7), second(3, 1)],
    ];
    const mixed = times.map((time, i) => `${time}line ${i}\n`);
    for (let first = 1; first <= mixed.length; first++) {
      const position = new LogPosition();
      expect(written(mixed.slice(0, first).join(''), 10, position)).toBe(mixed.slice(0, first).join(''));
      const since = (): string => mixed.filter((line) => line >= (position.since?.slice(0, 19) ?? '')).join('');
      expect(written(since(), 10, position)).toBe(mixed.slice(first).join(''));
      expect(written(since(), 10, position)).toBe('');
    }
  });

  test('does not have the part of a line twice that it lost its connection in', () => {
    const position = new LogPosition();
    const log = `${lines.join('')}${at(4)}this is cut, and written later\n`;
    expect(written(log.slice(0, -10), 10, position, false)).toBe(lines.join(''));
    expect(written(log, 10, position)).toBe(`${at(4)}this is cut, and written later\n`);
  });

  test('goes on within a long line', () => {
    const position = new LogPosition();
    const log = `${at(1)}${'a'.repeat(long)}${at(2)}${'b'.repeat(long)}${at(3)}c\n`;
    const first = written(log.slice(0, long + 100), 1000, position, false);
    expect(`${first}${written(log, 1000, position)}`).toBe(`${at(1)}${'a'.repeat(long)}${'b'.repeat(long)}c\n`);
  });
});
