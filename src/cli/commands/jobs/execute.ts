import { editedEnv } from '../../../model/edit/env.js';
import { StatusError, UsageError } from '../../../model/errors.js';
import type { Job } from '../../../model/schema/job.js';
import type { ContainerOverride } from '../../../model/schema/run.js';
import { findJob } from '../../../service/jobs.js';
import { askedJob, type CommonOptions, defineCommand, jobNameOf } from '../../command/command.js';
import { printSeen, runAndWait, startExecution } from '../../command/background-run.js';
import { durationFlag, integerFlag, listFlag } from '../../flags/parsers.js';
import { booleanFlag } from '../../flags/boolean.js';
import { envFlag } from '../../flags/job/container.js';
import { checkExclusive } from '../../flags/exclusive.js';
import { declareContainer, type Grouped, onlyContainer } from '../../flags/job/container-groups.js';
import { declareDelay } from '../../flags/job/job.js';
import { declareLocalFlags, type LocalFlags, localSettings } from '../../flags/local.js';

interface Options extends CommonOptions, LocalFlags {
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

/** @throws UsageError for flags that do not go together */
function checkFlags(options: Options): void {
  const { container: named, args = {}, updateEnvVars = {} } = options;
  checkExclusive({ ...options }, [
    [['--async'], ['--wait']],
    [['--async'], ['--tail'], ['--wait']],
  ]);
  if (!named || !(args[onlyContainer] ?? updateEnvVars[onlyContainer])) return;
  const flag = args[onlyContainer] ? '--args' : '--update-env-vars';
  throw new UsageError(`When --container is specified ${flag} must be specified after --container.`);
}

/** What the flags say of each container. @throws StatusError */
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

/** gcloud puts no literal in the place of a secret. @throws StatusError */
function checkTypes(job: Job | undefined, overrides: readonly ContainerOverride[]): void {
  const containers = job?.template.template.containers ?? [];
  for (const { name, env = [] } of overrides) {
    const container = containers.find((candidate) => (candidate.name ?? '') === (name ?? ''));
    const of = container ?? (containers.length === 1 ? containers[0] : undefined);
    editedEnv(of?.env, { update: Object.fromEntries(env.map((variable) => [variable.name, variable.value ?? ''])) });
  }
}

export const execute = defineCommand<Options, [job: string | undefined]>(
  'execute',
  'Run a job in the background; return once it has started, or with --wait or --tail once it has ended.',
  (command, track) => {
    declareLocalFlags(command)
      .optionsGroup('Flags:')
      .argument('[job]', 'the name of the job')
      .option('--tasks <count>', 'number of tasks of this execution', integerFlag('--tasks', 1))
      .option('--task-timeout <duration>', 'time for one attempt in this execution', durationFlag('--task-timeout'));
    booleanFlag(command, '--wait', 'wait until the execution has ended; exit 1 if it failed');
    booleanFlag(command, '--tail', 'the same, and show meanwhile what its tasks write');
    booleanFlag(command, '--async', 'do not even wait until it has started');
    declareDelay(command, track);
    const grouped = declareContainer(command);
    return command
      .option('--args <list>', 'arguments in this execution; empty drops them', grouped.valued(listFlag('--args')))
      .option(
        '--update-env-vars <KEY=VALUE,...>',
        'variables added in this execution',
        grouped.valued(envFlag('--update-env-vars')),
      );
  },
  async (context, options, id) => {
    const { async, wait, tail, tasks, taskTimeout, delayExecution } = options;
    const overrides = {
      taskCount: tasks,
      timeout: taskTimeout,
      containerOverrides: containerOverrides(options),
      ...(delayExecution && { delayExecution }),
    };
    const until = async ? 'created' : wait || tail ? 'ended' : 'started';
    const name = jobNameOf(context, options, await askedJob(context, options, id));
    checkTypes(findJob(await context.service(), name), overrides.containerOverrides);
    const request = { name, overrides, settings: localSettings(context, options) };
    // What --format asks for stays alone on stdout.
    const lines = options.format ? context.io.err : context.io.out;
    const words = { heading: 'Creating execution', failure: 'Executing job failed' };
    const seen = async
      ? await startExecution(context, request)
      : await runAndWait(context, request, wait || tail ? 'ended' : 'started', words, {
          lines: tail ? lines : undefined,
        });
    await printSeen(context, options, seen, until);
  },
  {
    parse: (_, options) => {
      checkFlags(options);
      return {};
    },
  },
);
