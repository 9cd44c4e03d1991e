import type { Context } from '../../../command/context.js';
import { requireOrphan } from '../../../../service/execution-runner.js';
import { getExecution } from '../../../../service/executions.js';
import type { CommonOptions } from '../../../flags/global.js';
import { inWords } from '../../../errors.js';
import { parentOf } from '../../../command/resource-names.js';
import { printFinished, runInForeground } from '../../../command/foreground-run.js';
import { tellSlowEngine } from '../../../command/wait-for-engine.js';

export async function run(context: Context, options: CommonOptions, id: string): Promise<void> {
  // Not recoveredService, which would resume the execution in the background.
  const host = await context.host();
  const parent = parentOf(context, options);
  const execution = inWords('NOT_FOUND', `Cannot find execution [${id}].`, () => getExecution(host, parent, id));
  await requireOrphan(host, execution, () => tellSlowEngine(context));
  const finished = await runInForeground(context, host, () => execution);
  await printFinished(context, options, host, finished);
}
