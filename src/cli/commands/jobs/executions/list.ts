import { jobName } from '../../../../model/names.js';
import { listExecutions } from '../../../../service/executions.js';
import { everyPage } from '../../../../service/pages.js';
import { defineCommand, parentOf } from '../../../command.js';
import { declareListFlags, enough, type ListOptions } from '../../../list-flags.js';
import { recoveredService } from '../../../recovery.js';
import { executionKind } from '../../../render/format/resources.js';
import { printList } from '../../../render/list.js';
import { executionColumns } from '../../../render/tables.js';

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
    const parent = jobName(parentOf(context, options), options.job ?? '-');
    const request = { parent, showDeleted: options.showDeleted, byStart: true };
    const items = everyPage((page) => listExecutions(service, { ...request, ...page }), enough(options));
    await printList(context, options, {
      items,
      columns: executionColumns(context.io.out.chalk),
      kind: executionKind,
      firstStep: 'localrun jobs execute JOB',
    });
  },
);
