import { randomUUID } from 'node:crypto';
import {
  accessSync,
  constants,
  closeSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type { Problem } from '../../../model/errors.js';
import { UsageError } from '../../errors.js';

/** A file to write: as the command line names it, and where it is. */
export interface ReportFile {
  shown: string;
  file: string;
}

/**
 * Where reports go. Each of them can be written now.
 * @param named the files by format, relative to `cwd`
 * @throws UsageError with every file that cannot be written
 */
export function reportFiles<F extends string>(named: Readonly<Partial<Record<F, string>>>, cwd: string) {
  const formats = Object.keys(named) as F[];
  const files = new Map(formats.map((format) => [format, found(named[format] ?? '', cwd)]));
  const problems = [...files].flatMap(([format, { shown, file }], i): Problem[] => {
    const same = [...files].slice(0, i).find(([, other]) => other.file === file);
    const why = same ? { why: `${same[0]} goes to the same file` } : unwritable(file);
    return why ? [{ path: `--report ${format}=${shown}`, message: why.why, fix: why.fix, severity: 'error' }] : [];
  });
  if (problems.length === 0) return files;
  const what = problems.length === 1 ? 'A report' : `${problems.length} reports`;
  throw new UsageError(`${what} could not be written, so nothing was run.`, undefined, problems);
}

/** Names of what this process has open: `/dev/stdout`, `/dev/fd/3`. */
const opened = /^(?:\/dev|\/proc\/self)\/(?:(stdout|stderr)|fd\/(\d+))$/;

/** A link stays: the report goes where it leads. */
function found(shown: string, cwd: string): ReportFile {
  const file = path.resolve(cwd, shown);
  // Another file in place of an open one would take away what else is written to it.
  if (opened.test(file)) return { shown, file };
  const { dir, base } = path.parse(file);
  return { shown, file: real(file) ?? path.join(real(dir) ?? dir, base) };
}

/** The path of a file without links; undefined if there is no such file. */
function real(file: string): string | undefined {
  try {
    return realpathSync(file);
  } catch {
    return undefined;
  }
}

/** Why a file cannot be written. */
function unwritable(file: string): { why: string; fix?: string } | undefined {
  const directory = path.dirname(file);
  try {
    if (opened.test(file)) {
      statSync(file);
      return undefined;
    }
    const parent = statSync(directory, { throwIfNoEntry: false });
    if (!parent) return { why: `there is no directory ${directory}`, fix: `mkdir -p ${directory}` };
    if (!parent.isDirectory()) return { why: `${directory} is not a directory` };
    const is = statSync(file, { throwIfNoEntry: false });
    if (is?.isDirectory()) return { why: 'is a directory' };
    if (is) accessSync(file, constants.W_OK);
    // Only an attempt shows whether a file can be made: root has every right, even on a file system that is read-only.
    if (!is || is.isFile()) {
      const beside = besides(file);
      closeSync(openSync(beside, 'wx'));
      rmSync(beside);
    }
    return undefined;
  } catch (error) {
    return { why: (error as Error).message };
  }
}

/** How names of drafts of a file begin, which are beside it. */
const draftOf = (file: string): string => path.join(path.dirname(file), `.${path.basename(file).slice(0, 100)}.`);

/** A new name beside a file. */
const besides = (file: string): string => draftOf(file) + randomUUID();

/** Whether this is the path of a report, or of a draft of it. */
export const isOfReport = ({ file }: ReportFile, name: string): boolean =>
  name === file || name.startsWith(draftOf(file));

/** Writes a report whole or not at all. What is no file, such as a pipe, is written to. */
export function writeReport({ file }: ReportFile, text: string): void {
  const [isOpen, name, number] = opened.exec(file) ?? [];
  if (isOpen) return writeFileSync(Number(number ?? (name === 'stdout' ? 1 : 2)), text);
  const is = statSync(file, { throwIfNoEntry: false });
  if (is && !is.isFile()) return writeFileSync(file, text);
  const beside = besides(file);
  try {
    writeFileSync(beside, text, { flag: 'wx', mode: is?.mode });
    renameSync(beside, file);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}
