import type { Context } from '../../../command/context.js';
import { listExecutions } from '../../../../service/executions.js';
import { getJob } from '../../../../service/jobs.js';
import { EntryTail } from '../../../../service/log-entries.js';
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
  const tailing = new EntryTail(service, { ...logQuery(options, 0), since: timestamp(service.now()) });
  await tailEntries(context, options, () => {
    const { items } = listExecutions(service, { parent: name, pageSize: followed });
    return { entries: tailing.look(items), behind: tailing.behind, over: false };
  });
}
