import { StatusError } from './errors.js';
import type { Container, EnvVar } from './schema/container.js';
import type { ExecutionTemplate, TaskTemplate } from './schema/job.js';
import type { ContainerOverride, Overrides } from './schema/run.js';

/**
 * The template of an execution with overrides applied.
 * @throws StatusError INVALID_ARGUMENT if an override names no container of the job
 */
export function overridden(
  template: ExecutionTemplate,
  overrides: Overrides,
): { taskCount: number; task: TaskTemplate } {
  const task = template.template;
  const containers = [...task.containers];
  for (const override of overrides.containerOverrides ?? []) {
    const index =
      containers.length === 1 ? 0 : containers.findIndex(({ name }) => (name ?? '') === (override.name ?? ''));
    const container = containers[index];
    if (!container) {
      const names = containers.map(({ name }) => name ?? '').join(', ');
      throw new StatusError('INVALID_ARGUMENT', `The job has no container [${override.name ?? ''}] to override.`, {
        fix: `its containers are ${names}`,
      });
    }
    containers[index] = overriddenContainer(container, override);
  }
  return {
    taskCount: overrides.taskCount || template.taskCount || 1,
    task: { ...task, containers, timeout: overrides.timeout ?? task.timeout },
  };
}

function overriddenContainer(container: Container, { args, clearArgs, env }: ContainerOverride): Container {
  const changed = { ...container };
  if (clearArgs) delete changed.args;
  else if (args?.length) changed.args = [...args];
  if (env?.length) changed.env = mergedEnv(container.env ?? [], env);
  return changed;
}

/** Adds variables; one with the name of an existing variable replaces it in place. */
export function mergedEnv(env: readonly EnvVar[], added: readonly EnvVar[]): EnvVar[] {
  const merged = [...env];
  for (const variable of added) {
    const index = merged.findIndex(({ name }) => name === variable.name);
    if (index < 0) merged.push(variable);
    else merged[index] = variable;
  }
  return merged;
}
