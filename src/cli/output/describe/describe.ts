import { describedCount } from '../../../model/task-selection.js';
import { conditionOf, isCompleted } from '../../../model/execution.js';
import { parseName, shortName } from '../../../model/names.js';
import type { LocalSettings } from '../../../model/local/settings.js';
import type { Execution, Job } from '../../../model/schema/job.js';
import { epochMs } from '../../../model/time.js';
import { type Spread, spreadOf, type TaskView } from '../../../service/tasks.js';
import { type Entry, group, laidOut } from './entries.js';
import { localEntries, mappedEntries, portsLine } from '../local-settings.js';
import type { Output } from '../../io.js';
import { executionSymbol, jobSymbol, type Look, taskSymbol } from '../symbols.js';
import { shownState } from '../columns.js';
import { templateEntries } from './template.js';
import { executionUsage, taskUsage } from '../usage.js';
import type { CommonOptions } from '../../flags/global.js';
import { settingsOf } from '../../../service/executions.js';
import type { Call } from '../../../service/service.js';
import type { Context } from '../../command/context.js';
import { print } from '../print.js';
import { executionKind } from '../resource-kinds.js';

/** `describe` of a job, in gcloud's layout. */
export function describeJob(job: Job, look: Look): Promise<string> {
  const { latestCreatedExecution: latest, executionCount: count = 0, binaryAuthorization, template } = job;
  const symbol = jobSymbol(job, look);
  const parallelism = template.parallelism || undefined;
  return page(
    [
      `${symbol} Job ${look.chalk.bold(shortName(job.name))} in region ${parseName(job.name).location}`,
      `Executed ${counted(count, 'time')}`,
      ...(latest?.name ? [`Last executed ${latest.createTime} with execution ${latest.name}`] : []),
      `Last updated on ${job.updateTime} by ${job.lastModifier ?? job.creator}`,
      ' ',
      ...labelsLine(job.labels),
    ],
    [
      ...headEntries(String(template.taskCount ?? 1), parallelism),
      ...templateEntries(template.template),
      ['Binary Authorization', binaryAuthorization?.useDefault ? 'default' : binaryAuthorization?.policy],
      ['Breakglass Justification', binaryAuthorization?.breakglassJustification],
    ],
    symbol,
    job.terminalCondition?.message,
  );
}

/** `describe` of an execution, in gcloud's layout. */
export function describeExecution(
  execution: Execution,
  settings: LocalSettings,
  look: Look,
  spread?: Spread,
  usage: Entry[] = [],
): Promise<string> {
  const { name, succeededCount = 0, failedCount = 0, cancelledCount = 0, runningCount = 0 } = execution;
  const symbol = executionSymbol(execution, look);
  // The parallelism of an execution is always set; if it is the number of tasks, there is no limit.
  const parallelism = execution.parallelism === execution.taskCount ? undefined : execution.parallelism;
  return page(
    [
      `${symbol} Execution ${look.chalk.bold(shortName(name))} in region ${parseName(name).location}`,
      ...(isCompleted(execution) ? [] : [`${counted(runningCount, 'task')} currently running`]),
      ...spreadLines(spread),
      `${counted(succeededCount, 'task')} completed successfully`,
      ...(failedCount > 0 ? [`${counted(failedCount, 'task')} failed to complete`] : []),
      ...(cancelledCount > 0 ? [`${counted(cancelledCount, 'task')} cancelled`] : []),
      ...(execution.completionTime
        ? [`Elapsed time: ${elapsed(epochMs(execution.completionTime) - epochMs(execution.createTime))}`]
        : []),
      ' ',
      ...(execution.logUri ? [`Log URI: ${execution.logUri}`, ' '] : []),
      ...labelsLine(execution.labels),
    ],
    [
      ...headEntries(describedCount(execution), parallelism),
      ...templateEntries(execution.template),
      ...group('Local', [...localEntries(settings), ...mappedEntries(settings), ...usage]),
    ],
    symbol,
    isCompleted(execution) ? conditionOf(execution, 'Completed')?.message : undefined,
  );
}

/** Prints an execution for the commands that describe one. */
export const printExecution = (
  context: Context,
  options: CommonOptions,
  service: Call,
  execution: Execution,
): Promise<void> =>
  print(context, options, execution, {
    kind: executionKind,
    human: () => {
      const { name } = execution;
      const { out } = context.io;
      const usage = out.tty ? executionUsage(service, execution) : [];
      return describeExecution(execution, settingsOf(service, name), out, spreadOf(service, name), usage);
    },
    exported: async (of) => {
      const { executionToV1, exported } = await import('../../../model/v1/write.js');
      return exported(executionToV1(of));
    },
  });

/** Where the open attempts are, and what others wait for. */
function spreadLines({ nodes, waiting }: Spread = { nodes: new Map(), waiting: new Map() }): string[] {
  const on = [...nodes].map(([node, count]) => `${count} on ${node}`);
  return [
    ...(on.length > 0 ? [`Nodes: ${on.toSorted().join(', ')}`] : []),
    ...[...waiting].map(([why, count]) => `${counted(count, 'task')} waiting: ${why}`),
  ];
}

/** `describe` of a task, in gcloud's layout. */
export function describeTask(view: TaskView, look: Look & Pick<Output, 'tty'>): Promise<string> {
  const { task, record, place, published } = view;
  const symbol = taskSymbol(record, look);
  const { exitCode, status } = record.lastAttemptResult ?? {};
  const result: Entry[] = [
    // A container that has exited without a recorded code has exited with 0.
    ['Exit Code', exitCode === undefined && status?.message ? undefined : String(exitCode ?? 0)],
    ['Message', status?.message],
  ];
  return page(
    [`${symbol} Task ${look.chalk.bold(shortName(task.name))} in region ${parseName(task.name).location}`],
    [
      ['Running state', shownState(record)],
      ['Node', place?.node],
      ['Waits for', place?.waiting],
      ['Ports', published && portsLine(published)],
      ...(record.lastAttemptResult ? [{ title: 'Last Attempt Result:', entries: result }] : []),
      { title: ' ', entries: [] },
      ...templateEntries(task),
      ...(look.tty ? taskUsage(view) : []),
    ],
    symbol,
    status?.message,
  );
}

const headEntries = (tasks: string, parallelism: number | undefined): Entry[] => [
  ['Tasks', tasks],
  ['Parallelism', parallelism ? String(parallelism) : 'No limit'],
];

async function page(
  head: readonly string[],
  entries: readonly Entry[],
  symbol: string,
  message: string | undefined,
): Promise<string> {
  const foot = message ? [symbol + filled(`- ${message}`).slice(1)] : [];
  const lines = (of: readonly string[]): string => of.map((line) => `${line}\n`).join('');
  return lines(head) + (await laidOut(entries)) + lines(foot);
}

/** Text in lines of at most 100 columns. */
const filled = (text: string): string => text.replaceAll(/\s+/g, ' ').replaceAll(/(?=.{101})(.{1,100}) /g, '$1\n');

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

function elapsed(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return counted(seconds, 'second');
  if (seconds < 3600) return `${counted(Math.floor(seconds / 60), 'minute')} and ${counted(seconds % 60, 'second')}`;
  return `${counted(Math.floor(seconds / 3600), 'hour')} and ${counted(Math.floor((seconds % 3600) / 60), 'minute')}`;
}

/** Labels set by the service or a client, which are not shown. */
const systemLabel =
  /^(run\.googleapis\.com|cloud\.googleapis\.com|(client|serving|autoscaling|eventing)\.knative\.dev)/;

function labelsLine(labels: Record<string, string> | undefined): string[] {
  const own = Object.entries(labels ?? {})
    .filter(([key]) => !systemLabel.test(key))
    .map(([key, value]) => `${key}:${value}`);
  return own.length === 0 ? [] : [own.toSorted().join(' '), ' '];
}
