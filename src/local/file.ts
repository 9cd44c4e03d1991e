import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { RunError } from '../model/errors.js';
import type { LocalText } from '../model/local/read.js';

export interface LocalDocument extends LocalText {
  /** Its absolute path. */
  file: string;
  /** How messages name it: from the working directory, if it is in there. */
  shown: string;
}

const fileName = 'localrun.yaml';

/**
 * The localrun.yaml that is meant: the one that LOCALRUN_CONFIG names, or the first that is found from the working
 * directory upwards.
 * @throws RunError with all that is wrong with it
 */
export async function findLocalFile(
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<LocalDocument | undefined> {
  const named = env['LOCALRUN_CONFIG'];
  const file = named ? path.resolve(cwd, named) : nearest(cwd);
  return file === undefined ? undefined : readLocal(file, cwd);
}

function nearest(directory: string): string | undefined {
  const file = path.join(directory, fileName);
  if (existsSync(file)) return file;
  const parent = path.dirname(directory);
  return parent === directory ? undefined : nearest(parent);
}

/** @throws RunError if it cannot be read, or with all that is wrong with it */
export async function readLocal(file: string, cwd = path.dirname(file)): Promise<LocalDocument> {
  const relative = path.relative(cwd, file);
  const shown = relative.startsWith('..') || path.isAbsolute(relative) ? file : relative;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a directory' : message;
    throw new RunError('INVALID_ARGUMENT', `Cannot read the configuration ${shown}: ${why}.`);
  }
  // What parses YAML is loaded where there is some only.
  const { readLocalFile } = await import('../model/local/read.js');
  const read = readLocalFile(shown, text);
  if (read.problems.length > 0) {
    const count = read.problems.length === 1 ? 'a problem' : `${read.problems.length} problems`;
    throw new RunError('INVALID_ARGUMENT', `${shown} has ${count}:`, { problems: read.problems });
  }
  return { ...read, file, shown };
}
