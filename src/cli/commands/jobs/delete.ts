import type { Context } from '../../command/context.js';
import { shortName } from '../../../model/names.js';
import { deleteJob, getJob, openExecutionsOf, startDeletion } from '../../../service/jobs.js';
import type { CommonOptions } from '../../flags/global.js';
import { confirm } from '../../command/prompts.js';
import { inWords } from '../../errors.js';
import { jobNameOf } from '../../command/resource-names.js';
import { reportLeftOnOtherEngines } from '../../output/leftovers.js';
import { tracked } from '../../output/live/steps.js';

export async function run(context: Context, options: CommonOptions & { async?: boolean }, id: string): Promise<void> {
  const service = await context.service();
  const name = jobNameOf(context, options, id);
  inWords('NOT_FOUND', `Job [${shortName(name)}] could not be found.`, () => getJob(service, name));
  const open = openExecutionsOf(service, name);
  const running = open.length > 0;
  const also = ' This job is currently executing; all running executions will be stopped and deleted.';
  const executions = open.map((execution) => execution.name);
  await reportLeftOnOtherEngines(context, service, executions);
  await confirm(context, options, `Job [${shortName(name)}] will be deleted.${running ? also : ''}`);
  if (options.async) {
    startDeletion(service, { name });
    context.io.err.write(`Job [${shortName(name)}] is being deleted.\n`);
    return;
  }
  await tracked(context, `Deleting [${shortName(name)}]`, () => deleteJob(service, { name }));
  context.io.err.write(`Deleted job [${shortName(name)}].\n`);
}
