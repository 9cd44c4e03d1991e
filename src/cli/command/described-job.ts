import { parseName, shortName } from '../../model/names.js';
import { joinRemedies, type Remedy, StatusError, suggest, type Suggestion } from '../../model/errors.js';
import type { Execution, Job, JobInput } from '../../model/schema/job.js';
import { findJob, getJob } from '../../service/jobs.js';
import { ignoredFields, loanWarnings, Unlendable } from '../../service/run-job.js';
import type { Call } from '../../service/service.js';
import { askedJob } from './prompts.js';
import type { CommonOptions } from '../flags/global.js';
import { commandLine, inWords } from '../errors.js';
import { jobNameOf } from './resource-names.js';
import type { Context } from './context.js';
import type { Track } from '../flags/flag.js';
import type { ContainerFlags } from '../flags/job/container.js';
import {
  type JobEdit,
  jobFromFlags,
  type JobOptions,
  readJobEdit,
  withJobFlags,
  withSourceImage,
} from '../flags/job/edit.js';
import { sourceImage } from '../../model/source-image.js';
import { checkJobFlags, reportGpuType, withoutBreakglass } from '../flags/job/check.js';
import { formatProblem } from '../errors.js';
import { inFile, type NamedJob, readJobFile, readSpecFile } from './spec-file.js';
import type { SpecSource } from '../../model/spec/read.js';

export type SpecOptions = CommonOptions & JobOptions & { file?: string; strict?: true };

/** A job as the command line describes it: in flags, and in a file. */
export interface Description {
  edit: JobEdit;
  spec: SpecSource | undefined;
}

/** Reads how the command line describes a job. @throws UsageError */
export const readDescription = async (context: Pick<Context, 'io'>, options: SpecOptions): Promise<Description> => ({
  edit: await readJobEdit(options, context.io),
  spec: options.file === undefined ? undefined : await readSpecFile(context, options.file),
});

/** The job that the command line describes: in a file, in flags that change the file, or in flags alone. */
export async function describedJob(
  context: Context,
  options: SpecOptions & Description,
  id: string | undefined,
): Promise<NamedJob> {
  const { edit, spec } = options;
  reportGpuType(edit, undefined, context.io);
  if (spec) {
    const { name, job, file } = await readJobFile(context, spec, options, id);
    return { ...flagged(context, name, withJobFlags(job, named(context, edit, name), parseName(name))), file };
  }
  const name = jobNameOf(context, options, await askedJob(context, options, id));
  return flagged(context, name, jobFromFlags(named(context, edit, name), parseName(name)));
}

/** A stored job with the changes in the flags. */
export const changedJob = (context: Context, job: Job, edit: JobEdit): NamedJob =>
  flagged(context, job.name, withJobFlags(withoutBreakglass(job), named(context, edit, job.name), parseName(job.name)));

/** An edit of the job of this name, with the image that is built from its source. */
const named = ({ config }: Context, edit: JobEdit, job: string): JobEdit =>
  withSourceImage(edit, sourceImage(job, config.home));

/** A stored job without its client, which the next client to write it replaces. */
export function withoutClient(job: Job): Job {
  const { client: _, clientVersion: _version, ...written } = job;
  return written;
}

/** Whether an edit deploys an image. That is a new generation even with the same image name: the image may have changed. */
export const deploysImage = ({ groups }: JobEdit): boolean =>
  groups.some(({ name, flags }) => name === undefined && describesImage(flags));

const describesImage = ({ image, source }: ContainerFlags): boolean => (image ?? source) !== undefined;

/** A job after flags have changed it. @throws StatusError if it is invalid */
function flagged({ track }: Context, name: string, job: JobInput): NamedJob {
  const complete = inTrack(track, job);
  checkJobFlags(shortName(name), complete);
  return { name, job: complete };
}

/** Commands of beta and alpha write jobs of that launch stage. */
export const inTrack = (track: Track, job: JobInput): JobInput =>
  track === 'GA' ? job : { ...job, launchStage: track };

/**
 * The job for `run`: the one that a file and flags describe, or the stored job with the changes in the flags.
 * @throws StatusError NOT_FOUND if the command line only names a job that does not exist
 */
export async function jobToRun(
  context: Context,
  options: SpecOptions & Description,
  id: string | undefined,
): Promise<NamedJob> {
  const { edit, spec } = options;
  if (spec) return describedJob(context, options, id);
  const asked = await askedJob(context, options, id);
  const name = jobNameOf(context, options, asked);
  const service = await context.service();
  const describes = edit.groups.some(({ flags }) => describesImage(flags));
  if (describes && !findJob(service, name)) return describedJob(context, options, asked);
  const missing = `Cannot find job [${shortName(name)}].`;
  const current = inWords(
    'NOT_FOUND',
    missing,
    () => getJob(service, name),
    'give a spec with -f FILE, --image IMAGE, or --source DIRECTORY',
  );
  return changedJob(context, current, edit);
}

/** A job and its file. */
type Origin = Pick<NamedJob, 'name' | 'file'> & { job?: JobInput };

/**
 * An error of creating an execution. If it is about resources that this machine lacks for the job, it gets the position
 * in the job's file and the command that adds them.
 */
export function withPlaces(error: unknown, described: Origin): unknown {
  if (!(error instanceof Unlendable)) return error;
  const { name, file } = described;
  const init: Suggestion = file ? suggest('config init', '-f', file.name) : { command: 'config init', resource: name };
  const fixes: Remedy[] = [
    ...(error.fix === undefined ? [] : [error.fix]),
    ...(error.initializable && file?.name !== '<stdin>' ? [[init]] : []),
  ];
  return new StatusError(error.code, error.message, {
    problems: error.problems.map((problem) => inFile(problem, described)),
    fix: fixes.length > 0 ? joinRemedies(fixes, '\nor let localrun add it: ') : undefined,
    cause: error,
  });
}

/** Prints warnings about the values that an execution gets. */
export function warnAboutValues({ io }: Context, service: Call, execution: Execution, described: Origin): void {
  for (const problem of loanWarnings(service, execution)) {
    io.err.write(`${formatProblem(inFile(problem, described), io.err)}\n`);
  }
}

/** Reports the fields of a job that have an effect in Cloud Run and none here. */
export function reportIgnoredFields({ io }: Context, service: Call, name: string): void {
  const fields = ignoredFields(service, name);
  if (fields.length > 0) io.err.write(`Ignored locally (see docs/fidelity.md): ${fields.join(', ')}\n`);
}

/** The next command, as gcloud suggests it at the end. */
export const executeHint = ({ defaults }: Context, name: string, again = false): string =>
  `\nTo execute this job${again ? ' again' : ''}, use:\n${commandLine({ command: 'jobs execute', resource: name }, defaults)}\n`;
