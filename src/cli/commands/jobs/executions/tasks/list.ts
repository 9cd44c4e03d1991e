import { getExecution } from '../../../../../service/executions.js';
import { tasksOf } from '../../../../../service/tasks.js';
import { type CommonOptions, defineCommand, parentOf } from '../../../../command.js';
import { recoveredService } from '../../../../recovery.js';
import { print } from '../../../../render/format.js';
import { table } from '../../../../render/table.js';
import { taskColumns } from '../../../../render/tables.js';

export const list = defineCommand<CommonOptions & { execution: string }>(
  'list',
  'List the tasks of an execution.',
  (command) => command.requiredOption('--execution <execution>', 'the name of the execution'),
  async (context, options) => {
    const service = await recoveredService(context);
    const execution = getExecution(service, parentOf(context, options), options.execution);
    const views = tasksOf(service, execution);
    await print(
      context,
      options.format,
      views.map(({ task }) => task),
      { human: () => table(taskColumns(context.io.out.chalk), views) },
    );
  },
);
