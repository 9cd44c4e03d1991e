import type { Context } from '../../../command/context.js';
import { getExecution } from '../../../../service/executions.js';
import { writeReports } from '../../../command/reported-run.js';
import { checkExclusive } from '../../../flags/exclusive.js';
import type { CommonOptions } from '../../../flags/global.js';
import {
  parseReport,
  reportFormats,
  type ReportFlags,
  type ReportFormat,
  type Reports,
} from '../../../flags/report.js';
import { parentOf } from '../../../command/resource-names.js';
import { recoveredService } from '../../../command/recovered-service.js';
import { Reported } from '../../../errors.js';
import { reportExpiredLogs } from '../../../output/log-entries.js';
import { makeReport } from '../../../output/report/reports.js';

type Options = CommonOptions & ReportFlags & Partial<Record<ReportFormat, true>> & { logLines?: number };

export function parse(context: Context, options: Options): Promise<Reports> {
  checkExclusive({ ...options }, [[...reportFormats.map((format) => [`--${format}`]), ['--report']]]);
  return parseReport(context, options);
}

export async function run(context: Context, options: Options & Reports, id: string): Promise<void> {
  const { reports, logLines } = options;
  const service = await recoveredService(context);
  const execution = getExecution(service, parentOf(context, options), id);
  reportExpiredLogs(context, service, [execution]);
  if (reports) {
    if (!(await writeReports(context, service, execution, reports, logLines))) throw new Reported();
    return;
  }
  const format = reportFormats.find((of) => options[of]) ?? 'html';
  context.io.out.write((await makeReport(context, service, execution.name, format, logLines)) ?? '');
}
