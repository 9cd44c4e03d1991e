import { StatusError } from './errors.js';
import { shortName } from './names.js';

/** Which container engine it is, and how the client was told to reach it. */
export interface ContainerEngine {
  /** The same for as long as the engine keeps its containers, whatever way leads there, and no other engine's. */
  id: string;
  client: 'docker' | 'podman';
  /** What the client's variable for an address said, if it was set. */
  host?: string | undefined;
  /** The client's context, where no address was set. */
  context?: string | undefined;
}

const hostVariable = ({ client }: ContainerEngine): string => (client === 'docker' ? 'DOCKER_HOST' : 'CONTAINER_HOST');

/** Where an engine is, for people: `DOCKER_HOST=ssh://ci`. */
export const endpointOf = (engine: ContainerEngine): string => {
  if (engine.host) return `${hostVariable(engine)}=${engine.host}`;
  return engine.context ? `docker context ${engine.context}` : `the local ${engine.client}`;
};

/** What makes us ask `engine` instead of the one that is asked now. */
function wayTo(engine: ContainerEngine, asked: ContainerEngine): string {
  const { client, host, context } = engine;
  const steps = [];
  if (client !== asked.client) steps.push(`set LOCALRUN_DOCKER=${client}`);
  if (host && host !== asked.host) steps.push(`set ${hostVariable(engine)}=${host}`);
  if (!host && asked.host && client === asked.client) steps.push(`unset ${hostVariable(engine)}`);
  if (context && context !== asked.context) steps.push(`set DOCKER_CONTEXT=${context}`);
  return steps.join(', and ') || 'bring that engine back, which had the same address';
}

/** Why an execution is left alone: its containers are in the engine that it began on, and `asked` is another one. */
export function otherEngine(execution: string, began: ContainerEngine, asked: ContainerEngine): StatusError {
  const id = shortName(execution);
  const which = `another container engine (${endpointOf(began)}) than the one that answers now (${endpointOf(asked)})`;
  return new StatusError('FAILED_PRECONDITION', `Execution [${id}] began on ${which}.`, {
    fix: [
      `${wayTo(began, asked)}; if that engine is gone for good: `,
      { command: 'jobs executions delete', resource: execution },
    ],
  });
}
