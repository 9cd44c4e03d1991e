import { credentialsPath, type LocalSettings } from '../../../model/local/settings.js';
import type { Probe } from '../../../model/schema/probe.js';
import type { AttemptContainer, AttemptSpec, ExecutionScope, SecretReference } from '../../port.js';
import type { ContainerSpec, Mount, NetworkSpec, SandboxSpec } from '../engine-api.js';
import {
  attemptDirectory,
  attemptLabels,
  labels,
  memberName,
  ownerLabels,
  type Place,
  socketDirectory,
} from './names.js';
import { type VolumePlan, volumePlan } from './volume-plan.js';

/** A container of an attempt, and its dependencies. */
export interface PlannedContainer {
  label: string;
  spec: ContainerSpec;
  /** Indexes of the containers that must be up before it starts. */
  dependsOn: readonly number[];
  probe: Probe | undefined;
  /** The secrets that variables take their values from. */
  secrets: Readonly<Record<string, SecretReference>>;
}

/** Everything that an attempt needs in a container engine. */
export interface AttemptPlan {
  containers: readonly PlannedContainer[];
  /** The index of the container whose end is the end of the attempt. */
  main: number;
  /** From SIGTERM to SIGKILL. */
  graceSeconds: number;
  /** The sandbox to join; without it each container has a network namespace of its own. */
  sandbox?: SandboxSpec | undefined;
  volumes: VolumePlan;
}

/** What containers get so that they find out who they are and act in that name. */
interface Identity {
  /** Names that stand for 127.0.0.1. */
  hosts: readonly string[];
  env: Record<string, string>;
  mounts: readonly Mount[];
}

const metadataHost = 'metadata.google.internal';

/** @param credentialsFile the application default credentials of this machine */
const identity = (
  { metadata, credentials }: Pick<LocalSettings, 'metadata' | 'credentials'>,
  credentialsFile: string,
): Identity => ({
  hosts: metadata ? [metadataHost, 'metadata'] : [],
  env: {
    // Libraries go by the name, by the address, or by either.
    ...(metadata && { GCE_METADATA_HOST: metadataHost, GCE_METADATA_IP: '127.0.0.1' }),
    ...(credentials && { GOOGLE_APPLICATION_CREDENTIALS: credentialsPath }),
  },
  mounts: credentials ? [{ kind: 'bind', source: credentialsFile, target: credentialsPath, readOnly: true }] : [],
});

/** What a plan depends on besides the attempt. */
type PlanScope = Pick<ExecutionScope, 'home' | 'execution' | 'settings' | 'directory' | 'credentials'>;

const connection = ({ execution, settings, credentials }: PlanScope): NetworkSpec => ({
  hosts: [
    ...execution.template.containers.flatMap(({ name }) => name || []),
    ...identity(settings, credentials.file).hosts,
  ],
  network: settings.network,
  hostAccess: settings.hostAccess,
});

const labelsOf = ({ home, execution }: PlanScope): Record<string, string> =>
  ownerLabels({ home, execution: execution.name });

/** A sandbox for the attempts of an execution. */
export const sandboxSpec = (scope: PlanScope, name: string): SandboxSpec => ({
  name,
  labels: { ...labelsOf(scope), [labels.sandbox]: '' },
  ...connection(scope),
  publish: scope.settings.publish,
});

/** @param cpus the engine's number of CPUs, which no container may exceed */
export function attemptPlan(scope: PlanScope, spec: AttemptSpec, place: Place, cpus: number): AttemptPlan {
  const { task, attempt, main, graceSeconds } = spec;
  const { settings, directory, credentials } = scope;
  const { container: name, sandbox } = place;
  const { env, mounts } = identity(settings, credentials.file);
  const own = attemptLabels({ home: scope.home, execution: scope.execution.name }, { task, attempt });
  const volumes = volumePlan(spec, settings, {
    attempt: name,
    directory: attemptDirectory(directory, place),
    sockets: socketDirectory(directory),
    labels: own,
  });
  const lent = (settings.mounts ?? []).map((mount): Mount => ({ kind: 'bind', ...mount }));
  const planned = (container: AttemptContainer, i: number): PlannedContainer => {
    const { name: label, dependsOn, probe, image, command, args, workingDir, memoryBytes, gpus } = container;
    return {
      ...{ label, dependsOn, probe },
      // Secrets do not override variables that the system sets.
      secrets: Object.fromEntries(
        Object.entries(container.secrets).filter(([variable]) => !Object.hasOwn(env, variable)),
      ),
      spec: {
        ...{ image, command, args, workingDir, memoryBytes, gpus },
        env: { ...container.env, ...env },
        cpus: Math.min(container.cpus, cpus),
        processes: settings.processLimit,
        name: memberName(place, { name: label, index: i, main: i === main }),
        network: sandbox === undefined ? connection(scope) : { sandbox },
        labels: own,
        mounts: [...(volumes.mounts[i] ?? []), ...mounts, ...(i === main ? lent : [])],
      },
    };
  };
  return {
    main,
    graceSeconds,
    containers: spec.containers.map(planned),
    volumes: { ...volumes, lent: [...volumes.lent, ...(settings.mounts ?? []).map(({ source }) => source)] },
    ...(sandbox !== undefined && { sandbox: { ...sandboxSpec(scope, sandbox), mounts: volumes.held } }),
  };
}
