import { parseName, shortName } from '../model/names.js';
import type { JobInput } from '../model/schema/job.js';
import { createJob, findJob, getJob, inertFields, updateJob } from '../service/jobs.js';
import type { ServiceDeps } from '../service/service.js';
import { type CommonOptions, jobNameOf } from './command.js';
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

/** Creates the job, or puts it in place of the one of that name; says on stderr which. */
export function applyJob(
  { io }: Context,
  service: ServiceDeps,
  { name, job }: NamedJob,
): 'created' | 'updated' | 'unchanged' {
  const current = findJob(service, name);
  const { generation } = current
    ? updateJob(service, { name, job })
    : createJob(service, { parent: parseName(name), jobId: shortName(name), job });
  const result = !current ? 'created' : current.generation === generation ? 'unchanged' : 'updated';
  if (result !== 'unchanged') io.err.write(`Job [${shortName(name)}] has successfully been ${result}.\n`);
  return result;
}

/**
 * Makes sure that the job that a `run` is about is there and as the command line says.
 * @returns its full name
 * @throws RunError NOT_FOUND if the command line only names a job, and there is none of that name
 */
export async function jobToRun(
  context: Context,
  service: ServiceDeps,
  options: SpecOptions,
  id: string | undefined,
): Promise<string> {
  if (options.file === undefined) {
    const name = jobNameOf(context, options, id);
    const current = options.image === undefined ? getJob(service, name) : findJob(service, name);
    if (current) {
      applyJob(context, service, flagged(name, withJobFlags(current, options)));
      return name;
    }
  }
  const described = await describedJob(context, options, id);
  applyJob(context, service, described);
  return described.name;
}

/** Says once which of a job's fields act in Cloud Run and do nothing here. */
export function warnOfInertFields({ io }: Context, service: ServiceDeps, name: string): void {
  const job = findJob(service, name);
  const fields = job ? inertFields(job) : [];
  if (fields.length > 0) io.err.write(`Without effect here, as docs/fidelity.md explains: ${fields.join(', ')}\n`);
}

/** What to do next, as gcloud ends its answers. */
export const executeHint = (name: string, again = false): string =>
  `\nTo execute this job${again ? ' again' : ''}, use:\nlocalrun jobs execute ${shortName(name)}\n`;
