import { endpointOf } from '../../model/runtime-identity.js';
import { shortName } from '../../model/names.js';
import type { Execution } from '../../model/schema/job.js';
import { remnantsOf } from '../../service/engine-mismatch.js';
import { keptContainers } from '../../service/retention.js';
import type { Call } from '../../service/service.js';
import type { Context } from '../command/context.js';
import { commandLine } from '../errors.js';

/** The most containers to name. */
const named = 3;

/** Reports the containers that an execution has kept, and the commands to inspect and remove them. */
export function reportKeptContainers({ io, defaults }: Context, service: Call, { name }: Execution): void {
  const containers = keptContainers(service, name);
  const last = containers.at(-1);
  if (last === undefined) return;
  const others = containers.length > named ? ` and ${containers.length - named} more` : '';
  const args = ['--task', String(last.task), '--attempt', String(last.attempt)];
  const names = containers.slice(-named).map((kept) => kept.name);
  io.err.write(`
Kept containers: ${names.join(', ')}${others}
Look into one:   ${commandLine({ command: 'debug', resource: name, args }, defaults)}
Remove them:     ${commandLine({ command: 'jobs executions delete', resource: name }, defaults)}
`);
}

/** Reports what the deletion of these executions leaves behind on other container engines, a line for each. */
export async function reportLeftOnOtherEngines(
  { io }: Context,
  service: Call,
  executions: readonly string[],
): Promise<void> {
  for (const { execution, engine, pid } of await remnantsOf(service, executions)) {
    const stays = 'stays; localrun doctor finds it on that engine';
    const what =
      pid === undefined ? stays : `will be removed if process ${pid} reaches that engine; otherwise it ${stays}`;
    const which = `another container engine (${endpointOf(engine)})`;
    io.err.write(`Execution [${shortName(execution)}] began on ${which}: what it left there ${what}.\n`);
  }
}
