import type { Context } from '../../../command/context.js';
import { deleteExecution, getExecution, startExecutionDeletion } from '../../../../service/executions.js';
import type { CommonOptions } from '../../../flags/global.js';
import { confirm } from '../../../command/prompts.js';
import { inWords } from '../../../errors.js';
import { parentOf } from '../../../command/resource-names.js';
import { tracked } from '../../../output/live/steps.js';
import { reportLeftOnOtherEngines } from '../../../output/leftovers.js';

export async function run(context: Context, options: CommonOptions & { async?: boolean }, id: string): Promise<void> {
  const service = await context.service();
  const parent = parentOf(context, options);
  const { name } = inWords('NOT_FOUND', `Execution [${id}] could not be found.`, () =>
    getExecution(service, parent, id),
  );
  await reportLeftOnOtherEngines(context, service, [name]);
  await confirm(context, options, `Execution [${id}] will be deleted.`);
  if (options.async) startExecutionDeletion(service, { name });
  else await tracked(context, `Deleting [${id}]`, () => deleteExecution(service, { name }));
  context.io.err.write(options.async ? `Execution [${id}] is being deleted.\n` : `Deleted execution [${id}].\n`);
}
