import type { Context } from '../../../../command/context.js';
import { getExecution } from '../../../../../service/executions.js';
import { readLogEntries } from '../../../../../service/log-entries.js';
import { parentOf } from '../../../../command/resource-names.js';
import { logQuery } from '../../../../command/log-query.js';
import type { LogFlags } from '../../../../flags/log.js';
import { printEntries, reportExpiredLogs } from '../../../../output/log-entries.js';
import { recoveredService } from '../../../../command/recovered-service.js';

export async function run(context: Context, options: LogFlags, id: string): Promise<void> {
  const service = await recoveredService(context);
  const execution = getExecution(service, parentOf(context, options), id);
  reportExpiredLogs(context, service, [execution]);
  await printEntries(context, options, readLogEntries(service, [execution], logQuery(options, service.now())));
}
