import { randomUUID } from 'node:crypto';
import {
  chmod,
  constants,
  copyFile,
  lstat,
  mkdir,
  readdir,
  readlink,
  rm,
  stat,
  symlink,
  utimes,
} from 'node:fs/promises';
import path from 'node:path';
import type { Ignores } from './source-files.js';

/** A copy of a directory without what is left out. */
export interface StagedSource {
  directory: string;
  remove: () => Promise<void>;
}

/** After this long, in ms, no build needs a copy any more: its process has been killed. */
const obsolete = 24 * 60 * 60 * 1000;

/**
 * Copies a directory, on file systems that can do so without its data. Undefined if nothing is left out.
 * @param scratch the directory for such copies
 */
export async function stagedSource(
  directory: string,
  leftOut: Ignores,
  scratch: string,
): Promise<StagedSource | undefined> {
  const kept: string[] = [];
  let complete = true;
  const walk = async (below: string): Promise<void> => {
    const entries = await unlessGone(readdir(path.join(directory, below), { withFileTypes: true }));
    for (const entry of entries ?? []) {
      const name = path.join(below, entry.name);
      if (leftOut(name, entry.isDirectory())) {
        complete = false;
      } else {
        kept.push(name);
        if (entry.isDirectory()) await walk(name);
      }
    }
  };
  await walk('');
  if (complete) return undefined;
  await removeObsolete(scratch);
  const own = path.join(scratch, randomUUID());
  // With the same last name, which BuildKit knows the files of the last build by.
  const copy = path.join(own, path.basename(directory) || 'source');
  const remove = (): Promise<void> => rm(own, { recursive: true, force: true });
  try {
    await mkdir(copy, { recursive: true });
    for (const name of kept) await unlessGone(copyEntry(path.join(directory, name), path.join(copy, name)));
  } catch (error) {
    await remove();
    throw error;
  }
  return { directory: copy, remove };
}

/** What `work` returns; undefined if its file has gone meanwhile, as files do under watch, and temporary ones. */
async function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function copyEntry(from: string, to: string): Promise<void> {
  const stats = await lstat(from);
  if (stats.isDirectory()) {
    await mkdir(to);
    // Not by mkdir, which the umask cuts.
    await chmod(to, stats.mode | 0o700);
  } else if (stats.isSymbolicLink()) {
    await symlink(await readlink(from), to);
  } else if (stats.isFile()) {
    // A link would show as a change of the file to its watchers.
    await copyFile(from, to, constants.COPYFILE_FICLONE);
    await utimes(to, stats.atime, stats.mtime);
  }
}

async function removeObsolete(scratch: string): Promise<void> {
  for (const name of await readdir(scratch).catch(() => [])) {
    const left = path.join(scratch, name);
    const { mtimeMs } = await stat(left).catch(() => ({ mtimeMs: Infinity }));
    if (Date.now() - mtimeMs > obsolete) await rm(left, { recursive: true, force: true });
  }
}
