import type { Context } from '../../../command/context.js';
import { requireOrphan } from '../../../../service/execution-runner.js';
import { getExecution } from '../../../../service/executions.js';
import type { CommonOptions } from '../../../flags/global.js';
import { inWords } from '../../../errors.js';
import { parentOf } from '../../../command/resource-names.js';
import { printFinished, runInForeground } from '../../../command/foreground-run.js';
import { reportSlowEngine } from '../../../output/live/steps.js';

export async function run(context: Context, options: CommonOptions, id: string): Promise<void> {
  // Not recoveredService, which would resume the execution in the background.
  const runner = await context.runner();
  const parent = parentOf(context, options);
  const execution = inWords('NOT_FOUND', `Cannot find execution [${id}].`, () => getExecution(runner, parent, id));
  await requireOrphan(runner, execution, (cluster) => reportSlowEngine(context, cluster));
  const finished = await runInForeground(context, runner, () => execution);
  await printFinished(context, options, runner, finished);
}
