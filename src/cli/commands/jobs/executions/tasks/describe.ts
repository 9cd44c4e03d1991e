import { getTask } from '../../../../../service/tasks.js';
import { type CommonOptions, defineCommand, inWords, parentOf } from '../../../../command/command.js';
import { recoveredService } from '../../../../command/recovered-service.js';
import { describeTask } from '../../../../output/describe/describe.js';
import { print } from '../../../../output/print.js';
import { taskKind } from '../../../../output/format/resource-kinds.js';

export const describe = defineCommand<CommonOptions, [task: string]>(
  'describe',
  'Show a task of an execution.',
  (command) => command.argument('<task>', 'the name of the task: EXECUTION-taskINDEX'),
  async (context, options, id) => {
    const service = await recoveredService(context);
    const parent = parentOf(context, options);
    const view = inWords('NOT_FOUND', `Cannot find task [${id}].`, () => getTask(service, parent, id));
    await print(context, options, view, { kind: taskKind, human: () => describeTask(view, context.io.out) });
  },
);
