import type { Context } from '../../../../command/context.js';
import { isCompleted } from '../../../../../model/execution.js';
import { getExecution } from '../../../../../service/executions.js';
import { EntryTail } from '../../../../../service/log-entries.js';
import { parentOf } from '../../../../command/resource-names.js';
import { logQuery } from '../../../../command/log-query.js';
import type { LogFlags } from '../../../../flags/log.js';
import { tailEntries, tellExpired } from '../../../../output/log-entries.js';
import { recoveredService } from '../../../../command/recovered-service.js';

export async function run(context: Context, options: LogFlags, id: string): Promise<void> {
  const service = await recoveredService(context);
  const parent = parentOf(context, options);
  tellExpired(context, service, [getExecution(service, parent, id)]);
  const tailing = new EntryTail(service, logQuery(options, 0));
  await tailEntries(context, options, () => {
    const execution = getExecution(service, parent, id);
    const entries = tailing.look([execution]);
    return { entries, behind: tailing.behind, over: isCompleted(execution) };
  });
}
