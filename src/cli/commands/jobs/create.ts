import { parseName, shortName } from '../../../model/names.js';
import { createJob } from '../../../service/jobs.js';
import {
  declareSpec,
  describedJob,
  type Description,
  readDescription,
  type SpecOptions,
} from '../../command/described-job.js';
import { defineCommand, inWords } from '../../command/command.js';
import { type AfterwardsFlags, declareAfterwardsFlags, writtenAndRun } from '../../command/background-run.js';
import { declareJobFlags } from '../../flags/job/edit.js';
import { print } from '../../output/print.js';
import { jobKind } from '../../output/format/resource-kinds.js';

export const create = defineCommand<SpecOptions & AfterwardsFlags, [job: string | undefined], Description>(
  'create',
  'Create a job from flags, or from a spec file.',
  (command, track) => declareJobFlags(declareAfterwardsFlags(declareSpec(command)), 'create', track),
  async (context, options, id) => {
    const { name, job } = await describedJob(context, options, id);
    const service = await context.service();
    const jobId = shortName(name);
    const words = { doing: 'Creating', change: 'Creating', done: 'created' } as const;
    const created = await writtenAndRun(context, service, name, words, options, () =>
      inWords('ALREADY_EXISTS', `Job [${jobId}] already exists.`, () =>
        createJob(service, { parent: parseName(name), jobId, job }),
      ),
    );
    await print(context, options, created, { kind: jobKind });
  },
  { parse: readDescription },
);
