import { statfsSync } from 'node:fs';
import path from 'node:path';
import { StatusError, suggest } from '../model/errors.js';
import { SealBroken } from './seal.js';

/** With less space than this, in bytes, SQLite cannot even share its memory among processes. */
const leastSpace = 64 * 1024;

export const damaged = (file: string, how: string, cause?: unknown): StatusError =>
  new StatusError('DATA_LOSS', `The store ${file} is damaged: ${how}.`, {
    fix: [suggest('doctor', '--fix'), ', which sets it aside and saves what can be read'],
    cause,
  });

/** The disk is full. */
class NoSpace extends StatusError {
  override name = 'NoSpace';
}

export const noSpace = (file: string, cause: unknown): StatusError =>
  new NoSpace('UNAVAILABLE', `No space is left on the disk of ${file}.`, {
    fix: 'free some space; then any command resumes the executions that this has interrupted',
    cause,
  });

const readOnly = (file: string, cause: unknown): StatusError =>
  new StatusError('UNAVAILABLE', `The store ${file} cannot be written: the file or its directory is read-only.`, {
    fix: 'make both writable, or name another state directory in LOCALRUN_HOME',
    cause,
  });

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');

/** An error of SQLite, or of reading a record, in words for people. Other errors stay as they are. */
export function storeFault(error: unknown, file: string): unknown {
  if (error instanceof SealBroken) return damaged(file, error.message, error);
  const code = codeOf(error);
  const { message } = error as Error;
  if (/^SQLITE_(CORRUPT|NOTADB|ERROR$)/.test(code)) return damaged(file, message, error);
  if (code === 'SQLITE_FULL' || code === 'ENOSPC') return noSpace(file, error);
  if (code.startsWith('SQLITE_IOERR') && spaceFor(file) < leastSpace) return noSpace(file, error);
  if (/^SQLITE_(READONLY|CANTOPEN)/.test(code) || code === 'EROFS' || code === 'EACCES') return readOnly(file, error);
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) {
    return new StatusError('UNAVAILABLE', `The store ${file} is held by another process.`, {
      fix: ['try again; `', suggest('doctor'), '` shows which executions run'],
      cause: error,
    });
  }
  if (code.startsWith('SQLITE_IOERR')) {
    return new StatusError('UNAVAILABLE', `The store ${file} cannot be used: ${message}.`, {
      fix: 'look at its disk, or name another state directory in LOCALRUN_HOME',
      cause: error,
    });
  }
  return error;
}

/** Whether the store can still be read, from a copy: it is sound, and only cannot be written. */
export const isBarrier = (error: unknown): error is StatusError =>
  error instanceof StatusError && (error instanceof NoSpace || /^SQLITE_(READ|CANT)/.test(codeOf(error.cause)));

function spaceFor(file: string): number {
  try {
    const { bavail, bsize } = statfsSync(path.dirname(file));
    return bavail * bsize;
  } catch {
    return Infinity;
  }
}
