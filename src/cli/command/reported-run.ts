import type { Execution } from '../../model/schema/job.js';
import { shortName } from '../../model/names.js';
import type { Call } from '../../service/service.js';
import { Reported } from '../errors.js';
import type { Output } from '../io.js';
import type { Reports } from '../flags/report.js';
import { folded, logged, onGithub } from '../output/workflow-commands.js';
import type { Context } from './context.js';

/** A run in two steps: what happens, and what is shown of it. */
interface ReportedRun<T> {
  /** The job. */
  job: string;
  /** Runs it, and tells `begun` the execution as soon as there is one. */
  run: (begun: (execution: Execution) => Execution) => Promise<T>;
  show: (ended: T) => Promise<void>;
  /** Where the output of the job goes meanwhile, if that is not stderr. */
  lines?: Output | undefined;
}

/**
 * Runs an execution and writes its reports, however it ends: those that flags ask for, and on GitHub Actions those of the
 * step.
 * @throws what `run` and `show` throw; otherwise Reported if a report could not be written
 */
export async function reportedRun<T>(
  context: Context,
  { reports }: Reports,
  { job, run, show, lines = context.io.err }: ReportedRun<T>,
): Promise<void> {
  let created: Execution | undefined;
  let failed = false;
  const { io } = context;
  const begun = (execution: Execution): Execution => (created = execution);
  const work = async (): Promise<T> => {
    try {
      return await run(begun);
    } finally {
      if (created && reports) failed = !(await writeReports(context, await context.service(), created, reports));
    }
  };
  try {
    // GitHub reads stdout and stderr side by side: only on the same stream do lines keep their order.
    const ended = await folded({ err: lines, env: io.env }, `Job ${job}`, work);
    await logged(io, () => show(ended));
    if (failed) throw new Reported();
  } finally {
    if (created && onGithub(io)) await reportStep(context, created.name);
  }
}

/** Writes the reports of an execution as it is now. Returns whether all could be written, and otherwise says why not. */
export async function writeReports(
  context: Context,
  call: Call,
  { name }: Execution,
  reports: NonNullable<Reports['reports']>,
  logLines?: number,
): Promise<boolean> {
  const { err } = context.io;
  const { makeReport, writeReport } = await import('../output/report/reports.js');
  const written: string[] = [];
  for (const [format, file] of reports) {
    try {
      const text = await makeReport(context, call, name, format, logLines);
      if (text === undefined) {
        err.write(`Execution [${shortName(name)}] was deleted, so there is no report of it.\n`);
        return false;
      }
      writeReport(file, text);
      written.push(file.shown);
    } catch (error) {
      err.write(`${err.chalk.red.bold('ERROR:')} Cannot write ${file.shown}: ${(error as Error).message}\n`);
    }
  }
  if (written.length > 0) err.write(`Wrote ${written.join(', ')}.\n`);
  return written.length === reports.size;
}

/** Shows the result of an execution on the page of the step. */
async function reportStep(context: Context, name: string): Promise<void> {
  const { err, env } = context.io;
  const [{ executionReport }, { errorCommands, jobSummary }, { appendFileSync }] = await Promise.all([
    import('../../service/execution-report.js'),
    import('../output/report/github.js'),
    import('node:fs'),
  ]);
  const report = await executionReport(await context.service(), name);
  if (!report) return;
  err.write(errorCommands(report));
  const file = env['GITHUB_STEP_SUMMARY'];
  if (!file) return;
  try {
    appendFileSync(file, jobSummary(report));
  } catch (error) {
    err.write(`The job summary was not written: ${(error as Error).message}\n`);
  }
}
