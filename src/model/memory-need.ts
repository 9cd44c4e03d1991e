import { defaultLimits, usesGpu } from './defaults.js';
import { parseQuantity } from './quantity.js';
import type { TaskTemplate } from './schema/job.js';
import { containerLabel } from './task-containers.js';
import type { UsedAttempt } from './usage.js';
import { isSize, leastTotalMemory, wholeCpus } from './validation/resources.js';

/** From this share of its limit on, a container that is not short of memory yet may soon be. */
const tightShare = 0.8;

/** How much more memory than it has used a container should have: usage differs from run to run. */
const room = 1.5;

/** How a container of an execution's tasks gets by with its memory. */
export interface MemoryNeed {
  /** Its index in the template. */
  container: number;
  /** Its limit, as the template has it: `512Mi`. */
  limit: string;
  /** The tasks in which the kernel killed the main process at the limit, or an unknown one, by index. */
  killed: readonly number[];
  /** The tasks in which the kernel killed only others of its processes. */
  outlived: readonly number[];
  /** The tasks that needed more than 80 % of the limit, as far as they are not among the others. */
  tight: readonly number[];
  /** The most that one of those needed, in bytes; 0 if there are none. */
  tightest: number;
  /** The most that an attempt has used, in bytes, and its task. */
  most: { task: number; bytes: number };
  /** The limits to set instead, if the limit is too low, or at least twice what would do. */
  instead?: { memory: string; cpu?: string } | undefined;
}

/**
 * The needs of the containers that were measured.
 * @param complete whether all tasks have succeeded, so that none would have used more
 */
export function memoryNeeds(
  template: Pick<TaskTemplate, 'containers' | 'nodeSelector'>,
  attempts: readonly UsedAttempt[],
  complete: boolean,
): MemoryNeed[] {
  return template.containers.flatMap((container, i) => {
    const label = containerLabel(container, i);
    const used = attempts.flatMap(({ task, usage: { [label]: usage } }) => (usage ? [{ task, ...usage }] : []));
    if (used.length === 0) return [];
    const limit = container.resources?.limits?.['memory'] ?? defaultLimits.memory;
    const bytes = parseQuantity(limit) ?? 0;
    const tasks = (of: typeof used): number[] => [...new Set(of.map(({ task }) => task))];
    const oom = used.filter(({ oomKills = 0 }) => oomKills > 0);
    const killed = tasks(oom.filter(({ oomVictim }) => oomVictim !== 'child'));
    const outlived = tasks(oom.filter(({ oomVictim }) => oomVictim === 'child'));
    // What the kernel could have dropped is not needed for certain.
    const sure = ({ peakMemoryBytes = 0, cacheBytes = 0 }: (typeof used)[number]): number =>
      peakMemoryBytes - cacheBytes;
    const close = used.filter(
      (one) => sure(one) > tightShare * bytes && !killed.includes(one.task) && !outlived.includes(one.task),
    );
    const tight = tasks(close);
    const most = used
      .map(({ task, peakMemoryBytes = 0 }) => ({ task, bytes: peakMemoryBytes }))
      .reduce((one, other) => (other.bytes > one.bytes ? other : one));
    const measured = used.every(({ peakMemoryBytes }) => peakMemoryBytes !== undefined);
    const enough = oom.length > 0 ? bytes * room : Math.max(...used.map(sure)) * room;
    const instead =
      oom.length + tight.length > 0
        ? largerLimits(template, i, Math.max(enough, bytes + 1))
        : complete && measured
          ? smallerLimit(template, i, most.bytes * room)
          : undefined;
    return [
      {
        container: i,
        limit,
        killed,
        outlived,
        tight,
        tightest: Math.max(0, ...close.map(sure)),
        most,
        ...(instead && { instead }),
      },
    ];
  });
}

const mebi = 2 ** 20;

/** The limits to choose from, in MiB. */
const sizes = [128, 256, 512, ...[1, 2, 3, 4, 6, 8, 12, 16, 24, 32].map((gibi) => gibi * 1024)];
const quantityOf = (mebis: number): string => (mebis < 1024 ? `${mebis}Mi` : `${mebis / 1024}Gi`);

type Sized = Parameters<typeof memoryNeeds>[0];

const cpuOf = ({ containers }: Sized, i: number): number =>
  parseQuantity(containers[i]?.resources?.limits?.['cpu'] ?? defaultLimits.cpu) ?? 0;

/** Limits of at least so many bytes, with as few CPUs more as that takes. With a GPU they obey other rules. */
function largerLimits(template: Sized, i: number, bytes: number): MemoryNeed['instead'] {
  if (template.containers.some(usesGpu)) return undefined;
  const has = cpuOf(template, i);
  for (const cpu of [has, ...wholeCpus.filter((more) => more > has)]) {
    const size = sizes.find((mebis) => mebis * mebi >= bytes && isSize(cpu, mebis * mebi));
    if (size !== undefined) return { memory: quantityOf(size), ...(cpu > has && { cpu: String(cpu) }) };
  }
  return undefined;
}

/** A limit of at least so many bytes, and at most half of the present one. */
function smallerLimit(template: Sized, i: number, bytes: number): MemoryNeed['instead'] {
  if (template.containers.some(usesGpu)) return undefined;
  const limits = template.containers.map(
    ({ resources }) => parseQuantity(resources?.limits?.['memory'] ?? defaultLimits.memory) ?? 0,
  );
  const own = limits[i] ?? 0;
  const others = limits.reduce((sum, limit) => sum + limit, 0) - own;
  const size = sizes.find((mebis) => {
    const memory = mebis * mebi;
    return memory >= bytes && others + memory >= leastTotalMemory && isSize(cpuOf(template, i), memory);
  });
  return size !== undefined && size * mebi <= own / 2 ? { memory: quantityOf(size) } : undefined;
}
