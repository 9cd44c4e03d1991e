import { shortName } from '../../../model/names.js';
import { getJob, updateJob } from '../../../service/jobs.js';
import {
  changedJob,
  declareSpec,
  deploysImage,
  describedJob,
  type Description,
  readDescription,
  type SpecOptions,
  withoutClient,
} from '../../command/described-job.js';
import { askedJob, defineCommand, inWords, jobNameOf } from '../../command/command.js';
import { type AfterwardsFlags, declareAfterwardsFlags, writtenAndRun } from '../../command/background-run.js';
import { declareJobFlags } from '../../flags/job/edit.js';
import { print } from '../../output/print.js';
import { jobKind } from '../../output/format/resource-kinds.js';
import type { NamedJob } from '../../command/spec-file.js';

export const update = defineCommand<SpecOptions & AfterwardsFlags, [job: string | undefined], Description>(
  'update',
  'Change a job by flags, or replace its spec by that of a file.',
  (command, track) => declareJobFlags(declareAfterwardsFlags(declareSpec(command)), 'update', track),
  async (context, options, id) => {
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
  },
  { parse: readDescription },
);
