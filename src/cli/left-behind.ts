import { endpointOf } from '../model/container-engine.js';
import { shortName } from '../model/names.js';
import { elsewhere } from '../service/other-engines.js';
import type { ServiceDeps } from '../service/service.js';
import type { Context } from './context.js';

/** Says what the deletion of these executions leaves in engines that are not asked, a line for each that leaves any. */
export async function tellLeftBehind(
  { io }: Context,
  service: ServiceDeps,
  executions: readonly string[],
): Promise<void> {
  for (const name of executions) {
    const found = await elsewhere(service, name);
    if (!found) continue;
    const which = `another container engine (${endpointOf(found.began)})`;
    io.err.write(
      `Execution [${shortName(name)}] began on ${which}: what it has there stays, and is an orphan for localrun doctor there.\n`,
    );
  }
}
