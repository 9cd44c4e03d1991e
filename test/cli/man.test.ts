import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const man = path.join(import.meta.dirname, '..', '..', 'docs', 'man');
const groff = (...pages: string[]) =>
  spawnSync('groff', ['-man', '-ww', '-Tascii', '-P-c', '-P-bou', ...pages], { cwd: man, encoding: 'utf8' });
const available = groff('--version').error === undefined;

// `npm run generate --check` sees to it that every command has a page.
test.skipIf(!available)('groff has nothing to say against the manual pages', () => {
  const { status, stdout, stderr } = groff(...readdirSync(man));
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const text = stdout.replaceAll(/\s+/g, ' ');
  expect(text).toContain('NAME localrun-jobs-logs-read - Show the logs of');
  expect(text).toContain(`--log-filter 'severity>=ERROR' `);
  expect(text).toMatch(/GLOBAL FLAGS --project <id> .* -q, --quiet .* ENVIRONMENT LOCALRUN_HOME/);
});
