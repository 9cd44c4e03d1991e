import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { currentTarget, familySync, GLIBC, MUSL } from '../../scripts/native-target.mjs';

test('it finds the same binary as the packages that it replaces', () => {
  const require = createRequire(import.meta.resolve('libsql'));
  const { currentTarget: usual } = require('@neon-rs/load') as { currentTarget: () => string };
  expect(currentTarget()).toBe(usual());
  const detect = require('detect-libc') as { familySync: () => string | null };
  expect(familySync() ?? null).toBe(detect.familySync());
});

test.each([
  ['/lib/ld-musl-x86_64.so.1', 'linux', MUSL],
  ['/lib64/ld-linux-x86-64.so.2', 'linux', GLIBC],
  ['/lib/ld-musl-x86_64.so.1', 'darwin', undefined],
] as const)('a program with the loader %s on %s is linked with %s', (loader, platform, family) => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'localrun-'));
  const program = path.join(directory, 'node');
  writeFileSync(program, `\x7fELF${'\0'.repeat(800)}${loader}\0`);
  expect(familySync(platform, program)).toBe(family);
  rmSync(directory, { recursive: true });
  // It may have been replaced since this process started.
  expect(familySync(platform, program)).toBeUndefined();
});
