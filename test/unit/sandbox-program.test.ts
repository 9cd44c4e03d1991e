import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { programs, sourceHash } from '../../src/runtime/docker/sandbox/programs.js';

test('the sandbox programs were made from the source that is there (npm run generate:sandbox)', () => {
  const source = readFileSync(new URL('../../src/runtime/docker/sandbox/sandbox.c', import.meta.url));
  expect(createHash('sha256').update(source).digest('hex')).toBe(sourceHash);
});

test.each([
  ['x86_64', 62],
  ['aarch64', 183],
])('the program for %s is an executable of that machine', (architecture, machine) => {
  const program = Buffer.from(programs[architecture] ?? '', 'base64');
  expect(program.toString('latin1', 0, 4)).toBe('\x7fELF');
  expect(program.readUInt16LE(18)).toBe(machine);
});
