import { createReadStream } from 'node:fs';
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

const reasons: Record<string, string> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
};

/** The text of a spec file, or of another of that size, or of stdin for `-`; a byte more if it is too large. @throws RunError */
export async function readSpecText(
  { io }: Context,
  file: string,
  what = 'job spec',
): Promise<{ file: string; text: string }> {
  const { maxSpecBytes } = await import('../model/spec/source.js');
  if (file === '-') return { file: '<stdin>', text: await io.readInput(maxSpecBytes) };
  const chunks: Buffer[] = [];
  try {
    const stream = createReadStream(path.resolve(io.cwd, file), { end: maxSpecBytes });
    for await (const chunk of stream) chunks.push(chunk as Buffer);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new RunError('INVALID_ARGUMENT', `Cannot read the ${what} ${file}: ${reasons[code] ?? message}.`);
  }
  return { file, text: Buffer.concat(chunks).toString('utf8') };
}

/**
 * The job that a file describes, checked by every rule. Flags and the positional name win over what the file says of
 * name, project and location.
 * @throws RunError with every problem, UsageError if there is no name
 */
export async function readJobFile(
  context: Context,
  file: string,
  options: CommonOptions,
  job: string | undefined,
): Promise<NamedJob> {
  const { readJobs, checkSpec } = await import('../model/spec/read.js');
  const source = await readSpecText(context, file);
  const { jobs, problems } = readJobs(source.file, source.text);
  failOn(problems, source.file);
  const [spec, ...others] = jobs;
  if (!spec || others.length > 0) {
    throw new RunError('INVALID_ARGUMENT', `${source.file} holds ${jobs.length} jobs; this command takes one.`);
  }
  const named = job === undefined ? undefined : jobNameOf(context, options, job);
  const id = named === undefined ? spec.id : shortName(named);
  if (!id) {
    throw new UsageError(`${source.file} does not name its job.`, 'set metadata.name in it, or give the name as JOB');
  }
  const found = checkSpec(spec, id);
  for (const problem of found) {
    if (problem.severity === 'warning') context.io.err.write(`${formatProblem(problem, context.io.err)}\n`);
  }
  failOn(found, source.file);
  const parent = { project: options.project ?? spec.project, region: options.region ?? spec.location };
  // Like gcloud's `replace`, whatever version of the job the file was made from.
  const { name: _name, etag: _etag, ...body } = spec.job;
  return { name: named ?? jobName(parentOf(context, parent), id), job: body };
}

/** @throws RunError with all problems that are errors, if there are any */
export function failOn(problems: readonly Problem[], file: string): void {
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return;
  const count = errors.length === 1 ? 'a problem' : `${errors.length} problems`;
  throw new RunError('INVALID_ARGUMENT', `${file} has ${count}:`, { problems: errors });
}
