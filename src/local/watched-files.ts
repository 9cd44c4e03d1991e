import path from 'node:path';
import { StatusError } from '../model/errors.js';

/** A file, or a directory with what is below it except for what `ignores` says, by its path below the directory. */
export type Watched =
  { file: string } | { directory: string; ignores: (below: string, isDirectory: boolean) => boolean };

/** Changes of files, in batches. */
export interface FileChanges {
  /** The absolute paths that have changed since the last call. Waits for the first change. */
  next(): Promise<readonly string[]>;
  /** Aborts at the next change; aborted already if there was one since the last call. */
  signal(): AbortSignal;
  close(): Promise<void>;
}

/** How long nothing may change before a batch is complete, in ms: editors and checkouts write many files at once. */
const quiet = 150;

/**
 * Watches files and directories, by the directory that each is in: so a file may be replaced, as most editors do, and
 * either may be removed and made again.
 * @throws StatusError if the system does not watch that many directories
 */
export async function watchFiles(watched: readonly Watched[]): Promise<FileChanges> {
  const { watch } = await import('chokidar');
  const parents = new Set(watched.map((of) => path.dirname('file' in of ? of.file : of.directory)));
  const ignored = (name: string, stats?: { isDirectory(): boolean }): boolean => {
    if (parents.has(name)) return false;
    return !watched.some((of) => {
      if ('file' in of) return name === of.file;
      const below = path.relative(of.directory, name);
      if (below === '') return true;
      return !isOutside(below) && !of.ignores(below, stats?.isDirectory() ?? false);
    });
  };
  const watcher = watch([...parents], { ignored, ignoreInitial: true, followSymlinks: false });
  const pending = new Set<string>();
  /** The last batch is complete, and nothing has changed since. */
  let complete = false;
  let timer: NodeJS.Timeout | undefined;
  let abort = new AbortController();
  let wake = (): void => {};
  let failure: unknown;
  const flush = (): void => {
    complete = true;
    abort.abort();
    wake();
  };
  watcher.on('all', (_, name) => {
    if (parents.has(name)) return;
    pending.add(name);
    complete = false;
    clearTimeout(timer);
    timer = setTimeout(flush, quiet);
  });
  await new Promise<void>((resolve, reject) => {
    watcher.once('ready', resolve);
    watcher.on('error', (error) => {
      failure = unwatchable(error as NodeJS.ErrnoException);
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- it is one
      reject(failure);
      flush();
    });
  }).catch(async (error: unknown) => {
    await watcher.close();
    throw error;
  });
  return {
    async next() {
      if (!complete) await new Promise<void>((resolve) => (wake = resolve));
      // oxlint-disable-next-line typescript/only-throw-error -- it is one
      if (failure) throw failure;
      const names = [...pending];
      pending.clear();
      complete = false;
      abort = new AbortController();
      return names;
    },
    signal: () => abort.signal,
    async close() {
      clearTimeout(timer);
      await watcher.close();
    },
  };
}

const isOutside = (below: string): boolean =>
  below === '..' || below.startsWith(`..${path.sep}`) || path.isAbsolute(below);

function unwatchable({ code, message }: NodeJS.ErrnoException): StatusError {
  const fix =
    code === 'ENOSPC' || code === 'EMFILE'
      ? 'leave large directories out in .dockerignore, or raise the limit (on Linux: sysctl fs.inotify.max_user_watches)'
      : undefined;
  return new StatusError('UNAVAILABLE', `Files cannot be watched: ${message}`, { fix });
}
