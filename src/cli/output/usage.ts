import { defaultLimits } from '../../model/defaults.js';
import type { MemoryNeed } from '../../model/memory-need.js';
import { formatSize, parseQuantity } from '../../model/quantity.js';
import type { Execution } from '../../model/schema/job.js';
import { containerLabel } from '../../model/task-containers.js';
import { formatIndexes } from '../../model/task-selection.js';
import { formatSpan } from '../../model/time.js';
import type { ContainerUsage } from '../../model/usage.js';
import type { Service } from '../../service/service.js';
import type { TaskView } from '../../service/tasks.js';
import { memoryNeedsOf } from '../../service/usage.js';
import { type Entry, group } from './describe/entries.js';

type Reader = Pick<Service, 'store'>;

/**
 * What there is to say at the end of a run about the memory of its containers, with the flags to set: at most a line for
 * each container.
 */
export const memoryNotes = (service: Reader, execution: Execution): string[] =>
  memoryNeedsOf(service, execution).flatMap((need) => {
    const note = noteOf(need, execution);
    return note === undefined ? [] : [`${memoryOf(need, execution)}: ${note}`];
  });

/** What the containers of an execution have used, for `describe`. */
export function executionUsage(service: Reader, execution: Execution): Entry[] {
  const seconds = service.store
    .usages(execution.name)
    .flatMap(({ usage }) => Object.values(usage).map(({ cpuSeconds = 0 }) => cpuSeconds))
    .reduce((sum, one) => sum + one, 0);
  const needs = memoryNeedsOf(service, execution);
  return [
    ...needs.map((need): Entry => {
      const { most, limit } = need;
      const peak = most.bytes > 0 ? `at most ${formatSize(most.bytes)} of ${limit}, in task ${most.task}` : undefined;
      return [memoryOf(need, execution), noteOf(need, execution) ?? peak];
    }),
    ['CPU time', seconds > 0 ? `${formatSpan(seconds * 1000)} in all` : undefined],
  ];
}

/** What the last attempt of a task has used, for `describe`. */
export function taskUsage({ task: { containers }, usage = {} }: TaskView): Entry[] {
  const entries = containers.map((container, i): Entry[] => {
    const label = containerLabel(container, i);
    const limit = container.resources?.limits?.['memory'] ?? defaultLimits.memory;
    const of = usageEntries(usage[label], limit);
    return containers.length === 1 ? of : group(label, of);
  });
  return group('Local', entries.flat());
}

const usageEntries = (
  { peakMemoryBytes, cpuSeconds, oomKills = 0, oomVictim }: ContainerUsage = {},
  limit: string,
): Entry[] => [
  ['Peak memory', peakMemoryBytes === undefined ? undefined : `${formatSize(peakMemoryBytes)} of ${limit}`],
  ['CPU time', cpuSeconds === undefined ? undefined : formatSpan(cpuSeconds * 1000)],
  ['Killed at the limit', oomKills === 0 ? undefined : victims[oomVictim ?? 'any']],
];

const victims = { main: 'the main process', child: 'a child process, not the main process', any: 'a process' };

/** Names the memory of a container, unless there is only one. */
function memoryOf({ container }: MemoryNeed, { template: { containers } }: Execution): string {
  const [only, ...others] = containers;
  const of = containers[container];
  return of === undefined || (of === only && others.length === 0)
    ? 'Memory'
    : `Memory of ${containerLabel(of, container)}`;
}

function noteOf(need: MemoryNeed, { template: { containers } }: Execution): string | undefined {
  const { container, limit, killed, outlived, tight, most, instead } = need;
  const said = [
    ...(killed.length > 0 ? [`${tasks(killed)} reached the limit of ${limit}`] : []),
    ...(outlived.length > 0
      ? [`${tasks(outlived)} reached the limit of ${limit}, and only a child process was killed`]
      : []),
    ...(tight.length > 0 ? [tightly(need)] : []),
  ];
  const name = containers[container]?.name;
  // A flag cannot choose a container without a name among several.
  const advice =
    instead && (containers.length === 1 || name)
      ? ` ${adviceOf(need, instead, containers.length > 1 ? `--container=${name} ` : '')}`
      : '';
  if (said.length === 0 && advice) said.push(`no task used more than ${formatSize(most.bytes)} of ${limit}`);
  return said.length > 0 ? `${said.join('; ')}.${advice}` : undefined;
}

function tightly({ tight, tightest, limit }: MemoryNeed): string {
  const share = Math.floor((100 * tightest) / (parseQuantity(limit) ?? 1));
  return tight.length === 1
    ? `${tasks(tight)} used ${formatSize(tightest)} of ${limit}, ${share} %`
    : `${tasks(tight)} used more than 80 % of ${limit}, at most ${formatSize(tightest)}`;
}

const tasks = (indexes: readonly number[]): string =>
  `task${indexes.length === 1 ? '' : 's'} ${formatIndexes(indexes)}`;

/** @param of the flag that chooses the container, if there are several */
function adviceOf({ limit }: MemoryNeed, { memory, cpu }: NonNullable<MemoryNeed['instead']>, of: string): string {
  const flags = `${of}${cpu === undefined ? '' : `--cpu=${cpu} `}--memory=${memory}`;
  const more = (parseQuantity(memory) ?? 0) > (parseQuantity(limit) ?? 0);
  return more ? `${flags} would leave room.` : `${flags} would be enough.`;
}
