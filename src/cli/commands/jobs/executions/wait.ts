import type { Context } from '../../../command/context.js';
import { getExecution } from '../../../../service/executions.js';
import type { CommonOptions } from '../../../flags/global.js';
import { inWords } from '../../../errors.js';
import { parentOf } from '../../../command/resource-names.js';
import { awaitedExecution, printSeen } from '../../../command/background-run.js';

export async function run(context: Context, options: CommonOptions, id: string): Promise<void> {
  const service = await context.service();
  const parent = parentOf(context, options);
  const { name } = inWords('NOT_FOUND', `Cannot find execution [${id}].`, () => getExecution(service, parent, id));
  await printSeen(context, options, await awaitedExecution(context, service, name), 'ended');
}
