import { getExecution } from '../../../../service/executions.js';
import { type CommonOptions, defineCommand, inWords, parentOf } from '../../../command/command.js';
import { awaitedExecution, printSeen } from '../../../command/background-run.js';

export const wait = defineCommand<CommonOptions, [execution: string]>(
  'wait',
  'Wait until an execution has ended, whoever runs it; exit 1 if it failed.',
  (command) =>
    command.argument('<execution>', 'the name of the execution').addHelpText(
      'after',
      `
An execution whose process is gone is carried on in the background. Ctrl-C ends the waiting only.`,
    ),
  async (context, options, id) => {
    const service = await context.service();
    const parent = parentOf(context, options);
    const { name } = inWords('NOT_FOUND', `Cannot find execution [${id}].`, () => getExecution(service, parent, id));
    await printSeen(context, options, await awaitedExecution(context, service, name), 'ended');
  },
);
