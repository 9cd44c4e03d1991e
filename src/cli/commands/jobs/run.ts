import { shortName } from '../../../model/names.js';
import { applyAndRun } from '../../../service/jobs.js';
import {
  type Description,
  jobToRun,
  lending,
  readDescription,
  type SpecOptions,
  warnOfInertFields,
  warnOfLoan,
} from '../../command/described-job.js';
import { defineCommand } from '../../command/command.js';
import { printFinished, runInForeground } from '../../command/foreground-run.js';
import { declareJobFlags } from '../../flags/job/edit.js';
import { declareLocalFlags, type LocalFlags, localSettings, tellSettings } from '../../flags/local.js';
import { recoveredService } from '../../command/recovered-service.js';
import { awaitSurroundings } from '../../command/wait-for-engine.js';

export const run = defineCommand<SpecOptions & LocalFlags, [job: string | undefined], Description>(
  'run',
  'Apply a job spec, run it, follow it, and exit with its result.',
  (command, track) =>
    declareLocalFlags(
      declareJobFlags(
        command
          .argument('[job]', 'the name of the job; may be left out with -f')
          .option('-f, --file <file>', 'job spec, YAML or JSON, v1 or v2; - for stdin')
          .option('--strict', 'refuse a spec that Cloud Run accepts although it is hardly meant'),
        'run',
        track,
      ),
    ).addHelpText(
      'after',
      `
Logs and progress go to stderr, the tables at the end to stdout. Ctrl-C cancels the execution.

Examples:
  localrun jobs run -f job.yaml
  localrun jobs run -f job.yaml --tasks 2 --format json
  localrun jobs run nightly
  localrun jobs run hello --image alpine --command echo --args hello`,
    ),
  async (context, options, id) => {
    // Nothing is changed before the spec is known to be good and the engine to answer.
    const described = await jobToRun(context, options, id);
    const host = await context.host();
    const settings = localSettings(context, options);
    await awaitSurroundings(context, host, settings);
    await recoveredService(context);
    const { name } = described;
    const { err } = context.io;
    const run = { owner: host.owner, settings };
    const finished = await runInForeground(context, host, () => {
      const { change, execution } = lending(context, described, () => applyAndRun(host, { ...described, run }));
      if (change !== 'unchanged') err.write(`Job [${shortName(name)}] has successfully been ${change}.\n`);
      warnOfInertFields(context, host, name);
      warnOfLoan(context, host, execution, described);
      tellSettings(context, settings);
      const { taskCount, parallelism } = execution;
      err.write(
        `Execution [${shortName(execution.name)}]: ${taskCount} ${taskCount === 1 ? 'task' : 'tasks'}, parallelism ${parallelism}.\n`,
      );
      return execution;
    });
    await printFinished(context, options, host, finished);
  },
  { parse: readDescription },
);
