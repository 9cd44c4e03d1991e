import { jobName } from '../../../../model/names.js';
import { listExecutions } from '../../../../service/executions.js';
import { everyPage } from '../../../../service/pages.js';
import { placesElsewhere } from '../../../../service/places.js';
import { defineCommand, parentOf } from '../../../command/command.js';
import { declareListFlags, enough, type ListOptions } from '../../../flags/list.js';
import { recoveredService } from '../../../command/recovered-service.js';
import { executionKind } from '../../../output/format/resource-kinds.js';
import { printList, tellElsewhere } from '../../../output/list.js';
import { executionColumns, projections } from '../../../output/columns.js';
import { readColumns } from '../../../output/format/projection.js';

export const list = defineCommand<ListOptions & { job?: string; showDeleted?: true }>(
  'list',
  'List executions: those that have not started, then the others, newest first.',
  (command) =>
    declareListFlags(
      command
        .option('--job <job>', 'only those of this job')
        .option('--show-deleted', 'also those deleted in the last 30 days'),
    ),
  async (context, options) => {
    const service = await recoveredService(context);
    const here = parentOf(context, options);
    const parent = jobName(here, options.job ?? '-');
    const request = { parent, showDeleted: options.showDeleted, byStart: true };
    const items = everyPage((page) => listExecutions(service, { ...request, ...page }), enough(options));
    await printList(context, options, {
      items,
      columns: executionColumns(context.io.out),
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
    tellElsewhere(context, options, 'execution', others);
  },
  { formats: { columns: readColumns(projections.execution) } },
);
