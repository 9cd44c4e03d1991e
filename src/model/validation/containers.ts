import { distinctName } from '../names.js';
import type { Path } from '../path.js';
import { parseQuantity } from '../quantity.js';
import type { Container } from '../schema/container.js';
import type { TaskTemplate } from '../schema/job.js';
import type { Report } from './job.js';

const gibi = 1024 ** 3;
const mebi = 1024 ** 2;

/** `[HOST[:PORT]/]PATH[:TAG][@DIGEST]`, the grammar of the distribution project; PATH is lower case. */
const imageReference =
  /^(?:(?:[a-zA-Z0-9](?:[-a-zA-Z0-9.]*[a-zA-Z0-9])?(?::\d+)?)\/)?[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)*(?::\w[\w.-]{0,127})?(?:@[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-fA-F]{32,})?$/;

const reservedEnv = new Set([
  'PORT',
  'CLOUD_RUN_JOB',
  'CLOUD_RUN_EXECUTION',
  'CLOUD_RUN_TASK_INDEX',
  'CLOUD_RUN_TASK_ATTEMPT',
  'CLOUD_RUN_TASK_COUNT',
]);

/** Memory that a container may have, in GiB, by its CPUs (CPU and memory limits pages). */
const memoryBands: [cpu: number, min: number, max: number][] = [
  [1, 0.5, 4],
  [2, 0.5, 8],
  [4, 2, 16],
  [6, 4, 24],
  [8, 4, 32],
];

export function validateContainers(path: Path, template: TaskTemplate, report: Report): void {
  const { containers } = template;
  const list = [...path, 'containers'];
  if (containers.length === 0) report(list, 'must contain at least one container');
  if (containers.length > 10) report(list, `must contain at most 10 containers, got ${containers.length}`);
  containers.forEach((container, i) => {
    const at = [...list, i];
    if (container.name && !distinctName.test(container.name)) {
      report([...at, 'name'], 'must conform to RFC 1123', 'use lower-case letters, digits, - and ., at most 63');
    } else if (container.name && containers.findIndex(({ name }) => name === container.name) < i) {
      report([...at, 'name'], `duplicate container names: ${container.name}`);
    }
    validateContainer(at, container, report);
  });
  const total = (count: (container: Container) => number): number => containers.reduce((sum, c) => sum + count(c), 0);
  if (total(({ args }) => args?.length ?? 0) > 1000) report(list, 'the limit on args across all containers is 1000');
  if (total(({ env }) => env?.length ?? 0) > 1000) report(list, 'the limit on EnvVars across all containers is 1000');
  if (containers.length > 0) validateTotals(list, containers, report);
}

function validateContainer(at: Path, container: Container, report: Report): void {
  if (!container.image) {
    report([...at, 'image'], 'must provide an image name to deploy');
  } else if (!imageReference.test(container.image)) {
    report(
      [...at, 'image'],
      'must be a container image path in the form [hostname/]repo-path[:tag and/or @digest]',
      /[A-Z]/.test(container.image) ? 'the path of an image is lower case' : undefined,
    );
  }
  const reserved: string[] = [];
  container.env?.forEach(({ name, value }, i) => {
    const env = [...at, 'env', i];
    if (name === '') report([...env, 'name'], 'must not be empty');
    if (reservedEnv.has(name)) reserved.push(name);
    if (Buffer.byteLength(value ?? '') > 32768) report([...env, 'value'], 'length cannot exceed 32768');
  });
  if (reserved.length > 0) {
    report(
      [...at, 'env'],
      `The following reserved env names were provided: ${reserved.join(', ')}. These values are automatically set by the system.`,
    );
  }
  if (container.livenessProbe) report([...at, 'livenessProbe'], 'a job does not support liveness probe');
  if (container.resources?.cpuIdle) report([...at, 'resources', 'cpuIdle'], 'CPU idle must be set to false');
  validateLimits([...at, 'resources', 'limits'], container.resources?.limits ?? {}, report);
}

function validateLimits(at: Path, limits: Record<string, string>, report: Report): void {
  for (const [key, text] of Object.entries(limits)) {
    if (!['cpu', 'memory', 'nvidia.com/gpu'].includes(key)) {
      report([...at, key], "only 'cpu', 'memory' and 'nvidia.com/gpu' limits are supported");
    } else if (parseQuantity(text) === undefined) {
      report([...at, key], 'Could not parse Quantity', key === 'cpu' ? 'e.g. "1" or "500m"' : 'e.g. "512Mi" or "2Gi"');
    }
  }
  const cpu = parseQuantity(limits['cpu'] ?? '1');
  const memory = parseQuantity(limits['memory'] ?? '512Mi');
  if (cpu === undefined || memory === undefined || limits['nvidia.com/gpu']) return;
  const band = memoryBands.find(([cpus]) => cpus === cpu);
  if (!band && !(cpu >= 0.08 && cpu < 1)) {
    report([...at, 'cpu'], 'Invalid value specified for cpu. Must be equal to one of [.08-1], 2, 4, 6, 8');
    return;
  }
  // The 512Mi floor holds for the sum of the containers, so that a small sidecar is fine.
  const [min, max] = band ? [band[0] === 1 ? 0 : band[1], band[2]] : [0, cpu < 0.5 ? 0.5 : 1];
  if (memory < min * gibi || memory > max * gibi) {
    report(
      [...at, limits['memory'] === undefined ? 'cpu' : 'memory'],
      `Invalid value specified for container memory. For ${cpu.toFixed(1)} CPU, memory must be between ${gib(Math.max(min, band?.[1] ?? 0))} and ${gib(max)} inclusive.`,
    );
  }
}

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
  if (sum('cpu', 1) < 1) {
    report(
      where('cpu'),
      'Invalid value specified for cpu. Total cpu < 1 is not supported with gen2 execution environment with cpu always allocated (unthrottled).',
    );
  }
  if (sum('memory', 512 * mebi) < 512 * mebi) {
    report(where('memory'), 'Total memory < 512 Mi is not supported with gen2 execution environment.');
  }
}
