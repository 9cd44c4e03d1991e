import { jobName } from '../../../../model/names.js';
import { listExecutions } from '../../../../service/executions.js';
import { everyPage } from '../../../../service/pages.js';
import { type CommonOptions, defineCommand, parentOf } from '../../../command.js';
import { recoveredService } from '../../../recovery.js';
import { printList } from '../../../render/list.js';
import { executionColumns } from '../../../render/tables.js';

export const list = defineCommand<CommonOptions & { job?: string; showDeleted?: true }>(
  'list',
  'List executions, newest first.',
  (command) =>
    command
      .option('--job <job>', 'only those of this job')
      .option('--show-deleted', 'also those deleted in the last 30 days'),
  async (context, options) => {
    const service = await recoveredService(context);
    const parent = jobName(parentOf(context, options), options.job ?? '-');
    const executions = everyPage((page) =>
      listExecutions(service, { parent, showDeleted: options.showDeleted, ...page }),
    );
    await printList(
      context,
      options.format,
      executions,
      executionColumns(context.io.out.chalk),
      'localrun jobs execute JOB',
    );
  },
);
