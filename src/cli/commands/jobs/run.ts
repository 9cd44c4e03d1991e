import type { Context } from '../../command/context.js';
import { shortName } from '../../../model/names.js';
import { describedCount } from '../../../model/task-selection.js';
import type { Execution } from '../../../model/schema/job.js';
import { applyAndRun } from '../../../service/jobs.js';
import {
  type Description,
  jobToRun,
  readDescription,
  type SpecOptions,
  reportIgnoredFields,
  warnAboutValues,
  withPlaces,
} from '../../command/described-job.js';
import { askedJob } from '../../command/prompts.js';
import { buildImages, buildsFor } from '../../command/image-builds.js';
import { printFinished, runInForeground } from '../../command/foreground-run.js';
import { type LocalFlags, localSettings, reportSettings } from '../../flags/local.js';
import { parseReport, type ReportFlags, type Reports } from '../../flags/report.js';
import { checkTaskFlags, selectedTasks, type TaskFlags } from '../../flags/tasks.js';
import { recoveredService } from '../../command/recovered-service.js';
import { reportedRun } from '../../command/reported-run.js';
import { reportSlowEngine } from '../../output/live/steps.js';
import { requireSurroundings } from '../../../service/execution-runner.js';

export async function parse(
  context: Context,
  options: SpecOptions & TaskFlags & ReportFlags & WatchFlag,
): Promise<Description & Reports> {
  checkTaskFlags(options);
  const description = await readDescription(context, options);
  if (options.watch)
    (await import('../../command/watched-runs.js')).watchingOf(context, { ...options, ...description });
  return { ...(await parseReport(context, options)), ...description };
}

interface WatchFlag {
  watch?: boolean;
}

type Options = SpecOptions & LocalFlags & TaskFlags & Description & Reports;

export async function run(context: Context, options: Options & WatchFlag, id: string | undefined): Promise<void> {
  if (!options.watch) return runOnce(context, options, id);
  const { watchedRuns, watchingOf } = await import('../../command/watched-runs.js');
  const job = await askedJob(context, options, id);
  const { buckets, nfs } = localSettings(context, options);
  const directories = [context.config.home, ...Object.values(buckets), ...Object.values(nfs)];
  const { isOfReport } = await import('../../output/report/files.js');
  const reports = [...(options.reports?.values() ?? [])];
  const isWritten = (name: string): boolean =>
    directories.includes(name) || reports.some((report) => isOfReport(report, name));
  await watchedRuns(context, watchingOf(context, options), isWritten, async (superseded) =>
    runOnce(context, { ...options, ...(await readDescription(context, options)) }, job, superseded),
  );
}

/** @param superseded aborts when the run is no longer wanted */
async function runOnce(
  context: Context,
  options: Options,
  id: string | undefined,
  superseded?: AbortSignal,
): Promise<void> {
  // Change nothing before the spec is valid and the container engine answers.
  const described = await jobToRun(context, options, id);
  const builds = buildsFor(context, options.edit, described.job);
  const runner = await context.runner();
  const asked = localSettings(context, options);
  const { settings: found, capabilities } = await requireSurroundings(runner, asked, (cluster) =>
    reportSlowEngine(context, cluster),
  );
  await recoveredService(context);
  const { name } = described;
  const { err } = context.io;
  const tasks = selectedTasks(runner, options, name);
  const settings = { ...found, built: await buildImages(context, builds, found, superseded) };
  const run = { owner: runner.owner, settings, capabilities, tasks };
  const applyHere = (): ReturnType<typeof applyAndRun> => {
    try {
      return applyAndRun(runner, { ...described, run });
    } catch (error) {
      throw withPlaces(error, described);
    }
  };
  const begin = (): Execution => {
    const { change, execution } = applyHere();
    if (change !== 'unchanged') err.write(`Job [${shortName(name)}] has successfully been ${change}.\n`);
    reportIgnoredFields(context, runner, name);
    warnAboutValues(context, runner, execution, described);
    reportSettings(context, settings);
    const count = describedCount(execution);
    err.write(
      `Execution [${shortName(execution.name)}]: ${count} ${count === '1' ? 'task' : 'tasks'}, parallelism ${execution.parallelism}.\n`,
    );
    return execution;
  };
  await reportedRun(context, options, {
    job: shortName(name),
    run: (begun) => runInForeground(context, runner, () => begun(begin()), superseded),
    show: async (finished) => {
      if (!superseded?.aborted || finished.interrupted) await printFinished(context, options, runner, finished);
    },
  });
}
