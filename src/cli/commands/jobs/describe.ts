import { getJob } from '../../../service/jobs.js';
import { type CommonOptions, defineCommand, jobNameOf } from '../../command.js';
import { recoveredService } from '../../recovery.js';
import { describeJob } from '../../render/describe.js';
import { print } from '../../render/format.js';

export const describe = defineCommand<CommonOptions, [job: string]>(
  'describe',
  'Show a job. With --format=export: as YAML that `replace` reads.',
  (command) => command.argument('<job>', 'the name of the job'),
  async (context, options, id) => {
    const job = getJob(await recoveredService(context), jobNameOf(context, options, id));
    const { exported, jobToV1 } = await import('../../../model/spec/v1/write.js');
    await print(context, options.format, job, {
      human: (of) => describeJob(of, context.io.out.chalk),
      exported: (of) => exported(jobToV1(of)),
    });
  },
);
