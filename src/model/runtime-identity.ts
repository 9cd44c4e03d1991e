import { StatusError } from './errors.js';
import { shortName } from './names.js';

/** Identifies what runs the attempts of an execution, and says how to reach it. */
export type RuntimeIdentity = ContainerEngine | Cluster;

/** A container engine, and how its client reaches it. */
export interface ContainerEngine {
  /** Identifies the engine for as long as it keeps its containers, however it is reached. */
  id: string;
  client: 'docker' | 'podman';
  /** The value of the client's address variable, if it was set. */
  host?: string | undefined;
  /** The client's context, if no address was set. */
  context?: string | undefined;
}

/** A namespace of a Kubernetes cluster, and how its client reaches it. */
export interface Cluster {
  /** Identifies the namespace for as long as it exists, however it is reached. */
  id: string;
  client: 'kubernetes';
  /** The context of the kubeconfig; undefined in a pod of the cluster. */
  context?: string | undefined;
  namespace: string;
}

const hostVariable = ({ client }: ContainerEngine): string => (client === 'docker' ? 'DOCKER_HOST' : 'CONTAINER_HOST');

/** How to reach a runtime, for people: `DOCKER_HOST=ssh://ci`. */
export const endpointOf = (engine: RuntimeIdentity): string => {
  if (engine.client === 'kubernetes') {
    const { context, namespace } = engine;
    return `namespace ${namespace} of ${context === undefined ? 'its cluster' : `the Kubernetes context ${context}`}`;
  }
  if (engine.host) return `${hostVariable(engine)}=${engine.host}`;
  return engine.context ? `docker context ${engine.context}` : `the local ${engine.client}`;
};

/** Whether a container engine is known to run on this machine, or behind it as Docker Desktop does. */
export const isLocal = (engine: RuntimeIdentity): boolean =>
  engine.client !== 'kubernetes' &&
  (engine.host?.startsWith('unix://') ?? ['default', 'desktop-linux', undefined].includes(engine.context));

/** How to switch from the runtime in use, `asked`, to `runtime`. */
export function wayTo(runtime: RuntimeIdentity, asked: RuntimeIdentity): string {
  const steps = runtime.client === 'kubernetes' ? stepsToCluster(runtime, asked) : stepsToEngine(runtime, asked);
  return steps.join(', and ') || `bring back the ${kindOf(runtime)} that had this address`;
}

function stepsToCluster({ context, namespace }: Cluster, asked: RuntimeIdentity): string[] {
  const steps = [];
  const used = asked.client === 'kubernetes' ? asked : undefined;
  if (!used) steps.push('set LOCALRUN_RUNTIME=kubernetes');
  if (context !== undefined && context !== used?.context) steps.push(`set runtime.context to ${context}`);
  if (namespace !== used?.namespace) steps.push(`set runtime.namespace to ${namespace}`);
  return steps;
}

function stepsToEngine(engine: ContainerEngine, asked: RuntimeIdentity): string[] {
  const { client, host, context } = engine;
  const used = asked.client === 'kubernetes' ? undefined : asked;
  const steps = [];
  if (!used) steps.push('set LOCALRUN_RUNTIME=docker');
  if (used && client !== used.client) steps.push(`set LOCALRUN_DOCKER=${client}`);
  if (host && host !== used?.host) steps.push(`set ${hostVariable(engine)}=${host}`);
  if (!host && used?.host && client === used.client) steps.push(`unset ${hostVariable(engine)}`);
  if (context && context !== used?.context) steps.push(`set DOCKER_CONTEXT=${context}`);
  return steps;
}

const kindOf = ({ client }: RuntimeIdentity): string => (client === 'kubernetes' ? 'cluster' : 'engine');

/**
 * Why localrun does not touch an execution: its attempts are in the runtime where it began, and `asked` is another.
 */
export function otherRuntime(execution: string, began: RuntimeIdentity, asked: RuntimeIdentity): StatusError {
  const id = shortName(execution);
  const kind = kindOf(began) === 'engine' && kindOf(asked) === 'engine' ? 'container engine' : 'runtime';
  const which = `another ${kind} (${endpointOf(began)}) than the one in use now (${endpointOf(asked)})`;
  return new StatusError('FAILED_PRECONDITION', `Execution [${id}] began on ${which}.`, {
    fix: [
      `${wayTo(began, asked)}; if that ${kindOf(began)} is gone for good: `,
      { command: 'jobs executions delete', resource: execution },
    ],
  });
}
