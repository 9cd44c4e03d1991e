import { defaultLimits } from '../defaults.js';
import type { FieldPath } from '../field-path.js';
import { parseQuantity } from '../quantity.js';
import type { Container } from '../schema/container.js';
import type { TaskTemplate } from '../schema/job.js';
import type { RuleId } from './rules.js';
import { durationSeconds } from '../time.js';
import type { Report } from './violation.js';

const gibi = 1024 ** 3;
const mebi = 1024 ** 2;
const gpu = 'nvidia.com/gpu';

/** The memory that a container may have, in GiB, by its CPUs (CPU and memory limits pages). */
export const memoryBands: [cpu: number, min: number, max: number][] = [
  [1, 0.5, 4],
  [2, 0.5, 8],
  [4, 2, 16],
  [6, 4, 24],
  [8, 4, 32],
];

/** The CPUs of a container with an RTX PRO 6000. */
const rtxCpus = [20, 22, 24, 26, 28, 30];

export function validateResources(path: FieldPath, template: TaskTemplate, report: Report): void {
  const { containers, nodeSelector } = template;
  const accelerator = nodeSelector?.accelerator;
  const list = [...path, 'containers'];
  containers.forEach(({ resources }, i) => {
    if (resources?.limits) validateLimits([...list, i, 'resources', 'limits'], resources.limits, accelerator, report);
  });
  if (containers.length > 0) validateTotals(list, containers, report);
  validateGpus(path, template, report);
}

function validateLimits(
  at: FieldPath,
  limits: Record<string, string>,
  accelerator: string | undefined,
  report: Report,
): void {
  const gpus = limits[gpu] === undefined ? 1 : parseQuantity(limits[gpu]);
  if (gpus !== undefined && gpus !== 1) report([...at, gpu], 'gpu-count', 'GPU can only be set to 1');
  const cpu = parseQuantity(limits['cpu'] ?? defaultLimits.cpu);
  const memory = parseQuantity(limits['memory'] ?? defaultLimits.memory);
  const type = limits[gpu] === undefined ? undefined : accelerator;
  const unset = (['cpu', 'memory'] as const).find((limit) => limits[limit] === undefined);
  for (const { limit, rule, text, fix } of wrongSizes(cpu, memory, type)) {
    const set = limit === unset ? (unset === 'cpu' ? 'memory' : 'cpu') : limit;
    report([...at, set], rule, text, {
      because: rule === 'cpu' ? [[...at, 'cpu']] : [at],
      fix: unset && rule !== 'cpu' ? `the limit ${unset} is not set, which counts as ${defaultLimits[unset]}` : fix,
    });
  }
}

/** The numbers of CPUs that a container without a GPU may have, from 1 on. */
export const wholeCpus: readonly number[] = memoryBands.map(([cpu]) => cpu);

/** Whether a container without a GPU may have these limits, in CPUs and bytes; the sums of a task are checked elsewhere. */
export const isSize = (cpu: number, memory: number): boolean => wrongSizes(cpu, memory, undefined).length === 0;

/** The least memory that the containers of a task have together, in bytes. */
export const leastTotalMemory = 512 * mebi;

interface WrongSize {
  limit: 'cpu' | 'memory';
  rule: RuleId;
  text: string;
  fix?: string | undefined;
}

/**
 * Limits that contradict each other or the accelerator, and which of them to change. A limit that is not a quantity is
 * skipped.
 */
function wrongSizes(cpu: number | undefined, memory: number | undefined, accelerator: string | undefined): WrongSize[] {
  const rtx = accelerator === 'nvidia-rtx-pro-6000';
  const band = memoryBands.find(([cpus]) => cpus === cpu);
  const wrong: WrongSize[] = [];
  const known = cpu === undefined || (rtx ? rtxCpus.includes(cpu) : band !== undefined || (cpu >= 0.08 && cpu < 1));
  if (!known) {
    const allowed = rtx ? rtxCpus.map((cpus) => cpus.toFixed(1)).join(', ') : '[.08-1], 2, 4, 6, 8';
    const text = `Invalid value specified for cpu. Must be equal to one of ${allowed}`;
    wrong.push({
      limit: 'cpu',
      rule: 'cpu',
      text,
      fix: cpu > 30 ? `thousandths of a CPU end in m: ${cpu}m` : undefined,
    });
  }
  if (memory === undefined || cpu === undefined || !known) return wrong;
  if (accelerator === 'nvidia-l4' && (cpu < 4 || memory < 16 * gibi)) {
    const text = 'Invalid value specified for nvidia-l4. CPU must be at least 4; memory must be at least 16Gi';
    return [{ limit: cpu < 4 ? 'cpu' : 'memory', rule: 'gpu-size', text }];
  }
  const bounds: [number, number] = rtx ? [80, 4 * cpu] : band ? [band[1], band[2]] : [1 / 8, cpu < 0.5 ? 0.5 : 1];
  const [min, max] = bounds;
  // The 512Mi minimum applies to the sum of the containers, so a small sidecar is fine.
  if (memory >= (cpu < 4 ? 0 : min * gibi) && memory <= max * gibi) return wrong;
  const text = `Invalid value specified for container memory. For ${cpu.toFixed(1)} CPU, memory must be between ${gib(min)} and ${gib(max)} inclusive.`;
  return [...wrong, { limit: 'memory', rule: 'memory', text }];
}

const limitsOf = (list: FieldPath, containers: readonly Container[]): FieldPath[] =>
  containers.map((_, i) => [...list, i, 'resources']);

/** A size in bytes, or in thousandths of them, means that the unit was forgotten or mistaken. */
function unitForgotten(memory = ''): string | undefined {
  const [, number = ''] = /^(\d+)m?$/.exec(memory) ?? [];
  return number && number.length < 7
    ? `${memory} is ${memory.endsWith('m') ? 'thousandths of a byte' : 'bytes'}: write ${number}Mi`
    : undefined;
}

const gib = (amount: number): string => (amount < 1 ? `${amount * 1024}Mi` : `${amount}Gi`);

/** The minimums of 1 CPU and 512Mi apply to the sum over the containers of a task. */
function validateTotals(list: FieldPath, containers: readonly Container[], report: Report): void {
  const sum = (key: 'cpu' | 'memory', unset: number): number =>
    containers.reduce((total, { resources }) => {
      const limit = resources?.limits?.[key];
      return total + (limit === undefined ? unset : (parseQuantity(limit) ?? Number.NaN));
    }, 0);
  const where = (key: 'cpu' | 'memory'): FieldPath =>
    containers.length === 1 ? [...list, 0, 'resources', 'limits', key] : list;
  const because = limitsOf(list, containers);
  if (sum('cpu', 1) < 1) {
    const text =
      'Invalid value specified for cpu. Total cpu < 1 is not supported with gen2 execution environment with cpu always allocated (unthrottled).';
    report(where('cpu'), 'total-cpu', text, { because });
  }
  if (sum('memory', leastTotalMemory) < leastTotalMemory) {
    const text = 'Total memory < 512 Mi is not supported with gen2 execution environment.';
    report(where('memory'), 'total-memory', text, {
      because,
      fix: containers.map(({ resources }) => unitForgotten(resources?.limits?.['memory'])).find(Boolean),
    });
  }
}

function validateGpus(path: FieldPath, template: TaskTemplate, report: Report): void {
  const { containers, nodeSelector, gpuZonalRedundancyDisabled, timeout } = template;
  const because = limitsOf([...path, 'containers'], containers);
  const withGpu = containers.flatMap(({ resources }, i) => (resources?.limits?.[gpu] === undefined ? [] : [i]));
  const [first] = withGpu;
  if (first === undefined) {
    if (gpuZonalRedundancyDisabled !== undefined) {
      const text = 'GPU must be set when GPU redundancy is set';
      report([...path, 'gpuZonalRedundancyDisabled'], 'gpu-missing', text, { because });
    }
    if (nodeSelector?.accelerator) {
      const text = 'GPU must be set when an accelerator is set';
      report([...path, 'nodeSelector', 'accelerator'], 'gpu-missing', text, {
        fix: 'add the limit nvidia.com/gpu: "1" to one container',
        because,
      });
    }
    return;
  }
  if (withGpu.length > 1) {
    report([...path, 'containers'], 'gpu-containers', 'GPU can only be set on one container');
  }
  const limit = [...path, 'containers', first, 'resources', 'limits', gpu];
  if (gpuZonalRedundancyDisabled !== true) {
    report(limit, 'gpu-redundancy', 'we are unable to offer GPU enabled instances with zonal redundancy', {
      fix: 'set gpuZonalRedundancyDisabled: true',
      because: [[...path, 'gpuZonalRedundancyDisabled']],
    });
  }
  if (timeout !== undefined && (durationSeconds(timeout) ?? 0) > 3600) {
    report([...path, 'timeout'], 'gpu-timeout', 'the maximum allowed time is one hour when using GPU');
  }
}
