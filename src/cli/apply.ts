import { parseName, shortName } from '../model/names.js';
import type { JobInput } from '../model/schema/job.js';
import { createJob, findJob, getJob, updateJob } from '../service/jobs.js';
import { inertFields, type RunOptions } from '../service/run.js';
import type { ServiceDeps } from '../service/service.js';
import { type CommonOptions, inWords, jobNameOf } from './command.js';
import type { Context } from './context.js';
import { checkJobFlags, type JobFlags, jobFromFlags, withJobFlags } from './job-flags.js';
import { type NamedJob, readJobFile } from './spec-file.js';

export type SpecOptions = CommonOptions & JobFlags & { file?: string; strict?: true };

/** The job that a command line describes: by a file, by flags on top of it, or by flags alone. */
export async function describedJob(context: Context, options: SpecOptions, id: string | undefined): Promise<NamedJob> {
  if (options.file === undefined) return flagged(jobNameOf(context, options, id), jobFromFlags(options));
  const { name, job } = await readJobFile(context, options.file, options, id);
  return flagged(name, withJobFlags(job, options));
}

/** A job as flags have made it. @throws RunError if they have made it wrong */
export function flagged(name: string, job: JobInput): NamedJob {
  checkJobFlags(shortName(name), job);
  return { name, job };
}

/** Creates the job, or puts it in place of the one of that name. `run` is for what the job's token starts. */
export function applyJob(
  service: ServiceDeps,
  { name, job }: NamedJob,
  run?: RunOptions,
): 'created' | 'updated' | 'unchanged' {
  // As one step, so that two commands that make the same job do not get into each other's way.
  return service.store.transaction(() => {
    const current = findJob(service, name);
    if (!current) {
      createJob(service, { parent: parseName(name), jobId: shortName(name), job, run });
      return 'created';
    }
    return updateJob(service, { name, job, run }).generation === current.generation ? 'unchanged' : 'updated';
  });
}

/**
 * The job that a `run` is about, as it is to be: what a file and flags say, or the job of that name with what the flags
 * change.
 * @throws RunError NOT_FOUND if the command line only names a job, and there is none of that name
 */
export async function jobToRun(context: Context, options: SpecOptions, id: string | undefined): Promise<NamedJob> {
  if (options.file !== undefined) return describedJob(context, options, id);
  const name = jobNameOf(context, options, id);
  const service = await context.service();
  if (options.image !== undefined && !findJob(service, name)) return describedJob(context, options, id);
  const missing = `Cannot find job [${shortName(name)}].`;
  const current = inWords(
    'NOT_FOUND',
    missing,
    () => getJob(service, name),
    'give a spec with -f FILE, or --image IMAGE',
  );
  return flagged(name, withJobFlags(current, options));
}

/** Says once which of a job's fields act in Cloud Run and do nothing here. */
export function warnOfInertFields({ io }: Context, service: ServiceDeps, name: string): void {
  const job = findJob(service, name);
  const fields = job ? inertFields(job) : [];
  if (fields.length > 0) io.err.write(`Without effect here, as docs/fidelity.md explains: ${fields.join(', ')}\n`);
}

/** What to do next, as gcloud ends its answers. */
export const executeHint = (name: string): string =>
  `\nTo execute this job, use:\nlocalrun jobs execute ${shortName(name)}\n`;
