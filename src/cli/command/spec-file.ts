import { createReadStream, existsSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Problem, StatusError, suggest } from '../../model/errors.js';
import { shortName } from '../../model/names.js';
import { formatPath, namesAlong } from '../../model/field-path.js';
import type { JobInput } from '../../model/schema/job.js';
import type { JobSpec, SpecSource } from '../../model/spec/read.js';
import { get } from '../../model/v1/convert.js';
import type { CommonOptions } from '../flags/global.js';
import { jobNameOf } from './resource-names.js';
import type { Context } from './context.js';
import { formatProblems, UsageError } from '../errors.js';
import { annotations, loggable } from '../output/workflow-commands.js';

/** A job as the command line names and describes it. */
export interface NamedJob {
  /** The full resource name. */
  name: string;
  job: JobInput;
  /** The file that describes it. */
  file?: JobFile | undefined;
}

/** A job's file, and the job in it. */
export interface JobFile {
  /** As given on the command line. */
  name: string;
  spec: JobSpec;
}

/**
 * A problem of a job with its position in the job's file, unless flags have changed the value. Paths into a v1 file are
 * v1 paths.
 */
export function inFile(problem: Problem, { job, file }: Partial<Pick<NamedJob, 'job' | 'file'>>): Problem {
  const { at } = problem;
  if (!at || !file || !isDeepStrictEqual(get(file.spec.job, at), get(job, at))) return problem;
  const { location, written } = file.spec.find(at);
  return { ...problem, location, path: formatPath(written, namesAlong(at, job)) };
}

/** File names, with globs expanded. The name of an existing file is never a glob. */
export async function expandGlobs({ io }: Context, names: readonly string[]): Promise<string[]> {
  const { glob, isDynamicPattern } = await import('tinyglobby');
  const expanded: string[] = [];
  for (const name of names) {
    const isGlob = name !== '-' && isDynamicPattern(name) && !existsSync(path.resolve(io.cwd, name));
    const found = isGlob ? await glob(name, { cwd: io.cwd, expandDirectories: false, dot: true }) : [];
    // A glob without matches is reported like a missing file.
    expanded.push(...(found.length > 0 ? found.toSorted() : [name]));
  }
  return [...new Set(expanded)];
}

const reasons: Record<string, string> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
};

/** The text of a spec file or the like, or of stdin for `-`; one byte more than allowed if it is too large. @throws UsageError */
export async function readSpecText(
  { io }: Pick<Context, 'io'>,
  file: string,
  what = 'job spec',
): Promise<{ file: string; text: string }> {
  const { maxPlanBytes } = await import('../../model/spec/terraform-plan.js');
  if (file === '-') return inUtf8('<stdin>', await io.readInput(maxPlanBytes));
  const chunks: Buffer[] = [];
  try {
    const stream = createReadStream(path.resolve(io.cwd, file), { end: maxPlanBytes });
    for await (const chunk of stream) chunks.push(chunk as Buffer);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new UsageError(`Cannot read the ${what} ${file}: ${reasons[code] ?? message}.`);
  }
  return inUtf8(file, Buffer.concat(chunks).toString('utf8'));
}

/** Text decoded as UTF-8. @throws UsageError if it is UTF-16, which Windows editors and shells write */
function inUtf8(file: string, text: string): { file: string; text: string } {
  // Possibly a byte order mark, then ASCII characters, each with a zero byte.
  if (!/^(\uFFFD\uFFFD)?(([\s!-~]\0){2}|(\0[\s!-~]){2})/.test(text)) return { file, text };
  throw new UsageError(`${file} is in UTF-16 instead of UTF-8.`, 'save it as UTF-8');
}

/**
 * The only document of a spec file, as gcloud's argument parser reads it; it need not be a job yet.
 * @throws UsageError if the file cannot be read, is not YAML, or does not have exactly one document
 */
export async function readSpecFile(context: Pick<Context, 'io'>, name: string): Promise<SpecSource> {
  const { jobsOf, parseSpec } = await import('../../model/spec/read.js');
  const { file, text } = await readSpecText(context, name);
  const source = parseSpec(file, text);
  const { documents } = source;
  const problems = documents[0]?.isScalar ? jobsOf(source).problems : source.problems;
  if (problems.length > 0) throw new UsageError(hasProblems(file, problems), undefined, problems);
  return source;
}

/**
 * The job that a file describes, checked by every rule. Flags and the positional name take precedence over the file's
 * name, project and location.
 * @param unnamed the name of a job without one
 * @throws StatusError with every problem, UsageError without a name
 */
export async function readJobFile(
  context: Context,
  source: SpecSource,
  options: CommonOptions & { strict?: true },
  job: string | undefined,
  unnamed?: string,
): Promise<NamedJob> {
  const { jobsOf } = await import('../../model/spec/read.js');
  const { strict, project, region: location } = options;
  const id = job === undefined ? undefined : shortName(jobNameOf(context, options, job));
  const { jobs, problems } = jobsOf(withOneJob(source, id, location), { id, project, location, strict });
  failOn(problems, source.file);
  const { io } = context;
  const warnings = formatProblems(problems, io.err).map((text) => `${text}\n`);
  if (warnings.length > 0) io.err.write(loggable(warnings.join(''), io) + annotations(problems, io));
  const [spec] = jobs;
  const named = job ?? spec?.id ?? unnamed;
  if (!spec || !named) {
    throw new UsageError(`${source.file} does not name its job.`, 'set its name in the file, or give it as JOB');
  }
  const parent = { project: project ?? spec.project, region: location ?? spec.location };
  // Like gcloud's `replace`, ignore which version of the job the file was made from.
  const { name: _name, etag: _etag, ...body } = spec.job;
  return { name: jobNameOf(context, parent, named), job: body, file: { name: source.file, spec } };
}

/** A plan of Terraform with the job that is meant; any other file as it is. @throws UsageError that lists the jobs */
function withOneJob(source: SpecSource, id: string | undefined, region: string | undefined): SpecSource {
  const { planned = [], file } = source;
  if (planned.length < 2) return source;
  const named = id === undefined ? [] : planned.filter((one) => one.id === id);
  const meant = named.filter(({ location }) => region === undefined || location === region);
  if (meant.length === 1) return { ...source, planned: meant };
  const listed = (named.length > 1 ? named : planned).map(
    (one) => `  ${one.id ?? '(named on apply)'}${one.location ? ` in ${one.location}` : ''}: ${one.address}`,
  );
  const which = id === undefined ? '' : `, and ${named.length || 'none'} of them named ${id}`;
  throw new UsageError(
    `${file} has ${planned.length} jobs${which}:\n${listed.join('\n')}`,
    named.length > 1
      ? 'choose one of them with --region'
      : ['name one of them as JOB, e.g. ', suggest('jobs deploy', planned[0]?.id ?? 'JOB', '-f', file)],
  );
}

/** @throws StatusError with all errors, if there are any */
export function failOn(problems: readonly Problem[], file: string): void {
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return;
  throw new StatusError('INVALID_ARGUMENT', hasProblems(file, errors), { problems: errors });
}

const hasProblems = (file: string, { length }: readonly Problem[]): string =>
  `${file} has ${length === 1 ? 'a problem' : `${length} problems`}:`;
