import { StatusError } from '../../../../model/errors.js';
import { shortName } from '../../../../model/names.js';
import { getExecution } from '../../../../service/executions.js';
import { getJob } from '../../../../service/jobs.js';
import { type CommonOptions, defineCommand, inWords, jobNameOf, parentOf } from '../../../command/command.js';
import { recoveredService } from '../../../command/recovered-service.js';
import { shownFormats } from '../../../output/format/projection.js';
import { printExecution } from '../../../output/describe/print-execution.js';

export const describeLatest = defineCommand<CommonOptions & { job: string }>(
  'describe-latest',
  'Show the newest execution of a job.',
  (command) => command.requiredOption('--job <job>', 'the name of the job'),
  async (context, options) => {
    const service = await recoveredService(context);
    const name = jobNameOf(context, options, options.job);
    const job = inWords('NOT_FOUND', `Cannot find job [${shortName(name)}].`, () => getJob(service, name));
    const latest = job.latestCreatedExecution?.name;
    if (!latest) throw new StatusError('UNKNOWN', `Job [${shortName(job.name)}] has no executions.`);
    const execution = getExecution(service, parentOf(context, options), latest);
    await printExecution(context, options, service, execution);
  },
  { formats: { known: [...shownFormats, 'export'] } },
);
