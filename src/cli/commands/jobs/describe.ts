import { shortName } from '../../../model/names.js';
import { formatPath } from '../../../model/field-path.js';
import { getJob } from '../../../service/jobs.js';
import { type CommonOptions, defineCommand, inWords, jobNameOf } from '../../command/command.js';
import { recoveredService } from '../../command/recovered-service.js';
import { describeJob } from '../../output/describe/describe.js';
import { print } from '../../output/print.js';
import { shownFormats } from '../../output/format/projection.js';
import { jobKind } from '../../output/format/resource-kinds.js';

export const describe = defineCommand<CommonOptions & { showDeleted?: true }, [job: string]>(
  'describe',
  'Show a job. With --format=export: as YAML that `replace` reads.',
  (command) =>
    command.argument('<job>', 'the name of the job').option('--show-deleted', 'also a job deleted in the last 30 days'),
  async (context, options, id) => {
    const service = await recoveredService(context);
    const name = jobNameOf(context, options, id);
    const job = inWords('NOT_FOUND', `Cannot find job [${shortName(name)}].`, () => getJob(service, name, options));
    await print(context, options, job, {
      kind: jobKind,
      human: () => describeJob(job, context.io.out),
      exported: async (of) => {
        const { exported, jobToV1, notInV1 } = await import('../../../model/v1/write.js');
        const lost = notInV1(of).map((field) => formatPath(field));
        if (lost.length > 0) context.io.err.write(`WARNING: v1 has no field for ${lost.join(', ')}\n`);
        return exported(jobToV1(of));
      },
    });
  },
  { formats: { known: [...shownFormats, 'export'] } },
);
