import type { Context } from '../../command/context.js';
import { shortName } from '../../../model/names.js';
import { getJob, updateJob } from '../../../service/jobs.js';
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
import { inWords } from '../../errors.js';
import { jobNameOf } from '../../command/resource-names.js';
import { type AfterwardsFlags, writtenAndRun } from '../../command/write-job.js';
import { print } from '../../output/print.js';
import { jobKind } from '../../output/resource-kinds.js';
import type { NamedJob } from '../../command/spec-file.js';

export const parse = readDescription;

export async function run(
  context: Context,
  options: SpecOptions & AfterwardsFlags & Description,
  id: string | undefined,
): Promise<void> {
  const { edit } = options;
  const service = await context.service();
  const found = <T>(name: string, call: () => T): T =>
    inWords('NOT_FOUND', `Job [${shortName(name)}] could not be found.`, call);
  const changed = (name: string): NamedJob =>
    changedJob(context, withoutClient(found(name, () => getJob(service, name))), edit);
  const described =
    options.spec === undefined
      ? changed(jobNameOf(context, options, await askedJob(context, options, id)))
      : await describedJob(context, options, id);
  const { name } = described;
  const words = { doing: 'Updating', change: 'Updating', done: 'updated' } as const;
  const updated = await writtenAndRun(context, service, name, words, options, () =>
    found(name, () => updateJob(service, { ...described, renew: deploysImage(edit) })),
  );
  await print(context, options, updated, { kind: jobKind });
}
