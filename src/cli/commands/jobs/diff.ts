import { withDefaults } from '../../../model/defaults.js';
import { parseName, shortName } from '../../../model/names.js';
import { getJob } from '../../../service/jobs.js';
import type { Context } from '../../command/context.js';
import { jobNameOf } from '../../command/resource-names.js';
import { readJobFile, readSpecFile } from '../../command/spec-file.js';
import { inWords, printError, Reported, UsageError } from '../../errors.js';
import type { CommonOptions } from '../../flags/global.js';
import { diffText, type DiffSide, jobDiff, type JobDiff } from '../../output/job-differences.js';
import { print } from '../../output/print.js';
import { plain } from '../../output/resource-kinds.js';

interface Compared {
  job: string | undefined;
  files: readonly [string] | readonly [string, string];
}

export function parse(
  _: unknown,
  { file = [] }: CommonOptions & { file?: string | readonly string[] },
  word: string | undefined,
  words: readonly string[],
): { compared: Compared } {
  const given = [...(word === '-' ? [word] : []), ...words];
  const [first, second, ...more] = [...(typeof file === 'string' ? [file] : file), ...given];
  const fix = 'localrun jobs diff JOB -f job.yaml';
  if (first === undefined) throw new UsageError('argument FILE: Must be specified.', fix);
  if (more.length > 0) throw new UsageError('There are more than two files.', 'compare two of them at a time');
  if (first === '-' && second === '-') throw new UsageError('stdin cannot be both files.', fix);
  const job = word === '-' ? undefined : word;
  return { compared: { job, files: second === undefined ? [first] : [first, second] } };
}

/** As of diff, the exit code is 1 for jobs that differ, and 2 if they cannot be compared. */
export async function run(context: Context, options: CommonOptions & { compared: Compared }): Promise<void> {
  let diff: JobDiff;
  try {
    diff = await compared(context, options, options.compared);
  } catch (error) {
    printError(error, 'jobs.diff', context.io, context.defaults);
    throw new Reported(2);
  }
  await print(context, options, diff, { kind: plain, human: () => diffText(diff, context.io.out) });
  if (diff.equal) context.io.err.write(`No difference between ${diff.from} and ${diff.to}.\n`);
  if (!diff.equal) throw new Reported(1);
}

async function compared(
  context: Context,
  options: CommonOptions,
  { job, files: [first, second] }: Compared,
): Promise<JobDiff> {
  const { projectNumber } = context.config;
  const read = async (name: string): Promise<DiffSide & { name: string }> => {
    const described = await readJobFile(context, await readSpecFile(context, name), options, job, 'unnamed');
    return {
      name: described.name,
      title: described.file?.name ?? name,
      parent: parseName(described.name),
      job: withDefaults(described.job, projectNumber),
      spec: described.file?.spec,
    };
  };
  const file = await read(first);
  if (second !== undefined) return jobDiff(file, await read(second));
  if (job === undefined && file.spec?.id === undefined) {
    throw new UsageError(`${file.title} does not name its job.`, 'set its name in the file, or give it as JOB');
  }
  const name = job === undefined ? file.name : jobNameOf(context, options, job);
  const service = await context.service();
  const stored = inWords(
    'NOT_FOUND',
    `Cannot find job [${shortName(name)}].`,
    () => getJob(service, name),
    'store it with `localrun jobs replace FILE`, or compare two files: localrun jobs diff FILE FILE',
  );
  return jobDiff({ title: `${shortName(name)} (local job)`, parent: parseName(name), job: stored }, file);
}
