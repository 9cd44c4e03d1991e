import { parseName, shortName } from '../../../model/names.js';
import { createJob } from '../../../service/jobs.js';
import { describedJob, executeHint, type SpecOptions } from '../../apply.js';
import { defineCommand, inWords } from '../../command.js';
import { declareJobFlags } from '../../job-flags.js';
import { print } from '../../render/format.js';

export const create = defineCommand<SpecOptions, [job: string | undefined]>(
  'create',
  'Create a job from flags, or from a spec file.',
  (command) =>
    declareJobFlags(
      command
        .argument('[job]', 'the name of the job')
        .option('-f, --file <file>', 'job spec, - for stdin')
        .option('--strict', 'refuse a spec that Cloud Run accepts although it is hardly meant'),
    ),
  async (context, options, id) => {
    const { name, job } = await describedJob(context, options, id);
    const service = await context.service();
    const jobId = shortName(name);
    const created = inWords('ALREADY_EXISTS', `Job [${jobId}] already exists.`, () =>
      createJob(service, { parent: parseName(name), jobId, job }),
    );
    context.io.err.write(`Job [${jobId}] has successfully been created.\n${executeHint(name)}`);
    await print(context, options.format, created, {});
  },
);
