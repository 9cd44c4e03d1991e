import { closeSync, existsSync, fstatSync, lstatSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { StatusError } from '../model/errors.js';
import type { LocalText } from '../model/local/read.js';

export interface LocalDocument extends LocalText {
  /** Its absolute path. */
  file: string;
  /** Its name in messages: relative to the working directory if it is inside. */
  shown: string;
}

export const fileName = 'localrun.yaml';

/** Where to look for a localrun.yaml. */
interface Place {
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
  /** The numbers of the users whose files are used; undefined if files have no numeric owner on this system. */
  trusted: readonly number[] | undefined;
}

/**
 * Finds the localrun.yaml: the file that LOCALRUN_CONFIG names, or the first one from the working directory upwards.
 * One that is found must belong to a trusted user, because it can give jobs access to files, credentials and hosts of
 * this machine.
 * @throws StatusError with every problem of the file
 */
export async function findLocalFile({ cwd, env, trusted }: Place): Promise<LocalDocument | undefined> {
  const named = env['LOCALRUN_CONFIG'];
  if (named) return readLocal(path.resolve(cwd, named), cwd);
  const file = nearest(cwd);
  return file === undefined ? undefined : readLocal(file, cwd, trusted);
}

function nearest(directory: string): string | undefined {
  const file = path.join(directory, fileName);
  if (existsSync(file)) return file;
  const parent = path.dirname(directory);
  return parent === directory ? undefined : nearest(parent);
}

/**
 * @throws StatusError if the file cannot be read or is not owned by a `trusted` user, or with every problem of the file
 */
export async function readLocal(
  file: string,
  cwd = path.dirname(file),
  trusted?: readonly number[],
): Promise<LocalDocument> {
  const relative = path.relative(cwd, file);
  const shown = relative.startsWith('..') || path.isAbsolute(relative) ? file : relative;
  let text: string;
  try {
    const opened = openSync(file, 'r');
    try {
      // For a symbolic link, both the link's and the file's owner are checked, and the file's as it is read.
      const stranger = [fstatSync(opened), lstatSync(file)].find(({ uid }) => trusted?.includes(uid) === false);
      if (stranger) throw ofStranger(shown, file, stranger.uid);
      text = readFileSync(opened, 'utf8');
    } finally {
      closeSync(opened);
    }
  } catch (error) {
    if (error instanceof StatusError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a directory' : message;
    throw new StatusError('INVALID_ARGUMENT', `Cannot read the configuration ${shown}: ${why}.`);
  }
  // The YAML parser is loaded only if there is something to parse.
  const { readLocalFile } = await import('../model/local/read.js');
  const read = readLocalFile(shown, text);
  if (read.problems.length > 0) {
    const count = read.problems.length === 1 ? 'a problem' : `${read.problems.length} problems`;
    throw new StatusError('INVALID_ARGUMENT', `${shown} has ${count}:`, { problems: read.problems });
  }
  return { ...read, file, shown };
}

const ofStranger = (shown: string, file: string, uid: number): StatusError =>
  new StatusError(
    'PERMISSION_DENIED',
    `${shown} belongs to another user (number ${uid}), and could give your files and credentials to jobs.`,
    { fix: `read it, and set LOCALRUN_CONFIG=${file} if you trust it, or LOCALRUN_CONFIG=/dev/null to ignore it` },
  );
