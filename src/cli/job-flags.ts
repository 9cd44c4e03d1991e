import type { Command } from 'commander';
import { mergedEnv } from '../model/overrides.js';
import { type Problem, RunError, UsageError } from '../model/errors.js';
import { formatPath } from '../model/path.js';
import { validateJob } from '../model/validation/job.js';
import { isError } from '../model/validation/status.js';
import type { Container } from '../model/schema/container.js';
import type { JobInput } from '../model/schema/job.js';
import { dictFlag, durationFlag, integerFlag, listFlag } from './flags.js';

/** The flags that say what a job is, as create, update and run take them. */
export interface JobFlags {
  image?: string;
  tasks?: number;
  parallelism?: number;
  maxRetries?: number;
  taskTimeout?: string;
  setEnvVars?: Record<string, string>;
  memory?: string;
  cpu?: string;
  command?: string[];
  args?: string[];
  labels?: Record<string, string>;
}

export const declareJobFlags = (command: Command): Command =>
  command
    .optionsGroup('Job flags:')
    .option('--image <image>', 'container image')
    .option('--tasks <count>', 'number of tasks', integerFlag('--tasks', 1))
    .option('--parallelism <count>', 'tasks that run at once; 0: as many as possible', integerFlag('--parallelism', 0))
    .option('--max-retries <count>', 'retries of a failed task', integerFlag('--max-retries', 0))
    .option('--task-timeout <duration>', 'time for one attempt, e.g. 600, 10m, 1.5h', durationFlag('--task-timeout'))
    .option('--set-env-vars <KEY=VALUE,...>', 'environment variables', dictFlag('--set-env-vars'))
    .option('--memory <quantity>', 'memory limit, e.g. 512Mi')
    .option('--cpu <quantity>', 'CPU limit, e.g. 1 or 1000m')
    .option('--command <list>', 'entrypoint, comma-separated', listFlag('--command'))
    .option('--args <list>', 'arguments, comma-separated', listFlag('--args'))
    .option('--labels <KEY=VALUE,...>', 'labels', dictFlag('--labels'));

/** A job with nothing in it but an image, for flags to fill. @throws UsageError without `--image` */
export function jobFromFlags(flags: JobFlags): JobInput {
  if (!flags.image)
    throw new UsageError('argument --image: Must be specified.', 'give --image, or a spec with -f FILE');
  return withJobFlags({ template: { template: { containers: [{ image: flags.image }] } } }, flags);
}

/** The job with what the flags say put in place; flags that were not given leave it as it is. */
export function withJobFlags(job: JobInput, flags: JobFlags): JobInput {
  const { template } = job;
  const task = template.template;
  if (task.containers.length > 1 && touchesContainer(flags)) {
    throw new UsageError(
      'The job has several containers, so that flags for a container do not say which one is meant.',
    );
  }
  return {
    ...job,
    ...(flags.labels && { labels: { ...job.labels, ...flags.labels } }),
    template: {
      ...template,
      ...(flags.labels && { labels: { ...template.labels, ...flags.labels } }),
      taskCount: flags.tasks ?? template.taskCount,
      parallelism: flags.parallelism ?? template.parallelism,
      template: {
        ...task,
        containers: task.containers.map((container) => withContainerFlags(container, flags)),
        maxRetries: flags.maxRetries ?? task.maxRetries,
        timeout: flags.taskTimeout ?? task.timeout,
      },
    },
  };
}

const flagOf: Record<string, string> = {
  name: 'JOB',
  image: '--image',
  taskCount: '--tasks',
  parallelism: '--parallelism',
  maxRetries: '--max-retries',
  timeout: '--task-timeout',
  env: '--set-env-vars',
  memory: '--memory',
  cpu: '--cpu',
  command: '--command',
  args: '--args',
  labels: '--labels',
};

/** Refuses a job that flags have made wrong, in terms of those flags. @throws RunError INVALID_ARGUMENT */
export function checkJobFlags(id: string, job: JobInput): void {
  const problems = validateJob(id, job)
    .filter(isError)
    .map(({ path, rule, description, fix }): Problem => {
      // The name of a job is a path of its own; other names are of what a flag has set.
      const steps = path.length === 1 ? path : path.filter((step) => step !== 'name');
      const flag = steps.findLast((step) => typeof step === 'string' && Object.hasOwn(flagOf, step));
      return {
        path: (flag !== undefined && flagOf[flag]) || formatPath(path),
        rule,
        message: description,
        fix,
        severity: 'error',
      };
    });
  if (problems.length > 0) throw new RunError('INVALID_ARGUMENT', `Job [${id}] cannot be like that:`, { problems });
}

const touchesContainer = ({ image, setEnvVars, memory, cpu, command, args }: JobFlags): boolean =>
  [image, setEnvVars, memory, cpu, command, args].some((flag) => flag !== undefined);

function withContainerFlags(container: Container, flags: JobFlags): Container {
  const { image = container.image, setEnvVars, memory, cpu, command, args } = flags;
  const changed: Container = { ...container, image };
  if (setEnvVars && Object.keys(setEnvVars).length > 0) {
    // Variables that take a secret stay, as gcloud leaves them.
    const secrets = (container.env ?? []).filter(({ valueSource }) => valueSource);
    const variables = Object.entries(setEnvVars).map(([name, value]) => ({ name, value }));
    changed.env = mergedEnv(secrets, variables);
  }
  if (memory || cpu) {
    const limits = { ...container.resources?.limits, ...(memory && { memory }), ...(cpu && { cpu }) };
    changed.resources = { ...container.resources, limits };
  }
  if (command) changed.command = command;
  if (args) changed.args = args;
  return changed;
}
