import type { Context } from '../../command/context.js';
import { StatusError } from '../../../model/errors.js';
import { findJob, updateJob } from '../../../service/jobs.js';
import {
  changedJob,
  deploysImage,
  describedJob,
  type Description,
  readDescription,
  type SpecOptions,
  withoutClient,
} from '../../command/described-job.js';
import { announcing, buildImages, buildsFor } from '../../command/image-builds.js';
import { askedJob } from '../../command/prompts.js';
import { jobNameOf } from '../../command/resource-names.js';
import { type AfterwardsFlags, writtenAndRun } from '../../command/write-job.js';
import { reportGpuType } from '../../flags/job/check.js';
import { print } from '../../output/print.js';
import { jobKind } from '../../output/resource-kinds.js';

export const parse = readDescription;

export async function run(
  context: Context,
  options: SpecOptions & AfterwardsFlags & Description,
  id: string | undefined,
): Promise<void> {
  const { edit } = options;
  const { groups } = edit;
  const lacking = groups.filter(({ flags }) => flags.image === undefined && flags.source === undefined);
  if (options.spec === undefined && (groups.length === 0 || lacking.length > 0)) {
    const [{ name } = {}] = lacking;
    const which = name ? `Container ${name} requires` : 'Requires';
    const message = `Missing required argument [--image]: ${which} a container image to deploy.`;
    throw new StatusError('INVALID_ARGUMENT', message, {
      fix: 'give --image, or --source with a directory to build it from; jobs update changes other fields',
    });
  }
  const service = await context.service();
  const asked = await askedJob(context, options, id);
  const current = options.spec === undefined ? findJob(service, jobNameOf(context, options, asked)) : undefined;
  if (current) reportGpuType(edit, current, context.io);
  const described = current
    ? changedJob(context, withoutClient(current), edit)
    : await describedJob(context, options, asked);
  const { name } = described;
  const change = current || findJob(service, name) ? 'Updating' : 'Creating';
  const builds = buildsFor(context, edit, described.job);
  const build = () => buildImages(context, builds, service.settings);
  const words = { doing: announcing(builds, 'Deploying container to'), change, done: 'deployed', build } as const;
  const deployed = await writtenAndRun(context, service, name, words, options, () =>
    updateJob(service, { ...described, allowMissing: current === undefined, renew: deploysImage(edit) }),
  );
  await print(context, options, deployed, { kind: jobKind });
}
