import type { Context } from '../../../command/context.js';
import { StatusError } from '../../../../model/errors.js';
import { shortName } from '../../../../model/names.js';
import { getExecution } from '../../../../service/executions.js';
import { getJob } from '../../../../service/jobs.js';
import type { CommonOptions } from '../../../flags/global.js';
import { inWords } from '../../../errors.js';
import { jobNameOf, parentOf } from '../../../command/resource-names.js';
import { recoveredService } from '../../../command/recovered-service.js';
import { printExecution } from '../../../output/describe/describe.js';

export async function run(context: Context, options: CommonOptions & { job: string }): Promise<void> {
  const service = await recoveredService(context);
  const name = jobNameOf(context, options, options.job);
  const job = inWords('NOT_FOUND', `Cannot find job [${shortName(name)}].`, () => getJob(service, name));
  const latest = job.latestCreatedExecution?.name;
  if (!latest) throw new StatusError('UNKNOWN', `Job [${shortName(job.name)}] has no executions.`);
  const execution = getExecution(service, parentOf(context, options), latest);
  await printExecution(context, options, service, execution);
}
