import { Option } from 'commander';
import { Interrupted, RunError } from '../../../model/errors.js';
import { completionStatus, conditionOf, isCompleted } from '../../../model/execution.js';
import { shortName } from '../../../model/names.js';
import type { ContainerOverride } from '../../../model/schema/run.js';
import type { Execution } from '../../../model/schema/job.js';
import { waitForExecution } from '../../../service/executions.js';
import { requireSurroundings } from '../../../service/host.js';
import { runJob } from '../../../service/run.js';
import { warnOfInertFields } from '../../apply.js';
import { type CommonOptions, defineCommand, jobNameOf } from '../../command.js';
import { dictFlag, durationFlag, integerFlag, listFlag } from '../../flags.js';
import { declareLocalFlags, type LocalFlags, localSettings, tellSettings } from '../../local-flags.js';
import { print } from '../../render/format.js';
import { tracked } from '../../render/tracker.js';

interface Options extends CommonOptions, LocalFlags {
  wait?: true;
  async?: true;
  tasks?: number;
  taskTimeout?: string;
  args?: string[];
  updateEnvVars?: Record<string, string>;
}

const started = (execution: Execution): boolean =>
  isCompleted(execution) || conditionOf(execution, 'Started')?.state === 'CONDITION_SUCCEEDED';

export const execute = defineCommand<Options, [job: string]>(
  'execute',
  'Run a job in the background; return once it has started, or with --wait once it has ended.',
  (command) =>
    declareLocalFlags(command)
      .optionsGroup('Flags:')
      .argument('<job>', 'the name of the job')
      .addOption(new Option('--wait', 'wait until the execution has ended; exit 1 if it failed').conflicts('async'))
      .option('--async', 'do not even wait until it has started')
      .option('--tasks <count>', 'number of tasks of this execution', integerFlag('--tasks', 1))
      .option('--task-timeout <duration>', 'time for one attempt in this execution', durationFlag('--task-timeout'))
      .option('--args <list>', 'arguments in this execution; empty drops them', listFlag('--args'))
      .option('--update-env-vars <KEY=VALUE,...>', 'variables added in this execution', dictFlag('--update-env-vars')),
  async (context, options, id) => {
    const { io } = context;
    const host = await context.host();
    const settings = localSettings(context, options);
    await requireSurroundings(host, settings);
    const name = jobNameOf(context, options, id);
    const { tasks, taskTimeout, args, updateEnvVars } = options;
    const override: ContainerOverride = {
      ...(args && (args.length > 0 ? { args } : { clearArgs: true })),
      ...(updateEnvVars && {
        env: Object.entries(updateEnvVars).map(([variable, value]) => ({ name: variable, value })),
      }),
    };
    const containerOverrides = Object.keys(override).length > 0 ? [override] : [];
    const created = runJob(host, {
      name,
      overrides: { taskCount: tasks, timeout: taskTimeout, containerOverrides },
      settings,
    });
    warnOfInertFields(context, host, name);
    tellSettings(context, settings);
    host.spawnWorker(created.name);
    const execution = shortName(created.name);
    const details = `\nView details about this execution by running:\nlocalrun jobs executions describe ${execution}\n`;
    if (options.async) {
      io.err.write(`Execution [${execution}] is being started asynchronously.\n${details}`);
      return print(context, options.format, created, {});
    }
    const gone = new AbortController();
    const ignore = io.onSignal((signal) => {
      io.err.write(`Execution [${execution}] goes on. To cancel it: localrun jobs executions cancel ${execution}\n`);
      gone.abort(new Interrupted(signal));
    });
    const seen = await tracked(context, `${options.wait ? 'Running' : 'Starting'} execution [${execution}]`, (tell) =>
      waitForExecution(host, created.name, options.wait ? isCompleted : started, {
        signal: gone.signal,
        onChange: ({ succeededCount = 0, taskCount }) => tell(`${succeededCount} / ${taskCount} complete`),
      }),
    ).finally(ignore);
    if (isCompleted(seen) && completionStatus(seen) !== 'EXECUTION_SUCCEEDED') {
      throw new RunError('UNKNOWN', `The execution failed. ${conditionOf(seen, 'Completed')?.message ?? ''}${details}`);
    }
    const what = options.wait ? 'completed' : 'started running';
    io.err.write(`Execution [${execution}] has successfully ${what}.\n${details}`);
    return print(context, options.format, seen, {});
  },
);
