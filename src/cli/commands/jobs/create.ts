import type { Context } from '../../command/context.js';
import { parseName, shortName } from '../../../model/names.js';
import type { Job } from '../../../model/schema/job.js';
import { createJob } from '../../../service/jobs.js';
import { describedJob, type Description, readDescription, type SpecOptions } from '../../command/described-job.js';
import { announcing, buildImages, buildsFor } from '../../command/image-builds.js';
import { inWords } from '../../errors.js';
import { type AfterwardsFlags, writtenAndRun } from '../../command/write-job.js';
import { print } from '../../output/print.js';
import { jobKind } from '../../output/resource-kinds.js';

export const parse = readDescription;

export async function run(
  context: Context,
  options: SpecOptions & AfterwardsFlags & Description,
  id: string | undefined,
): Promise<void> {
  const { name, job } = await describedJob(context, options, id);
  const service = await context.service();
  const jobId = shortName(name);
  const create = (validateOnly = false): Job =>
    inWords('ALREADY_EXISTS', `Job [${jobId}] already exists.`, () =>
      createJob(service, { parent: parseName(name), jobId, job, validateOnly }),
    );
  const builds = buildsFor(context, options.edit, job);
  if (builds.length > 0) create(true);
  const build = () => buildImages(context, builds, service.settings);
  const words = { doing: announcing(builds, 'Creating'), change: 'Creating', done: 'created', build } as const;
  const created = await writtenAndRun(context, service, name, words, options, () => create());
  await print(context, options, created, { kind: jobKind });
}
