import { listExecutions } from '../../../../service/executions.js';
import { type CommonOptions, defineCommand, parentOf } from '../../../command.js';
import { recoveredService } from '../../../recovery.js';
import { printList } from '../../../render/list.js';
import { executionColumns } from '../../../render/tables.js';

export const list = defineCommand<CommonOptions & { job?: string }>(
  'list',
  'List executions, newest first.',
  (command) => command.option('--job <job>', 'only those of this job'),
  async (context, options) => {
    const service = await recoveredService(context);
    const { project, location } = parentOf(context, options);
    const executions = listExecutions(service, { project, location, job: options.job });
    await printList(
      context,
      options.format,
      executions,
      executionColumns(context.io.out.chalk),
      'localrun jobs execute JOB',
    );
  },
);
