import { type ChalkInstance } from 'chalk';
import { conditionOf, isCompleted } from '../../model/execution.js';
import { parseName, shortName } from '../../model/names.js';
import type { Container } from '../../model/schema/container.js';
import type { Execution, Job, TaskTemplate } from '../../model/schema/job.js';
import { durationSeconds, epochMs, formatTimeout } from '../../model/time.js';
import type { TaskView } from '../../service/tasks.js';
import { executionSymbol, jobSymbol, taskSymbol } from './symbols.js';
import { shownState } from './tables.js';

/** A labelled block of gcloud's `describe`: an entry without a value is left out, a nested one is indented. */
type Entry = [label: string, value: string | undefined] | { title: string; entries: Entry[] };

/** `describe` of a job, in gcloud's layout. */
export function describeJob(job: Job, chalk: ChalkInstance): string {
  const { latestCreatedExecution: latest, executionCount: count = 0, template } = job;
  const lines = [
    `${jobSymbol(job, chalk)} Job ${chalk.bold(shortName(job.name))} in region ${parseName(job.name).location}`,
    `Executed ${count} ${count === 1 ? 'time' : 'times'}`,
    ...(latest?.name ? [`Last executed ${latest.createTime} with execution ${latest.name}`] : []),
    `Last updated on ${job.updateTime} by ${job.lastModifier ?? job.creator}`,
    ' ',
    ...labelsLine(job.labels),
  ];
  const message = job.terminalCondition?.message;
  const entries = templateEntries(template.template, template.taskCount ?? 1, template.parallelism);
  return text(lines, entries, message && `${jobSymbol(job, chalk)} ${message}`);
}

/** `describe` of an execution, in gcloud's layout. */
export function describeExecution(execution: Execution, chalk: ChalkInstance): string {
  const { name, succeededCount = 0, failedCount = 0, cancelledCount = 0, runningCount = 0 } = execution;
  const symbol = executionSymbol(execution, chalk);
  const tasks = (count: number): string => `${count} ${count === 1 ? 'task' : 'tasks'}`;
  const lines = [
    `${symbol} Execution ${chalk.bold(shortName(name))} in region ${parseName(name).location}`,
    ...(isCompleted(execution) ? [] : [`${tasks(runningCount)} currently running`]),
    `${tasks(succeededCount)} completed successfully`,
    ...(failedCount > 0 ? [`${tasks(failedCount)} failed to complete`] : []),
    ...(cancelledCount > 0 ? [`${tasks(cancelledCount)} cancelled`] : []),
    ...(execution.completionTime
      ? [`Elapsed time: ${elapsed(epochMs(execution.completionTime) - epochMs(execution.createTime))}`]
      : []),
    ' ',
    ...(execution.logUri ? [`Log URI: ${execution.logUri}`, ' '] : []),
    ...labelsLine(execution.labels),
  ];
  const message = isCompleted(execution) ? conditionOf(execution, 'Completed')?.message : undefined;
  const parallelism = execution.parallelism === execution.taskCount ? undefined : execution.parallelism;
  return text(
    lines,
    templateEntries(execution.template, execution.taskCount, parallelism),
    message && `${symbol} ${message}`,
  );
}

/** `describe` of a task, in gcloud's layout. */
export function describeTask({ task, record }: TaskView, chalk: ChalkInstance): string {
  const symbol = taskSymbol(record, chalk);
  const { exitCode, status } = record.lastAttemptResult ?? {};
  const result: Entry[] = [
    // Where a container has ended by itself without a code, that was 0.
    ['Exit Code', exitCode === undefined && status?.message ? undefined : String(exitCode ?? 0)],
    ['Message', status?.message],
  ];
  return text(
    [`${symbol} Task ${chalk.bold(shortName(task.name))} in region ${parseName(task.name).location}`],
    [
      ['Running state', shownState(record)],
      ...(record.lastAttemptResult ? [{ title: 'Last Attempt Result:', entries: result }] : []),
      { title: ' ', entries: [] },
      ...taskEntries(task),
    ],
    status?.message && `${symbol} ${status.message}`,
  );
}

function labelsLine(labels: Record<string, string> | undefined): string[] {
  const own = Object.entries(labels ?? {}).filter(([key]) => !key.startsWith('client.knative.dev/'));
  return own.length === 0
    ? []
    : [
        own
          .map(([key, value]) => `${key}:${value}`)
          .toSorted()
          .join(' '),
        ' ',
      ];
}

function elapsed(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const plural = (count: number, unit: string): string => `${count} ${unit}${count === 1 ? '' : 's'}`;
  if (seconds < 60) return plural(seconds, 'second');
  if (seconds < 3600) return `${plural(Math.floor(seconds / 60), 'minute')} and ${plural(seconds % 60, 'second')}`;
  return `${plural(Math.floor(seconds / 3600), 'hour')} and ${plural(Math.floor((seconds % 3600) / 60), 'minute')}`;
}

function templateEntries(template: TaskTemplate, taskCount: number, parallelism: number | undefined): Entry[] {
  return [
    ['Tasks', String(taskCount)],
    ['Parallelism', parallelism ? String(parallelism) : 'No limit'],
    ...taskEntries(template),
  ];
}

function taskEntries(template: TaskTemplate): Entry[] {
  const containers = template.containers.toSorted((a, b) => (a.name ?? '').localeCompare(b.name ?? ''));
  return [
    ...containers.map((container) => ({
      title: `Container${container.name ? ` ${container.name}` : ''}`,
      entries: containerEntries(container, template),
    })),
    ['Task Timeout', formatTimeout(durationSeconds(template.timeout ?? '') ?? 0)],
    ['Max Retries', String(template.maxRetries ?? 0)],
    ['Service account', template.serviceAccount],
  ];
}

function containerEntries(container: Container, template: TaskTemplate): Entry[] {
  const limits = container.resources?.limits ?? {};
  const env = (container.env ?? []).toSorted((a, b) => a.name.localeCompare(b.name));
  const group = (title: string, entries: Entry[]): Entry[] =>
    entries.length > 0 ? [{ title: `${title}:`, entries }] : [];
  return [
    ['Image', container.image],
    ['Command', container.command?.join(' ')],
    ['Args', container.args?.join(' ')],
    ['Working Directory', container.workingDir],
    ['Memory', limits['memory']],
    ['CPU', limits['cpu']],
    ['GPU', limits['nvidia.com/gpu']],
    ['GPU Type', template.nodeSelector?.accelerator],
    ...group(
      'Env vars',
      env.filter(({ valueSource }) => !valueSource).map(({ name, value }): Entry => [name, value ?? '']),
    ),
    ...group(
      'Volume Mounts',
      (container.volumeMounts ?? []).map(({ name, mountPath }) => ({ title: mountPath, entries: [['name', name]] })),
    ),
    ...group(
      'Secrets',
      env.flatMap(({ name, valueSource }): Entry[] =>
        valueSource?.secretKeyRef
          ? [[name, `${valueSource.secretKeyRef.secret}:${valueSource.secretKeyRef.version ?? 'latest'}`]]
          : [],
      ),
    ),
    ['Container Dependencies', container.dependsOn?.join(', ')],
  ];
}

interface Line {
  label: string;
  value: string | undefined;
}

function flatten(entries: readonly Entry[], indent: string, colon: string): Line[] {
  return entries.flatMap((entry): Line[] => {
    if ('title' in entry) {
      const variables = entry.title === 'Env vars:' || entry.title === 'Secrets:';
      return [
        { label: indent + entry.title, value: undefined },
        ...flatten(entry.entries, `${indent}  `, variables ? '' : ':'),
      ];
    }
    const [label, value] = entry;
    if (value === undefined || (value === '' && colon)) return [];
    return [{ label: `${indent}${label}${colon}`, value }];
  });
}

/** Values begin in one column: that after the widest label, of those that are not wider than 20. */
function text(head: readonly string[], entries: readonly Entry[], foot: string | undefined): string {
  const lines = flatten(entries, '', ':');
  const width = Math.min(20, Math.max(...lines.map(({ label }) => label.length))) + 1;
  const body = lines.map(({ label, value }) =>
    value === undefined ? label : `${label.padEnd(label.length < width ? width : label.length + 1)}${value}`.trimEnd(),
  );
  return `${[...head, ...body, ...(foot ? [foot] : [])].join('\n')}\n`;
}
