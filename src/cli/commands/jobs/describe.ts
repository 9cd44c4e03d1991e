import type { Context } from '../../command/context.js';
import { shortName } from '../../../model/names.js';
import { formatPath } from '../../../model/field-path.js';
import { getJob } from '../../../service/jobs.js';
import type { CommonOptions } from '../../flags/global.js';
import { inWords } from '../../errors.js';
import { jobNameOf } from '../../command/resource-names.js';
import { recoveredService } from '../../command/recovered-service.js';
import { describeJob } from '../../output/describe/describe.js';
import { print } from '../../output/print.js';
import { jobKind } from '../../output/resource-kinds.js';

export async function run(
  context: Context,
  options: CommonOptions & { showDeleted?: true },
  id: string,
): Promise<void> {
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
}
