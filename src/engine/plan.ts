import { createHash } from 'node:crypto';
import path from 'node:path';
import type { AttemptRecord } from '../model/attempt.js';
import { containerLabel, dependencies, mainContainer } from '../model/task-containers.js';
import { defaultLimits, graceSeconds } from '../model/defaults.js';
import { shortName } from '../model/names.js';
import { parseQuantity } from '../model/quantity.js';
import type { Container, EnvVar } from '../model/schema/container.js';
import type { Probe } from '../model/schema/probe.js';
import { type LocalSettings } from '../model/local/settings.js';
import { ownProperty } from '../model/own-property.js';
import type { Execution } from '../model/schema/job.js';
import type { Capacity, ContainerSpec, NetworkSpec, SandboxSpec } from '../runtime/runtime.js';
import { identity } from './identity.js';
import type { AttemptContainer, AttemptPlan } from './attempt.js';
import { type SecretReference, sharesMemory, volumePlan } from './volume-plan.js';

/** The labels of every container that we start. `home` tells apart stores that share an engine. */
export const labels = {
  home: 'dev.localrun.home',
  execution: 'dev.localrun.execution',
  task: 'dev.localrun.task',
  attempt: 'dev.localrun.attempt',
  sandbox: 'dev.localrun.sandbox',
} as const;

/** A short, stable name for a state directory, as a label value. */
export const homeLabel = (home: string): string => createHash('sha256').update(home).digest('hex').slice(0, 12);

/** The labels by which all containers of an execution are found. */
export const executionLabels = (home: string, execution: string): Record<string, string> => ({
  [labels.home]: homeLabel(home),
  [labels.execution]: execution,
});

/** The main container's name; those of the others follow from it. */
export const containerName = (execution: string, task: number, attempt: number): string =>
  `localrun-${shortName(execution)}-task${task}-attempt${attempt}`;

/** A sandbox that a slot lends to its attempts. */
export const sandboxName = (execution: string, number: number): string =>
  `localrun-${shortName(execution)}-sandbox${number}`;

/** The names of all that an execution has in the engine, wherever they occur. */
export const namesOf = (execution: string): RegExp =>
  new RegExp(String.raw`\blocalrun-${shortName(execution)}-(?:task|sandbox)\d`);

/**
 * Whether containers need a sandbox: to reach each other, to share memory, to be served there, or to be asked whether
 * they are up.
 */
export const needsSandbox = ({ template }: Execution, { metadata }: LocalSettings): boolean =>
  metadata ||
  template.containers.length > 1 ||
  template.containers.some(({ startupProbe }) => startupProbe) ||
  sharesMemory(template);

/** The directory of what we make for an execution besides containers; short, as the names of sockets have to be. */
export const runDirectory = (home: string, execution: string): string =>
  path.join(home, 'run', createHash('sha256').update(execution).digest('hex').slice(0, 12));

/** Of that, what belongs to an attempt. */
export const attemptDirectory = (home: string, execution: string, task: number, attempt: number): string =>
  path.join(runDirectory(home, execution), `task${task}-attempt${attempt}`);

/** And the sockets that stand for Cloud SQL instances. */
export const socketDirectory = (home: string, execution: string): string =>
  path.join(runDirectory(home, execution), 'cloudsql');

/** What the containers of an execution depend on besides its resource. */
export interface PlanContext {
  home: string;
  /** The image ids that the execution's references stand for, once they are known. */
  images: () => Record<string, string>;
  /** CPUs that the engine has. */
  cpus: number;
  settings: LocalSettings;
  /** The file of this machine's application default credentials. */
  credentialsFile: string;
}

const connection = (execution: Execution, { settings, credentialsFile }: PlanContext): NetworkSpec => ({
  hosts: [
    ...execution.template.containers.flatMap(({ name }) => name || []),
    ...identity(settings, credentialsFile).hosts,
  ],
  network: settings.network,
  hostAccess: settings.hostAccess,
});

/** A sandbox for the attempts of an execution. */
export const sandboxSpec = (execution: Execution, name: string, context: PlanContext): SandboxSpec => ({
  name,
  labels: { ...executionLabels(context.home, execution.name), [labels.sandbox]: '' },
  ...connection(execution, context),
});

/** The containers of an attempt, in the sandbox that it was given. */
export function attemptPlan(
  execution: Execution,
  { task, attempt, container: name, sandbox }: Pick<AttemptRecord, 'task' | 'attempt' | 'container' | 'sandbox'>,
  context: PlanContext,
): AttemptPlan {
  const { containers } = execution.template;
  const main = mainContainer(containers);
  const needs = dependencies(containers);
  const own = executionLabels(context.home, execution.name);
  const { home, settings } = context;
  const { env, mounts } = identity(settings, context.credentialsFile);
  const volumes = volumePlan(execution.template, settings, {
    attempt: name,
    directory: attemptDirectory(home, execution.name, task, attempt),
    sockets: socketDirectory(home, execution.name),
    labels: { ...own, [labels.task]: String(task), [labels.attempt]: String(attempt) },
  });
  return {
    main,
    graceSeconds: graceSeconds(execution.template),
    containers: containers.map((container, i): AttemptContainer => {
      const label = containerLabel(container, i);
      return {
        label,
        dependsOn: needs[i] ?? [],
        probe: container.startupProbe && withPort(container.startupProbe, container),
        secrets: secretVariables(container, env),
        spec: {
          ...containerSpec(execution, container, task, attempt, context, env),
          name: i === main ? name : `${name}-${i}-${label}`,
          network: sandbox === undefined ? connection(execution, context) : { sandbox },
          labels: { ...own, [labels.task]: String(task), [labels.attempt]: String(attempt) },
          mounts: [...(volumes.mounts[i] ?? []), ...mounts],
        },
      };
    }),
    volumes,
    ...(sandbox !== undefined && {
      sandbox: { ...sandboxSpec(execution, sandbox, context), mounts: volumes.held },
    }),
  };
}

const gpus = ({ resources }: Container): number => parseQuantity(resources?.limits?.['nvidia.com/gpu'] ?? '') ?? 0;

/** Why an engine cannot run an execution; undefined if it can. */
export const lacking = ({ template }: Execution, capacity: Capacity): string | undefined =>
  template.containers.some(gpus) && !capacity.gpus
    ? "The job needs a GPU (nvidia.com/gpu), and the container engine has none: it knows no runtime called nvidia, which NVIDIA's container toolkit adds."
    : undefined;

/** A container as the runtime contract has it: the template, and the CLOUD_RUN_* variables, which nothing overrides. */
function containerSpec(
  execution: Execution,
  container: Container,
  task: number,
  attempt: number,
  { images, cpus, settings }: PlanContext,
  identityEnv: Record<string, string>,
): Omit<ContainerSpec, 'name' | 'labels' | 'network'> {
  const limits = { ...defaultLimits, ...container.resources?.limits };
  return {
    image: ownProperty(images(), container.image) ?? container.image,
    env: {
      ...Object.fromEntries(
        [...variables(container)].flatMap(([name, { value, valueSource }]) =>
          valueSource?.secretKeyRef ? [] : [[name, value ?? '']],
        ),
      ),
      ...identityEnv,
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
    cpus: Math.min(parseQuantity(limits.cpu) ?? 1, cpus),
    processes: settings.processLimit,
    gpus: gpus(container),
  };
}

/** The variables of a container by name; of equal names, the last one counts. */
const variables = ({ env = [] }: Container): Map<string, EnvVar> =>
  new Map(env.map((variable) => [variable.name, variable]));

/** The variables that take secrets, besides those that the system sets. */
const secretVariables = (container: Container, system: Record<string, string>): Record<string, SecretReference> =>
  Object.fromEntries(
    [...variables(container)].flatMap(([name, { valueSource }]) => {
      const reference = valueSource?.secretKeyRef;
      return reference && !Object.hasOwn(system, name)
        ? [[name, { secret: reference.secret, version: reference.version || 'latest' }]]
        : [];
    }),
  );

/** The probe with the container's port in it where it names none. */
function withPort(probe: Probe, { ports }: Container): Probe {
  const port = ports?.[0]?.containerPort;
  const { httpGet, tcpSocket, grpc } = probe;
  return {
    ...probe,
    ...(httpGet && { httpGet: { port, ...httpGet } }),
    ...(tcpSocket && { tcpSocket: { port, ...tcpSocket } }),
    ...(grpc && { grpc: { port, ...grpc } }),
  };
}
