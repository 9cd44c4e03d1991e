import { shortName } from '../../../model/names.js';
import { getJob } from '../../../service/jobs.js';
import { type CommonOptions, defineCommand, inWords, jobNameOf } from '../../command.js';
import { recoveredService } from '../../recovery.js';
import { describeJob } from '../../render/describe.js';
import { print, printers } from '../../render/format.js';

export const describe = defineCommand<CommonOptions & { showDeleted?: true }, [job: string]>(
  'describe',
  'Show a job. With --format=export: as YAML that `replace` reads.',
  (command) =>
    command.argument('<job>', 'the name of the job').option('--show-deleted', 'also a job deleted in the last 30 days'),
  async (context, options, id) => {
    const service = await recoveredService(context);
    const name = jobNameOf(context, options, id);
    const job = inWords('NOT_FOUND', `Cannot find job [${shortName(name)}].`, () => getJob(service, name, options));
    const { exported, jobToV1 } = await import('../../../model/spec/v1/write.js');
    await print(context, options.format, job, {
      human: (of) => describeJob(of, context.io.out.chalk),
      exported: (of) => exported(jobToV1(of)),
    });
  },
  [...printers, 'export'],
);
