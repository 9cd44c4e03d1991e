import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { type Problem, RunError, UsageError } from '../model/errors.js';
import { jobName, shortName } from '../model/names.js';
import type { JobInput } from '../model/schema/job.js';
import { type CommonOptions, jobNameOf, parentOf } from './command.js';
import type { Context } from './context.js';
import { formatProblem } from './errors.js';

/** A job as a command line names and describes it. */
export interface NamedJob {
  /** The full resource name. */
  name: string;
  job: JobInput;
}

/** Names of files with globs replaced by what they match; a name of a file is one, whatever it holds. */
export async function expandGlobs({ io }: Context, names: readonly string[]): Promise<string[]> {
  const { glob, isDynamicPattern } = await import('tinyglobby');
  const expanded: string[] = [];
  for (const name of names) {
    const isGlob = name !== '-' && isDynamicPattern(name) && !existsSync(path.resolve(io.cwd, name));
    const found = isGlob ? await glob(name, { cwd: io.cwd, expandDirectories: false, dot: true }) : [];
    // A glob that matches nothing is told like a file that is not there.
    expanded.push(...(found.length > 0 ? found.toSorted() : [name]));
  }
  return [...new Set(expanded)];
}

/** The text of a spec file, or of stdin for `-`. @throws RunError */
export async function readSpecText({ io }: Context, file: string): Promise<{ file: string; text: string }> {
  const { maxSpecBytes } = await import('../model/spec/source.js');
  if (file === '-') return { file: '<stdin>', text: await io.readInput(maxSpecBytes) };
  const where = path.resolve(io.cwd, file);
  const failed = (why: string, fix?: string): RunError =>
    new RunError('INVALID_ARGUMENT', `Cannot read the job spec ${file}: ${why}.`, { fix });
  try {
    const info = statSync(where);
    if (info.isDirectory()) throw failed('it is a directory', 'name the file in it');
    if (info.size > maxSpecBytes) {
      throw failed(`it has ${(info.size / 1024 / 1024).toFixed(1)} MiB, and a job spec has 1 MiB at most`);
    }
    return { file, text: readFileSync(where, 'utf8') };
  } catch (error) {
    if (error instanceof RunError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw failed(code === 'ENOENT' ? 'there is no such file' : code === 'EACCES' ? 'permission denied' : message);
  }
}

/**
 * The job that a file describes, checked by every rule. Flags and the positional name win over what the file says of
 * name, project and location.
 * @throws RunError with every problem, UsageError if there is no name
 */
export async function readJobFile(
  context: Context,
  file: string,
  options: CommonOptions & { strict?: true },
  job: string | undefined,
): Promise<NamedJob> {
  const { readJobs } = await import('../model/spec/read.js');
  const source = await readSpecText(context, file);
  const named = job === undefined ? undefined : jobNameOf(context, options, job);
  const { strict } = options;
  const { jobs, problems } = readJobs(source.file, source.text, { id: named && shortName(named), strict });
  failOn(problems, source.file);
  for (const problem of problems) context.io.err.write(`${formatProblem(problem, context.io.err)}\n`);
  const [spec, ...others] = jobs;
  if (!spec || others.length > 0) {
    throw new RunError('INVALID_ARGUMENT', `${source.file} holds ${jobs.length} jobs; this command takes one.`);
  }
  const id = named === undefined ? spec.id : shortName(named);
  if (!id) {
    throw new UsageError(`${source.file} does not name its job.`, 'set metadata.name in it, or give the name as JOB');
  }
  const parent = { project: options.project ?? spec.project, region: options.region ?? spec.location };
  return { name: named ?? jobName(parentOf(context, parent), id), job: spec.job };
}

function failOn(problems: readonly Problem[], file: string): void {
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return;
  const count = errors.length === 1 ? 'a problem' : `${errors.length} problems`;
  throw new RunError('INVALID_ARGUMENT', `${file} has ${count}:`, { problems: errors });
}
