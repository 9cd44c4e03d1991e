import { StatusError } from './errors.js';
import { shortName } from './names.js';

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

const hostVariable = ({ client }: ContainerEngine): string => (client === 'docker' ? 'DOCKER_HOST' : 'CONTAINER_HOST');

/** How to reach a container engine, for people: `DOCKER_HOST=ssh://ci`. */
export const endpointOf = (engine: ContainerEngine): string => {
  if (engine.host) return `${hostVariable(engine)}=${engine.host}`;
  return engine.context ? `docker context ${engine.context}` : `the local ${engine.client}`;
};

/** How to switch from the engine in use, `asked`, to `engine`. */
function wayTo(engine: ContainerEngine, asked: ContainerEngine): string {
  const { client, host, context } = engine;
  const steps = [];
  if (client !== asked.client) steps.push(`set LOCALRUN_DOCKER=${client}`);
  if (host && host !== asked.host) steps.push(`set ${hostVariable(engine)}=${host}`);
  if (!host && asked.host && client === asked.client) steps.push(`unset ${hostVariable(engine)}`);
  if (context && context !== asked.context) steps.push(`set DOCKER_CONTEXT=${context}`);
  return steps.join(', and ') || 'bring back the engine that had this address';
}

/**
 * Why localrun does not touch an execution: its containers are in the engine where it began, and `asked` is another.
 */
export function otherEngine(execution: string, began: ContainerEngine, asked: ContainerEngine): StatusError {
  const id = shortName(execution);
  const which = `another container engine (${endpointOf(began)}) than the one in use now (${endpointOf(asked)})`;
  return new StatusError('FAILED_PRECONDITION', `Execution [${id}] began on ${which}.`, {
    fix: [
      `${wayTo(began, asked)}; if that engine is gone for good: `,
      { command: 'jobs executions delete', resource: execution },
    ],
  });
}
