import type { Context } from '../../../command/context.js';
import { getExecution } from '../../../../service/executions.js';
import type { CommonOptions } from '../../../flags/global.js';
import { parseReport, type ReportFlags, type Reports } from '../../../flags/report.js';
import { reportedRun } from '../../../command/reported-run.js';
import { inWords } from '../../../errors.js';
import { parentOf } from '../../../command/resource-names.js';
import { awaitedExecution, printSeen } from '../../../command/background-run.js';

export const parse = (context: Context, options: ReportFlags): Promise<Reports> => parseReport(context, options);

export async function run(context: Context, options: CommonOptions & Reports, id: string): Promise<void> {
  const service = await context.service();
  const parent = parentOf(context, options);
  const found = inWords('NOT_FOUND', `Cannot find execution [${id}].`, () => getExecution(service, parent, id));
  await reportedRun(context, options, {
    job: found.job,
    run: (begun) => awaitedExecution(context, service, begun(found).name),
    show: (ended) => printSeen(context, options, ended, 'ended'),
  });
}
