import type { Context } from '../../../command/context.js';
import { listExecutions } from '../../../../service/executions.js';
import { getJob } from '../../../../service/jobs.js';
import { followLogEntries } from '../../../../service/log-entries.js';
import type { Execution } from '../../../../model/schema/job.js';
import { timestamp } from '../../../../model/time.js';
import { jobNameOf } from '../../../command/resource-names.js';
import { logQuery } from '../../../command/log-query.js';
import type { LogFlags } from '../../../flags/log.js';
import { tailEntries } from '../../../output/log-entries.js';
import { recoveredService } from '../../../command/recovered-service.js';

/** The most executions of a job to follow at once: the newest. */
const followed = 100;

export async function run(context: Context, options: LogFlags, id: string): Promise<void> {
  const service = await recoveredService(context);
  const { name } = getJob(service, jobNameOf(context, options, id));
  const query = { ...logQuery(options, 0), since: timestamp(service.now()) };
  const executions = (): Execution[] => listExecutions(service, { parent: name, pageSize: followed }).items;
  await tailEntries(context, options, (signal) =>
    followLogEntries(service, executions, query, { over: () => false, signal }),
  );
}
