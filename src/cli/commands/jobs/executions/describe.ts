import type { Context } from '../../../command/context.js';
import { getExecution } from '../../../../service/executions.js';
import type { CommonOptions } from '../../../flags/global.js';
import { inWords } from '../../../errors.js';
import { parentOf } from '../../../command/resource-names.js';
import { recoveredService } from '../../../command/recovered-service.js';
import { printExecution } from '../../../output/describe/describe.js';

export async function run(
  context: Context,
  options: CommonOptions & { showDeleted?: true },
  id: string,
): Promise<void> {
  const service = await recoveredService(context);
  const parent = parentOf(context, options);
  const execution = inWords('NOT_FOUND', `Cannot find execution [${id}].`, () =>
    getExecution(service, parent, id, options),
  );
  await printExecution(context, options, service, execution);
}
