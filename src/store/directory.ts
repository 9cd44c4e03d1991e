import { accessSync, constants, lstatSync, mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { StatusError } from '../model/errors.js';

/**
 * Creates a directory and its missing parents. `mkdirSync` with `recursive` never returns on a file system that has a
 * parent and says that it has none, such as /proc.
 * @throws the system's error
 */
export function makeDirectory(directory: string, mode = 0o700): void {
  const make = (): void => {
    try {
      mkdirSync(directory, mode);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST' || !isDirectory(directory)) throw error;
    }
  };
  try {
    make();
  } catch (error) {
    const parent = path.dirname(directory);
    if (codeOf(error) !== 'ENOENT' || isDirectory(parent)) throw error;
    makeDirectory(parent, mode);
    make();
  }
}

/** Makes the state directory. @throws StatusError that says what prevents it */
export function makeHome(home: string): void {
  try {
    makeDirectory(home);
  } catch (error) {
    throw new StatusError('UNAVAILABLE', `The state directory ${home} cannot be made: ${obstacle(home, error)}.`, {
      fix: 'name another directory in LOCALRUN_HOME',
      cause: error,
    });
  }
}

/** What prevents the use of the state directory, which may not exist yet; undefined if nothing does. */
export function homeObstacle(home: string): string | undefined {
  try {
    // The second does not exist in what is no directory.
    accessSync(`${nearest(home)}${path.sep}.`, constants.R_OK | constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return obstacle(home, error);
  }
}

/** The directory, or its closest existing parent. */
function nearest(directory: string): string {
  let place = directory;
  while (!exists(place)) place = path.dirname(place);
  return place;
}

/** Why a directory cannot be created or used. */
function obstacle(directory: string, error: unknown): string {
  const code = codeOf(error);
  const place = nearest(directory);
  if (!isDirectory(place)) {
    return isLink(place) ? `${place} is a link to what is not there` : `${place} is not a directory`;
  }
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return `you may not write to ${place}`;
    case 'EROFS':
      return `${place} is on a disk that is read-only`;
    case 'ENOSPC':
    case 'EDQUOT':
      return `no space is left on the disk of ${place}`;
    case 'ENOENT':
      return `${place} takes no new directories`;
    default:
      return (error as Error).message;
  }
}

/** Whether there is anything of that name that we may see. */
function exists(file: string): boolean {
  if (file === path.dirname(file)) return true;
  try {
    return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

const isLink = (file: string): boolean => lstatSync(file).isSymbolicLink();

const isDirectory = (file: string): boolean => statSync(file, { throwIfNoEntry: false })?.isDirectory() ?? false;

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');
