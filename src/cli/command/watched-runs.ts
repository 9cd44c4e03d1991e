import { realpathSync } from 'node:fs';
import path from 'node:path';
import { type Ignores, notInImage, notUploaded } from '../../local/source-files.js';
import { type Watched, watchFiles } from '../../local/watched-files.js';
import { sourceDirectory } from '../../service/build-image.js';
import { Interrupted, printError, UsageError } from '../errors.js';
import type { Io } from '../io.js';
import { signs } from '../output/symbols.js';
import type { Context } from './context.js';
import type { Description, SpecOptions } from './described-job.js';

/** What a run is made of, as the command line names it. */
interface Watching {
  files: string[];
  directories: { shown: string; uploaded: boolean }[];
}

/** @throws UsageError if nothing can be watched */
export function watchingOf(
  { io }: Pick<Context, 'io'>,
  { file, edit, envVarsFile = {} }: SpecOptions & Pick<Description, 'edit'>,
): Watching {
  if (io.forwarded)
    throw new UsageError('argument --watch: A cluster worker does not see files of your machine change.');
  if (file === '-') throw new UsageError('argument --watch: stdin cannot be watched.', 'give the spec as a file');
  const directories = edit.groups.flatMap(({ flags: { source, build } }) => {
    const shown = source ?? build;
    return shown === undefined ? [] : { shown, uploaded: source !== undefined };
  });
  const files = [file, ...Object.values(envVarsFile)].filter((name) => name !== undefined);
  if (directories.length > 0 || files.length > 0) return { files, directories };
  const fix = 'add --source DIRECTORY, --build DIRECTORY or -f FILE';
  throw new UsageError('argument --watch: there is nothing to watch.', fix);
}

/** The files that decide what else is watched. */
const ruleFiles = ['.dockerignore', '.gcloudignore', '.gitignore'];

/**
 * Runs a job again whenever its spec or what its images are built from changes, until Ctrl-C. What is under way then is
 * ended first; what has failed waits for the next change.
 * @param isWritten whether runs themselves write to a file or directory, by its absolute path, so that its changes do not
 * count
 * @param runOnce runs the job, and ends early when the signal aborts
 * @throws Interrupted; StatusError for a directory that is not there at the beginning, or if files cannot be watched
 */
export async function watchedRuns(
  context: Context,
  { files, directories }: Watching,
  isWritten: (name: string) => boolean,
  runOnce: (superseded: AbortSignal) => Promise<void>,
): Promise<void> {
  const { io } = context;
  const { err } = io;
  for (const { shown } of directories) sourceDirectory(shown, io.cwd);
  const real = (name: string): string => realpathSync(path.resolve(io.cwd, name));
  const specs = files.map(real);
  const sources = directories.map(({ shown, uploaded }) => ({ directory: real(shown), uploaded }));
  const watched = (): Watched[] => [
    ...specs.map((file) => ({ file })),
    ...sources.map(({ directory, uploaded }) => {
      const inImage = notInImage(directory);
      const upload = uploaded ? notUploaded(directory) : undefined;
      const ignores: Ignores = (below, isDirectory) =>
        !ruleFiles.includes(below) &&
        (isWritten(path.join(directory, below)) ||
          inImage(below, isDirectory) ||
          upload?.ignores(below, isDirectory) === true);
      return { directory, ignores };
    }),
  ];
  const isRule = (name: string): boolean =>
    sources.some(({ directory }) => path.dirname(name) === directory && ruleFiles.includes(path.basename(name)));
  const what = [...directories.map(({ shown }) => shown), ...files].map((name) => `[${name}]`).join(' and ');
  let changes = await watchFiles(watched());
  try {
    for (;;) {
      const superseded = changes.signal();
      try {
        await runOnce(superseded);
      } catch (error) {
        if (error instanceof Interrupted) throw error;
        if (!superseded.aborted) printError(error, 'jobs.run', io, context.defaults);
      }
      if (!superseded.aborted) err.write(`Waiting for a change in ${what}. Ctrl-C ends.\n`);
      const names = await unlessInterrupted(io, changes.next());
      const { now } = await context.service();
      err.write(`${separator(io, names, new Date(now()))}\n`);
      if (!names.some(isRule)) continue;
      await changes.close();
      changes = await watchFiles(watched());
    }
  } finally {
    await changes.close();
  }
}

/** @throws Interrupted at a signal */
async function unlessInterrupted<T>(io: Pick<Io, 'onSignal'>, work: Promise<T>): Promise<T> {
  let ignore = (): void => {};
  const interrupted = new Promise<never>((_, reject) => {
    ignore = io.onSignal((signal) => reject(new Interrupted(signal)));
  });
  return Promise.race([work, interrupted]).finally(() => ignore());
}

/** How many of the changed files to name. */
const most = 3;

/** A line between two runs: when, and what has changed. On a terminal it is as wide as that. */
function separator({ cwd, err }: Pick<Io, 'cwd' | 'err'>, names: readonly string[], at: Date): string {
  const { line } = signs(err);
  const shown = names.slice(0, most).map((name) => {
    const relative = path.relative(cwd, name);
    return relative.startsWith('..') ? name : relative;
  });
  const more = names.length > most ? ` and ${names.length - most} more` : '';
  const text = `${line.repeat(2)} ${at.toTimeString().slice(0, 8)}  ${shown.join(', ')}${more} changed `;
  return err.chalk.bold(err.tty ? text + line.repeat(Math.max(2, err.columns - text.length - 1)) : text.trimEnd());
}
