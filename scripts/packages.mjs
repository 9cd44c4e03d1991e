// @ts-check
// The packages, which the other scripts need: this one has only what Node brings.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** @param {string} text */
export const say = (text) => process.stderr.write(`${text}\n`);

/**
 * Ends the script with what is wrong and what to do about it.
 * @param {string} text
 * @returns {never}
 */
export function giveUp(text) {
  say(text);
  process.exit(1);
}

/** Installs the packages if they are missing or older than the lock file. */
export function ensurePackages() {
  const installed = path.join(root, 'node_modules', '.package-lock.json');
  const lock = path.join(root, 'package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  say('Installing the packages...');
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status, error } = spawnSync('npm', args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) giveUp(`npm ci failed${error ? `: ${error.message}` : ''}`);
}
