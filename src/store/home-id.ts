import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeHome } from './directory.js';

/**
 * The id of a state directory, which differs from those of all others, on any machine. What localrun makes in a cluster
 * carries it. It is made on first use, by one of the processes that ask for it at the same time.
 * @throws StatusError if the directory cannot be made
 */
export function homeId(home: string): string {
  const file = path.join(home, 'id');
  const known = read(file);
  if (known) return known;
  makeHome(home);
  const made = `${file}.${randomUUID()}`;
  try {
    // A file that appears complete, or not at all.
    writeFileSync(made, `${randomUUID().replaceAll('-', '').slice(0, 16)}\n`, { mode: 0o600, flush: true });
    linkSync(made, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(made, { force: true });
  }
  return read(file) ?? '';
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
