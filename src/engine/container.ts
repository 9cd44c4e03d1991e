import { createHash } from 'node:crypto';
import { defaultLimits } from '../model/defaults.js';
import { shortName } from '../model/names.js';
import { parseQuantity } from '../model/quantity.js';
import type { Execution } from '../model/schema/job.js';
import type { ContainerSpec } from '../runtime/runtime.js';

/** The labels of every container that we start. `home` tells apart stores that share an engine. */
export const labels = {
  home: 'dev.localrun.home',
  execution: 'dev.localrun.execution',
  task: 'dev.localrun.task',
  attempt: 'dev.localrun.attempt',
} as const;

/** A short, stable name for a state directory, as a label value. */
export const homeLabel = (home: string): string => createHash('sha256').update(home).digest('hex').slice(0, 12);

/** The labels by which all containers of an execution are found. */
export const executionLabels = (home: string, execution: string): Record<string, string> => ({
  [labels.home]: homeLabel(home),
  [labels.execution]: execution,
});

export const containerName = (execution: string, task: number, attempt: number): string =>
  `localrun-${shortName(execution)}-task${task}-attempt${attempt}`;

/**
 * The container of an attempt: the task's template, and what the container runtime contract adds: the CLOUD_RUN_*
 * variables, which nothing overrides.
 */
export function containerSpec(
  execution: Execution,
  task: number,
  attempt: number,
  context: { home: string; images: Record<string, string>; cpus: number },
): ContainerSpec {
  const [container] = execution.template.containers;
  if (!container) throw new Error(`${execution.name} has no container`);
  const limits = { ...defaultLimits, ...container.resources?.limits };
  return {
    name: containerName(execution.name, task, attempt),
    image: context.images[container.image] ?? container.image,
    labels: {
      ...executionLabels(context.home, execution.name),
      [labels.task]: String(task),
      [labels.attempt]: String(attempt),
    },
    env: {
      ...Object.fromEntries((container.env ?? []).map(({ name, value }) => [name, value ?? ''])),
      CLOUD_RUN_JOB: execution.job,
      CLOUD_RUN_EXECUTION: shortName(execution.name),
      CLOUD_RUN_TASK_INDEX: String(task),
      CLOUD_RUN_TASK_ATTEMPT: String(attempt),
      CLOUD_RUN_TASK_COUNT: String(execution.taskCount),
    },
    command: container.command,
    args: container.args,
    workingDir: container.workingDir,
    memoryBytes: parseQuantity(limits.memory) ?? 0,
    // An engine refuses more CPUs than it has.
    cpus: Math.min(parseQuantity(limits.cpu) ?? 1, context.cpus),
  };
}
