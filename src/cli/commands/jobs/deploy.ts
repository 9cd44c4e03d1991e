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
import { askedJob } from '../../command/prompts.js';
import { jobNameOf } from '../../command/resource-names.js';
import { type AfterwardsFlags, writtenAndRun } from '../../command/write-job.js';
import { reportGpuType } from '../../flags/job/check.js';
import { print } from '../../output/print.js';
import { jobKind } from '../../output/resource-kinds.js';

export const parse = readDescription;

export async function run(
  context: Context,
  options: SpecOptions & AfterwardsFlags & { source?: string } & Description,
  id: string | undefined,
): Promise<void> {
  const { edit } = options;
  if (options.source !== undefined) {
    throw new StatusError('UNIMPLEMENTED', 'localrun does not build images, so it cannot deploy --source.', {
      fix: `docker build -t IMAGE ${options.source}, and then deploy with --image IMAGE`,
    });
  }
  const { groups } = edit;
  if (options.spec === undefined && (groups.length === 0 || groups.some(({ flags }) => !flags.image))) {
    const [name] = groups.filter(({ flags }) => !flags.image).map((group) => group.name);
    const which = name ? `Container ${name} requires` : 'Requires';
    const message = `Missing required argument [--image]: ${which} a container image to deploy.`;
    throw new StatusError('INVALID_ARGUMENT', message, {
      fix: 'give --image, or change other fields with jobs update',
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
  const words = { doing: 'Deploying container to', change, done: 'deployed' } as const;
  const deployed = await writtenAndRun(context, service, name, words, options, () =>
    updateJob(service, { ...described, allowMissing: current === undefined, renew: deploysImage(edit) }),
  );
  await print(context, options, deployed, { kind: jobKind });
}
