import type { Context } from '../../../command/context.js';
import { jobName } from '../../../../model/names.js';
import { listExecutions } from '../../../../service/executions.js';
import { everyPage } from '../../../../service/pages.js';
import { placesElsewhere } from '../../../../service/places.js';
import { parentOf } from '../../../command/resource-names.js';
import { enough, type ListOptions } from '../../../flags/list.js';
import { recoveredService } from '../../../command/recovered-service.js';
import { executionKind } from '../../../output/resource-kinds.js';
import { printList, reportElsewhere } from '../../../output/list.js';
import { executionColumns, projections } from '../../../output/columns.js';

export const projection = projections.execution;

export async function run(
  context: Context,
  options: ListOptions & { job?: string; showDeleted?: true },
): Promise<void> {
  const service = await recoveredService(context);
  const { out } = context.io;
  const here = parentOf(context, options);
  const parent = jobName(here, options.job ?? '-');
  const request = { parent, showDeleted: options.showDeleted, byStart: true };
  const items = everyPage((page) => listExecutions(service, { ...request, ...page }), enough(options));
  await printList(context, options, {
    items,
    columns: executionColumns(out, out.tty ? service.now() : undefined),
    kind: executionKind,
    firstStep: 'localrun jobs execute JOB',
  });
  if (options.project !== undefined || options.region !== undefined) return;
  const { job } = options;
  const others = placesElsewhere(service, { kind: 'execution', job }, here).map(({ project, location, count }) => {
    const flags = `${job === undefined ? '' : ` --job ${job}`} --project ${project} --region ${location}`;
    return {
      count,
      where: `project ${project}, region ${location}`,
      command: `localrun jobs executions list${flags}`,
    };
  });
  reportElsewhere(context, options, 'execution', others);
}
