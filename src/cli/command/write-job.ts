import { StatusError } from '../../model/errors.js';
import { parseName, shortName } from '../../model/names.js';
import type { Job } from '../../model/schema/job.js';
import { getJob, waitForJob } from '../../service/jobs.js';
import type { Call } from '../../service/service.js';
import { stepped } from '../output/live/steps.js';
import { detailsHint, runAndWait, showEnd } from './background-run.js';
import type { Context } from './context.js';
import { executeHint } from './described-job.js';

/** The flags for what follows after a job is written. */
export interface AfterwardsFlags {
  async?: boolean;
  executeNow?: boolean;
  wait?: boolean;
}

/** The job once it is ready. @throws StatusError if it cannot become ready */
async function readyJob(service: Call, name: string): Promise<Job> {
  const job = await waitForJob(service, name);
  const { state, message } = job.terminalCondition ?? {};
  if (state === 'CONDITION_FAILED') throw new StatusError('UNKNOWN', message ?? 'The job is not ready.');
  return job;
}

/** gcloud's words for writing a job. */
export interface Writing {
  /** Creating, Updating, Deploying container to */
  doing: string;
  /** The change to the job. */
  change: 'Creating' | 'Updating';
  /** created, updated, deployed */
  done: string;
  /** Builds the job's images before it is written. */
  build?: () => Promise<unknown>;
}

const failure = 'Job failed to deploy';

/** Writes a job and, without `--async`, waits until it is ready. */
export async function written(
  context: Context,
  service: Call,
  name: string,
  { doing, change, build }: Pick<Writing, 'doing' | 'change' | 'build'>,
  { async }: AfterwardsFlags,
  write: () => Job,
): Promise<Job> {
  announce(context, name, doing);
  await build?.();
  if (async) return write();
  return stepped(context, { heading: `${change} job`, steps: [], failure }, async () => {
    write();
    return readyJob(service, name);
  });
}

/** Announces the write. */
function announce({ io: { err } }: Context, name: string, doing: string): void {
  const { project, location } = parseName(name);
  const [job, of, region] = [shortName(name), project, location].map((word) => err.chalk.bold(word));
  err.write(`${doing} Cloud Run job [${job}] in project [${of}] region [${region}]\n`);
}

/** Writes a job, waits until it is ready, runs it if the flags ask for it, and reports what was done. */
export async function writtenAndRun(
  context: Context,
  service: Call,
  name: string,
  writing: Writing,
  flags: AfterwardsFlags,
  write: () => Job,
): Promise<Job> {
  const { doing, change, done, build } = writing;
  const job = shortName(name);
  const say = (text: string): void => context.io.err.write(text);
  if (!flags.executeNow && !flags.wait) {
    const result = await written(context, service, name, writing, flags, write);
    const what = flags.async ? `is being ${done} asynchronously` : `has successfully been ${done}`;
    say(`Job [${job}] ${what}.\n${executeHint(context, name)}`);
    return result;
  }
  announce(context, name, doing);
  await build?.();
  const words = { heading: `${change} and running job`, failure };
  const execution = await runAndWait(context, { name }, flags.wait ? 'ended' : 'started', words, {
    before: async () => {
      write();
      await readyJob(service, name);
    },
  });
  const what = flags.wait ? 'completed' : 'started running';
  say(`Job [${job}] has successfully been ${done} and ${what} execution [${shortName(execution.name)}].\n`);
  say(`${detailsHint(context, execution.name)}${executeHint(context, name, true)}`);
  if (flags.wait) await showEnd(context, execution);
  return getJob(service, name);
}
