import { endpointOf } from '../../model/container-engine.js';
import { shortName } from '../../model/names.js';
import { beganElsewhere } from '../../service/other-engines.js';
import { runnerOf } from '../../service/runner.js';
import type { ServiceDeps } from '../../service/service.js';
import type { Context } from '../command/context.js';

/** Says what the deletion of these executions leaves in engines that are not asked, a line for each that leaves any. */
export async function tellLeftBehind(
  { io }: Context,
  service: ServiceDeps,
  executions: readonly string[],
): Promise<void> {
  for (const name of executions) {
    const found = await beganElsewhere(service, name);
    if (!found) continue;
    const runner = runnerOf(service, name);
    const stays = 'stays, and is an orphan for localrun doctor there';
    const what = runner ? `goes if process ${runner.pid} reaches that one, or else ${stays}` : stays;
    const which = `another container engine (${endpointOf(found.began)})`;
    io.err.write(`Execution [${shortName(name)}] began on ${which}: what it has there ${what}.\n`);
  }
}
