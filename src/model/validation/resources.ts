import { defaultLimits } from '../defaults.js';
import { nearest } from '../names.js';
import type { Path } from '../path.js';
import { parseQuantity } from '../quantity.js';
import type { Container } from '../schema/container.js';
import type { TaskTemplate } from '../schema/job.js';
import type { RuleId } from '../schema/rules.js';
import { durationSeconds } from '../time.js';
import type { Report } from './violation.js';

const gibi = 1024 ** 3;
const mebi = 1024 ** 2;
const gpu = 'nvidia.com/gpu';

/** Memory that a container may have, in GiB, by its CPUs (CPU and memory limits pages). */
const memoryBands: [cpu: number, min: number, max: number][] = [
  [1, 0.5, 4],
  [2, 0.5, 8],
  [4, 2, 16],
  [6, 4, 24],
  [8, 4, 32],
];

/** CPUs of a container with an RTX PRO 6000. */
const rtxCpus = [20, 22, 24, 26, 28, 30];

export function validateResources(path: Path, template: TaskTemplate, report: Report): void {
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
  at: Path,
  limits: Record<string, string>,
  accelerator: string | undefined,
  report: Report,
): void {
  for (const [key, text] of Object.entries(limits)) {
    if (!['cpu', 'memory', gpu].includes(key)) {
      const near = nearest(key, ['cpu', 'memory', gpu]);
      report([...at, key], 'limit-name', "only 'cpu', 'memory' and 'nvidia.com/gpu' limits are supported", {
        key: true,
        fix: near && `did you mean ${near}?`,
      });
    } else if (parseQuantity(text) === undefined) {
      const fix = { cpu: 'e.g. "1" or "500m"', memory: 'e.g. "512Mi" or "2Gi"' }[key];
      report([...at, key], 'quantity', 'Could not parse Quantity', { fix });
    } else if (key === gpu && parseQuantity(text) !== 1) {
      report([...at, key], 'gpu-count', 'GPU can only be set to 1');
    }
  }
  const cpu = parseQuantity(limits['cpu'] ?? '1');
  const memory = parseQuantity(limits['memory'] ?? '512Mi');
  if (cpu === undefined || memory === undefined) return;
  const wrong = wrongSize(cpu, memory, limits[gpu] === undefined ? undefined : accelerator);
  if (!wrong) return;
  const unset = (['cpu', 'memory'] as const).find((limit) => limits[limit] === undefined);
  const set = wrong.limit === unset ? (unset === 'cpu' ? 'memory' : 'cpu') : wrong.limit;
  report([...at, set], wrong.rule, wrong.text, {
    because: [at],
    ...(unset &&
      wrong.rule !== 'cpu' && { fix: `the limit ${unset} is not set, which counts as ${defaultLimits[unset]}` }),
  });
}

/** What is wrong with limits that do not go together, or not with the accelerator, and which of them is to change. */
function wrongSize(
  cpu: number,
  memory: number,
  accelerator: string | undefined,
): { limit: 'cpu' | 'memory'; rule: RuleId; text: string } | undefined {
  const rtx = accelerator === 'nvidia-rtx-pro-6000';
  const band = memoryBands.find(([cpus]) => cpus === cpu);
  if (rtx ? !rtxCpus.includes(cpu) : !band && !(cpu >= 0.08 && cpu < 1)) {
    const allowed = rtx ? rtxCpus.map((cpus) => cpus.toFixed(1)).join(', ') : '[.08-1], 2, 4, 6, 8';
    return { limit: 'cpu', rule: 'cpu', text: `Invalid value specified for cpu. Must be equal to one of ${allowed}` };
  }
  if (accelerator === 'nvidia-l4' && (cpu < 4 || memory < 16 * gibi)) {
    const text = 'Invalid value specified for nvidia-l4. CPU must be at least 4; memory must be at least 16Gi';
    return { limit: cpu < 4 ? 'cpu' : 'memory', rule: 'gpu-size', text };
  }
  const bounds: [number, number] = rtx ? [80, 4 * cpu] : band ? [band[1], band[2]] : [1 / 8, cpu < 0.5 ? 0.5 : 1];
  const [min, max] = bounds;
  // The 512Mi floor holds for the sum of the containers, so that a small sidecar is fine.
  if (memory >= (cpu < 4 ? 0 : min * gibi) && memory <= max * gibi) return undefined;
  const text = `Invalid value specified for container memory. For ${cpu.toFixed(1)} CPU, memory must be between ${gib(min)} and ${gib(max)} inclusive.`;
  return { limit: 'memory', rule: 'memory', text };
}

const limitsOf = (list: Path, containers: readonly Container[]): Path[] =>
  containers.map((_, i) => [...list, i, 'resources']);

const gib = (amount: number): string => (amount < 1 ? `${amount * 1024}Mi` : `${amount}Gi`);

/** The floors of 1 CPU and 512Mi hold for the sum over the containers of a task. */
function validateTotals(list: Path, containers: readonly Container[], report: Report): void {
  const sum = (key: 'cpu' | 'memory', unset: number): number =>
    containers.reduce((total, { resources }) => {
      const limit = resources?.limits?.[key];
      return total + (limit === undefined ? unset : (parseQuantity(limit) ?? Number.NaN));
    }, 0);
  const where = (key: 'cpu' | 'memory'): Path =>
    containers.length === 1 ? [...list, 0, 'resources', 'limits', key] : list;
  const because = limitsOf(list, containers);
  if (sum('cpu', 1) < 1) {
    const text =
      'Invalid value specified for cpu. Total cpu < 1 is not supported with gen2 execution environment with cpu always allocated (unthrottled).';
    report(where('cpu'), 'total-cpu', text, { because });
  }
  if (sum('memory', 512 * mebi) < 512 * mebi) {
    const text = 'Total memory < 512 Mi is not supported with gen2 execution environment.';
    report(where('memory'), 'total-memory', text, { because });
  }
}

function validateGpus(path: Path, template: TaskTemplate, report: Report): void {
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
  if (!nodeSelector?.accelerator) {
    report(limit, 'gpu-type', 'a GPU needs an accelerator in the node selector', {
      fix: 'set nodeSelector.accelerator to nvidia-l4 or nvidia-rtx-pro-6000',
      because: [[...path, 'nodeSelector']],
    });
  }
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
