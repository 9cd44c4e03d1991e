import type { Execution } from '../../model/schema/job.js';
import { keptContainers } from '../../service/retention.js';
import type { Call } from '../../service/service.js';
import type { Context } from '../command/context.js';
import { commandLine } from '../errors.js';

/** The most containers to name. */
const named = 3;

/** Reports the containers that an execution has kept, and the commands to inspect and remove them. */
export function tellKept({ io, config, defaults }: Context, service: Call, { name }: Execution): void {
  const containers = keptContainers(service, name);
  const last = containers.at(-1);
  if (last === undefined) return;
  const others = containers.length > named ? ` and ${containers.length - named} more` : '';
  const image = last.replace('localrun-', 'kept-');
  io.err.write(`
Kept containers: ${containers.slice(-named).join(', ')}${others}
Inspect one:     ${config.docker} commit ${last} ${image} && ${config.docker} run --rm -it --entrypoint sh ${image}
Remove them:     ${commandLine({ command: 'jobs executions delete', resource: name }, defaults)}
`);
}
