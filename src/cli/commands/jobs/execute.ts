import type { Context } from '../../command/context.js';
import { editedEnv } from '../../../model/edit/env.js';
import { StatusError } from '../../../model/errors.js';
import { UsageError } from '../../errors.js';
import type { Execution, Job } from '../../../model/schema/job.js';
import type { ContainerOverride } from '../../../model/schema/run.js';
import { shortName } from '../../../model/names.js';
import { findJob } from '../../../service/jobs.js';
import { askedJob } from '../../command/prompts.js';
import type { CommonOptions } from '../../flags/global.js';
import { jobNameOf } from '../../command/resource-names.js';
import { printSeen, runAndWait, startExecution } from '../../command/background-run.js';
import { reportedRun } from '../../command/reported-run.js';
import { checkExclusive } from '../../flags/exclusive.js';
import { type Grouped, onlyContainer } from '../../flags/job/container-groups.js';
import { type LocalFlags, localSettings } from '../../flags/local.js';
import { parseReport, type ReportFlags, type Reports } from '../../flags/report.js';
import { checkTaskFlags, selectedTasks, type TaskFlags } from '../../flags/tasks.js';

interface Options extends CommonOptions, LocalFlags, TaskFlags, ReportFlags, Reports {
  wait?: boolean;
  async?: boolean;
  tail?: boolean;
  tasks?: number;
  taskTimeout?: string;
  delayExecution?: boolean;
  container?: string[];
  args?: Grouped<string[]>;
  updateEnvVars?: Grouped<Record<string, string>>;
}

/** @throws UsageError for flags that exclude each other */
export async function parse(context: Context, options: Options): Promise<Reports> {
  const { container: named, args = {}, updateEnvVars = {}, report, wait, tail } = options;
  checkTaskFlags(options);
  checkExclusive({ ...options }, [
    [['--async'], ['--wait']],
    [['--async'], ['--tail'], ['--wait']],
  ]);
  if (report && !wait && !tail) {
    throw new UsageError('--report needs --wait or --tail: the command would end before the execution does.');
  }
  if (!named || !(args[onlyContainer] ?? updateEnvVars[onlyContainer])) return parseReport(context, options);
  const flag = args[onlyContainer] ? '--args' : '--update-env-vars';
  throw new UsageError(`When --container is specified ${flag} must be specified after --container.`);
}

/** The overrides of each container in the flags. @throws StatusError */
function containerOverrides({ container: named, args = {}, updateEnvVars = {} }: Options): ContainerOverride[] {
  return (named ?? [onlyContainer]).flatMap((name) => {
    const list = args[name];
    const variables = updateEnvVars[name];
    if (!list && !variables) {
      if (!named) return [];
      throw new StatusError('INVALID_ARGUMENT', `No container overrides requested to container \`${name}\`.`, {
        fix: 'put --args or --update-env-vars after --container',
      });
    }
    return {
      ...(named && name && { name }),
      ...(list && (list.length > 0 ? { args: list } : { clearArgs: true })),
      ...(variables && { env: Object.entries(variables).map(([variable, value]) => ({ name: variable, value })) }),
    };
  });
}

/** gcloud does not replace a secret with a literal value. @throws StatusError */
function checkTypes(job: Job | undefined, overrides: readonly ContainerOverride[]): void {
  const containers = job?.template.template.containers ?? [];
  for (const { name, env = [] } of overrides) {
    const container = containers.find((candidate) => (candidate.name ?? '') === (name ?? ''));
    const of = container ?? (containers.length === 1 ? containers[0] : undefined);
    editedEnv(of?.env, { update: Object.fromEntries(env.map((variable) => [variable.name, variable.value ?? ''])) });
  }
}

export async function run(context: Context, options: Options, id: string | undefined): Promise<void> {
  const { async, wait, tail, tasks, taskTimeout, delayExecution } = options;
  const overrides = {
    taskCount: tasks,
    timeout: taskTimeout,
    containerOverrides: containerOverrides(options),
    ...(delayExecution && { delayExecution }),
  };
  const until = async ? 'created' : wait || tail ? 'ended' : 'started';
  const name = jobNameOf(context, options, await askedJob(context, options, id));
  const service = await context.service();
  checkTypes(findJob(service, name), overrides.containerOverrides);
  const selected = selectedTasks(service, options, name);
  const request = { name, overrides, settings: localSettings(context, options), tasks: selected };
  // With --format, only the result goes to stdout.
  const lines = options.format ? context.io.err : context.io.out;
  const words = { heading: 'Creating execution', failure: 'Executing job failed' };
  const show = (seen: Execution): Promise<void> => printSeen(context, options, seen, until);
  if (until === 'created') return show(await startExecution(context, request));
  if (until === 'started') return show(await runAndWait(context, request, until, words));
  await reportedRun(context, options, {
    job: shortName(name),
    run: (onCreated) => runAndWait(context, request, until, words, { onCreated, ...(tail && { lines }) }),
    show,
    ...(tail && { lines }),
  });
}
