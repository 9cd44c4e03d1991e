import type { Context } from '../../../command/context.js';
import { requireOrphan } from '../../../../service/execution-runner.js';
import { getExecution } from '../../../../service/executions.js';
import type { CommonOptions } from '../../../flags/global.js';
import { parseReport, type ReportFlags, type Reports } from '../../../flags/report.js';
import { reportedRun } from '../../../command/reported-run.js';
import { inWords } from '../../../errors.js';
import { parentOf } from '../../../command/resource-names.js';
import { printFinished, runInForeground } from '../../../command/foreground-run.js';
import { reportSlowEngine } from '../../../output/live/steps.js';

export const parse = (context: Context, options: ReportFlags): Promise<Reports> => parseReport(context, options);

export async function run(context: Context, options: CommonOptions & Reports, id: string): Promise<void> {
  // Not recoveredService, which would resume the execution in the background.
  const runner = await context.runner();
  const parent = parentOf(context, options);
  const execution = inWords('NOT_FOUND', `Cannot find execution [${id}].`, () => getExecution(runner, parent, id));
  await requireOrphan(runner, execution, (cluster) => reportSlowEngine(context, cluster));
  await reportedRun(context, options, {
    job: execution.job,
    run: (begun) => runInForeground(context, runner, () => begun(execution)),
    show: (finished) => printFinished(context, options, runner, finished),
  });
}
