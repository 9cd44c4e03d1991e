import { executionReport } from '../../../service/execution-report.js';
import type { Call } from '../../../service/service.js';
import type { Context } from '../../command/context.js';
import type { ReportFormat } from '../../flags/report.js';
import { jsonReport } from './json.js';
import { junitReport } from './junit.js';

export { writeReport } from './files.js';

/** How many of the newest lines of an execution's logs its page has by default. */
export const defaultLogLines = 10_000;

/** An execution as it is now in a format; undefined if it has been deleted. */
export async function makeReport(
  context: Context,
  call: Call,
  name: string,
  format: ReportFormat,
  logLines = defaultLogLines,
): Promise<string | undefined> {
  const report = await executionReport(call, name);
  if (!report) return undefined;
  if (format === 'junit') return junitReport(report);
  if (format === 'json') return jsonReport(report);
  return (await context.frozenPage())(call, report.execution, { logLines });
}
