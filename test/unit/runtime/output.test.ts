import { closeSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { LogDecoder } from '../../../src/model/log.js';
import { CopiedOutput, StampedOutput } from '../../../src/runtime/docker/output.js';
import { tempDirectory } from '../../support/temp.js';

function newOutput(): { output: StampedOutput; copy: CopiedOutput; bytes: () => Buffer; lines: () => string[] } {
  const file = path.join(tempDirectory(), 'output');
  const descriptor = openSync(file, 'ax');
  onTestFinished(() => closeSync(descriptor));
  const bytes = (): Buffer => readFileSync(file);
  const lines = (): string[] => {
    const decoder = new LogDecoder();
    return [...decoder.push(bytes()), ...decoder.end()].map(({ text }) => text);
  };
  return { output: new StampedOutput(descriptor), copy: new CopiedOutput(descriptor), bytes, lines };
}

test('every line has a time, whatever chunks it came in', () => {
  const { output, bytes, lines } = newOutput();
  for (const chunk of ['one\ntw', 'o\n', '\n', 'unfin', 'ished']) output.write(Buffer.from(chunk));
  expect(lines()).toEqual(['one', 'two', '', 'unfinished']);
  expect(bytes().toString()).toMatch(/^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z .*\n){3}\S+Z unfinished$/);
});

test('lines of any length and bytes come back as they were, whatever looks like a time in them', () => {
  const piece = fc.constantFrom(
    'x',
    '\n',
    'żółć',
    '2026-11-24T20:36:07.541113295Z ',
    'a'.repeat(16_384),
    'b'.repeat(9000),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), fc.integer({ min: 1, max: 20_000 }), (pieces, size) => {
      const text = pieces.join('');
      const { output, lines } = newOutput();
      const all = Buffer.from(text);
      for (let at = 0; at < all.length; at += size) output.write(all.subarray(at, at + size));
      expect(lines()).toEqual(text === '' ? [] : text.replace(/\n$/, '').split('\n'));
    }),
    { numRuns: 50 },
  );
});

test('what is cleared is gone', () => {
  const { output, lines } = newOutput();
  output.write(Buffer.from('docker: Error response from daemon'));
  expect(output.head).toContain('Error response');
  output.clear();
  expect(lines()).toEqual([]);
  output.write(Buffer.from('next\n'));
  expect(lines()).toEqual(['next']);
});

test('what looks like a complaint of the client is kept back until more comes', () => {
  const { output, lines } = newOutput();
  const complaint = 'time="2026-11-24T23:47:42Z" level=error msg="error waiting for container: unexpected EOF"\n';
  output.write(Buffer.from('one\n'));
  output.write(Buffer.from(complaint));
  expect(lines()).toEqual(['one']);
  expect(output.complains).toBe(true);
  output.write(Buffer.from('time="2026-11-24T23:47:43Z" level=error msg="of the job"\n'));
  expect(lines()).toEqual(['one', complaint.trimEnd(), 'time="2026-11-24T23:47:43Z" level=error msg="of the job"']);
  expect(output.complains).toBe(false);
  output.write(Buffer.from(complaint.repeat(100)));
  expect(lines()).toHaveLength(103);
});

test('a copy of a log leaves out what the client says', () => {
  const { copy, bytes } = newOutput();
  const time = '2026-11-24T20:36:07.541113295Z';
  for (const chunk of [`${time} one\n${time} t`, 'wo\n', 'unexpected EOF\n', `${time} three\n`]) {
    copy.write(Buffer.from(chunk));
  }
  expect(bytes().toString()).toBe(`${time} one\n${time} two\n${time} three\n`);
});
