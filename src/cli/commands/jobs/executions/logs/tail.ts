import type { Context } from '../../../../command/context.js';
import { isCompleted } from '../../../../../model/execution.js';
import type { Execution } from '../../../../../model/schema/job.js';
import { getExecution } from '../../../../../service/executions.js';
import { followLogEntries } from '../../../../../service/log-entries.js';
import { parentOf } from '../../../../command/resource-names.js';
import { logQuery } from '../../../../command/log-query.js';
import type { LogFlags } from '../../../../flags/log.js';
import { tailEntries, reportExpiredLogs } from '../../../../output/log-entries.js';
import { recoveredService } from '../../../../command/recovered-service.js';

export async function run(context: Context, options: LogFlags, id: string): Promise<void> {
  const service = await recoveredService(context);
  const parent = parentOf(context, options);
  reportExpiredLogs(context, service, [getExecution(service, parent, id)]);
  const executions = (): Execution[] => [getExecution(service, parent, id)];
  const over = (found: readonly Execution[]): boolean => found.every(isCompleted);
  await tailEntries(context, options, (signal) =>
    followLogEntries(service, executions, logQuery(options, 0), { over, signal }),
  );
}
