import { nearest } from '../names.js';
import type { FieldPath } from '../field-path.js';
import type { Container } from '../schema/container.js';
import type { TaskTemplate } from '../schema/job.js';
import { validateProbe } from './probes.js';
import type { Report } from './violation.js';

const reservedEnv: ReadonlySet<string> = new Set([
  'PORT',
  'CLOUD_RUN_JOB',
  'CLOUD_RUN_EXECUTION',
  'CLOUD_RUN_TASK_INDEX',
  'CLOUD_RUN_TASK_ATTEMPT',
  'CLOUD_RUN_TASK_COUNT',
]);
const serviceEnv = new Set(['K_SERVICE', 'K_REVISION', 'K_CONFIGURATION']);

/** Hosts that Cloud Run pulls from; an image without a host is on Docker Hub. */
const pulledFrom = /^(?:(?:[a-z]+\.)?gcr\.io|[-a-z0-9]+\.pkg\.dev|docker\.io)\//;
const hasHost = /^[^/]*[.:][^/]*\/|^localhost\//;

export function validateContainers(path: FieldPath, template: TaskTemplate, report: Report): void {
  const { containers } = template;
  const list = [...path, 'containers'];
  const names = new Set<string>();
  containers.forEach((container, i) => {
    const at = [...list, i];
    if (container.name) {
      if (names.has(container.name)) {
        report([...at, 'name'], 'container-name-unique', `duplicate container names: ${container.name}`);
      }
      names.add(container.name);
    }
    validateContainer(at, container, report);
  });
  const total = (count: (container: Container) => number): number => containers.reduce((sum, c) => sum + count(c), 0);
  const args = total((container) => container.args?.length ?? 0);
  const env = total((container) => container.env?.length ?? 0);
  if (args > 1000) {
    report(list, 'args-count', 'the limit on args across all containers is 1000', { fix: `there are ${args}` });
  }
  if (env > 1000) {
    report(list, 'env-count', 'the limit on EnvVars across all containers is 1000', { fix: `there are ${env}` });
  }
  if (total(({ ports }) => (ports?.length ? 1 : 0)) > 1) {
    report(list, 'ports', 'there should be exactly one container with an exposed port');
  }
  validateDependencies(list, containers, report);
}

function validateContainer(at: FieldPath, container: Container, report: Report): void {
  const { image, command, args, workingDir, ports, livenessProbe, readinessProbe, startupProbe } = container;
  if (hasHost.test(image) && !pulledFrom.test(image)) {
    report(
      [...at, 'image'],
      'image-host',
      'Cloud Run pulls from [REGION.]gcr.io, REGION-docker.pkg.dev and docker.io only',
    );
  }
  validateEnv(at, container, report);
  if (command?.[0] === '') report([...at, 'command', 0], 'empty-command', 'is an empty command');
  for (const [field, items] of Object.entries({ command, args })) {
    items?.forEach((text, i) => {
      if (text.includes('\0')) report([...at, field, i], 'nul', 'contains a NUL, where it is cut off');
    });
  }
  if (workingDir && !workingDir.startsWith('/'))
    report([...at, 'workingDir'], 'working-dir', 'should be an absolute path');
  if (ports?.length) report([...at, 'ports'], 'job-ports', 'a job does not listen on ports', { fix: 'remove it' });
  if (livenessProbe) {
    report([...at, 'livenessProbe'], 'liveness-probe', 'a job does not support liveness probe', { fix: 'remove it' });
  }
  if (readinessProbe) {
    report([...at, 'readinessProbe'], 'readiness-probe', 'a job does not use a readiness probe', {
      fix: 'remove it',
    });
  }
  if (startupProbe) validateProbe([...at, 'startupProbe'], startupProbe, container, report);
}

/** Whether Cloud Run sets this variable itself, and rejects a job that sets it. */
export const isReservedVariable = (name: string): boolean => reservedEnv.has(name);

export function validateEnv(at: FieldPath, { env = [] }: Pick<Container, 'env'>, report: Report): void {
  const reserved = env.filter(({ name }) => reservedEnv.has(name));
  const [first] = reserved;
  if (first) {
    const names = reserved.map(({ name }) => name).join(', ');
    const text = `The following reserved env names were provided: ${names}. These values are automatically set by the system.`;
    report([...at, 'env', env.indexOf(first), 'name'], 'env-reserved', text, {
      fix: reserved.length > 1 ? 'remove them' : 'remove it',
    });
  }
  const last = new Map(env.map(({ name }, i) => [name, i]));
  env.forEach(({ name, value, valueSource }, i) => {
    const here = [...at, 'env', i];
    if (name.length > 32768) report([...here, 'name'], 'env-name', 'length cannot exceed 32768');
    if (/[=\0]/.test(name))
      report([...here, 'name'], 'env-shape', 'should not contain = or NUL: programs read only a part of it');
    if (value?.includes('\0')) report([...here, 'value'], 'nul', 'contains a NUL, where it is cut off');
    if (name.startsWith('X_GOOGLE_')) {
      report([...here, 'name'], 'env-google', 'names beginning with X_GOOGLE_ are reserved for deployment tools');
    }
    if (serviceEnv.has(name)) report([...here, 'name'], 'env-google', 'is a variable that Cloud Run sets for services');
    if (name && last.get(name) !== i) {
      report([...here, 'name'], 'env-duplicate', `${name} is set again below, and the last one wins`);
    }
    if (valueSource && !valueSource.secretKeyRef) {
      report([...here, 'valueSource'], 'value-source', 'names no secret, so the variable is empty', {
        because: [here],
      });
    }
  });
}

/** Containers start after their dependencies, which must have a probe to show that they are up. */
function validateDependencies(list: FieldPath, containers: readonly Container[], report: Report): void {
  const byName = new Map(containers.flatMap((container) => (container.name ? [[container.name, container]] : [])));
  // A longer list is rejected for its length.
  if (containers.length > 10) return;
  const names = containers.map((_, i) => [...list, i, 'name']);
  const reported = new Set<Container>();
  containers.forEach((container, i) => {
    container.dependsOn?.forEach((name, k) => {
      const at = [...list, i, 'dependsOn', k];
      const needed = byName.get(name);
      if (!needed) {
        const known = nearest(name, byName.keys());
        const fix = known && `did you mean ${known}?`;
        report(at, 'depends-on', `container ${name} does not exist`, { fix, because: names });
        return;
      }
      const cycle = wayBetween(byName, needed, container);
      if (cycle) {
        if (cycle.some((part) => reported.has(part))) return;
        for (const part of cycle) reported.add(part);
        const way = [container, ...cycle].map((part) => part.name ?? '').join(' -> ');
        report(at, 'depends-on-cycle', `dependency cycle detected: ${way}`);
      } else if (!needed.startupProbe) {
        report(at, 'depends-on-probe', `Dependent container '${name}' must have startup probe specified`, {
          fix: `add a startupProbe to ${name}`,
          because: [[...list, containers.indexOf(needed), 'startupProbe']],
        });
      }
    });
  });
}

/** A cycle: the containers from one that is needed to one that it needs, both included; undefined if there is none. */
function wayBetween(
  byName: ReadonlyMap<string, Container>,
  from: Container,
  to: Container,
  seen = new Set<Container>(),
): Container[] | undefined {
  if (from === to) return [to];
  if (seen.has(from)) return undefined;
  seen.add(from);
  for (const name of from.dependsOn ?? []) {
    const next = byName.get(name);
    const rest = next && wayBetween(byName, next, to, seen);
    if (rest) return [from, ...rest];
  }
  return undefined;
}
