import type { Execution, Job } from '../model/schema/job.js';
import type { ContainerOverride, Overrides } from '../model/schema/run.js';
import { selectionOf } from '../model/task-selection.js';

/** Which overrides make the job as it is now run like an execution, as far as overrides can: all its tasks. */
export function overridesLike(execution: Execution, job: Job): Overrides {
  const { template } = execution;
  const taskCount = selectionOf(execution)?.of ?? execution.taskCount;
  const own = job.template;
  const overrides: Overrides = {};
  if (taskCount !== (own.taskCount || 1)) overrides.taskCount = taskCount;
  if (template.timeout !== undefined && template.timeout !== own.template.timeout) overrides.timeout = template.timeout;
  const { containers } = own.template;
  const changed = template.containers.flatMap(({ name, args = [], env = [] }, i): ContainerOverride[] => {
    const container = containers.length === 1 ? containers[0] : containers.find((other) => other.name === name);
    if (!container || (containers.length === 1 && i > 0)) return [];
    const known = new Map(container.env?.map((variable) => [variable.name, variable.value]));
    const added = env.filter((variable) => !variable.valueSource && known.get(variable.name) !== variable.value);
    const before = container.args ?? [];
    const sameArgs = args.length === before.length && args.every((arg, at) => arg === before[at]);
    if (added.length === 0 && sameArgs) return [];
    return [
      {
        ...(containers.length > 1 && name && { name }),
        ...(!sameArgs && (args.length > 0 ? { args } : { clearArgs: true })),
        ...(added.length > 0 && { env: added }),
      },
    ];
  });
  if (changed.length > 0) overrides.containerOverrides = changed;
  return overrides;
}

export const isEmpty = (overrides: Overrides): boolean => Object.keys(overrides).length === 0;
