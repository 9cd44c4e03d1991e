import type { Context } from '../../../command/context.js';
import { getExecution } from '../../../../service/executions.js';
import type { CommonOptions } from '../../../flags/global.js';
import { parentOf } from '../../../command/resource-names.js';
import { recoveredService } from '../../../command/recovered-service.js';
import { reportExpiredLogs } from '../../../output/log-entries.js';

const defaultLines = 10_000;

export async function run(
  context: Context,
  options: CommonOptions & { html?: true; logLines?: number },
  id: string,
): Promise<void> {
  const service = await recoveredService(context);
  const execution = getExecution(service, parentOf(context, options), id);
  reportExpiredLogs(context, service, [execution]);
  const frozenPage = await context.frozenPage();
  const { logLines = defaultLines } = options;
  context.io.out.write(await frozenPage(service, execution, { logLines }));
}
