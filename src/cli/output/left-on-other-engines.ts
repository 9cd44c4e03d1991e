import { endpointOf } from '../../model/container-engine.js';
import { shortName } from '../../model/names.js';
import { remnantsOf } from '../../service/engine-mismatch.js';
import type { Call } from '../../service/service.js';
import type { Context } from '../command/context.js';

/** Reports what the deletion of these executions leaves behind on other container engines, a line for each. */
export async function tellLeftBehind({ io }: Context, service: Call, executions: readonly string[]): Promise<void> {
  for (const { execution, engine, pid } of await remnantsOf(service, executions)) {
    const stays = 'stays; localrun doctor finds it on that engine';
    const what =
      pid === undefined ? stays : `will be removed if process ${pid} reaches that engine; otherwise it ${stays}`;
    const which = `another container engine (${endpointOf(engine)})`;
    io.err.write(`Execution [${shortName(execution)}] began on ${which}: what it left there ${what}.\n`);
  }
}
