import { Option } from 'commander';
import { RunError } from '../../../model/errors.js';
import { findJob, updateJob } from '../../../service/jobs.js';
import {
  changedJob,
  declareSpec,
  describedJob,
  type Description,
  readDescription,
  type SpecOptions,
} from '../../apply.js';
import { askedJob, defineCommand, jobNameOf } from '../../command.js';
import { type AfterwardsFlags, declareAfterwardsFlags, writtenAndRun } from '../../execution.js';
import { declareJobFlags } from '../../job-flags/apply.js';
import { print } from '../../render/format.js';
import { jobKind } from '../../render/format/resources.js';

export const deploy = defineCommand<
  SpecOptions & AfterwardsFlags & { source?: string },
  [job: string | undefined],
  Description
>(
  'deploy',
  'Create a job from flags or a spec file, or change the job of that name.',
  (command) =>
    declareJobFlags(declareAfterwardsFlags(declareSpec(command))).addOption(
      new Option('--source <directory>', 'not supported: build the image first, and give it with --image').hideHelp(),
    ),
  async (context, options, id) => {
    const { edit } = options;
    if (options.source !== undefined) {
      throw new RunError('UNIMPLEMENTED', 'localrun builds no images, so that --source cannot be deployed.', {
        fix: `docker build -t IMAGE ${options.source}, and then deploy with --image IMAGE`,
      });
    }
    const service = await context.service();
    const asked = await askedJob(context, options, id);
    const current = options.spec === undefined ? findJob(service, jobNameOf(context, options, asked)) : undefined;
    const described = current ? changedJob(context, current, edit) : await describedJob(context, options, asked);
    const { name } = described;
    const change = current || findJob(service, name) ? 'Updating' : 'Creating';
    const words = { doing: 'Deploying container to', change, done: 'deployed' } as const;
    const deployed = await writtenAndRun(context, service, name, words, options, () =>
      updateJob(service, { ...described, allowMissing: current === undefined }),
    );
    await print(context, options, deployed, { kind: jobKind });
  },
  { parse: readDescription },
);
