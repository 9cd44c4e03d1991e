import { getTask } from '../../../../../service/tasks.js';
import { type CommonOptions, defineCommand, parentOf } from '../../../../command.js';
import { recoveredService } from '../../../../recovery.js';
import { describeTask } from '../../../../render/describe.js';
import { print } from '../../../../render/format.js';

export const describe = defineCommand<CommonOptions, [task: string]>(
  'describe',
  'Show a task of an execution.',
  (command) => command.argument('<task>', 'the name of the task: EXECUTION-taskINDEX'),
  async (context, options, id) => {
    const view = getTask(await recoveredService(context), parentOf(context, options), id);
    await print(context, options.format, view.task, { human: () => describeTask(view, context.io.out.chalk) });
  },
);
