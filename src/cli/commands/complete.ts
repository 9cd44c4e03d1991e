import type { Context } from '../command/context.js';
import { jobName, shortName } from '../../model/names.js';
import { listExecutions } from '../../service/executions.js';
import { listJobs } from '../../service/jobs.js';
import { everyPage } from '../../service/pages.js';
import type { CommonOptions } from '../flags/global.js';
import { parentOf } from '../command/resource-names.js';

/** Prints the names of existing resources for the completion scripts, one per line. */
export async function run(context: Context, options: CommonOptions, kind: 'job' | 'execution'): Promise<void> {
  const service = await context.service();
  const parent = parentOf(context, options);
  const found = everyPage<{ name: string }>((page) =>
    kind === 'job'
      ? listJobs(service, { ...parent, ...page })
      : listExecutions(service, { parent: jobName(parent, '-'), ...page }),
  );
  context.io.out.write(found.map(({ name }) => `${shortName(name)}\n`).join(''));
}
