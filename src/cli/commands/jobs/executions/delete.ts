import { deleteExecution, getExecution, startExecutionDeletion } from '../../../../service/executions.js';
import { type CommonOptions, confirm, defineCommand, inWords, parentOf } from '../../../command/command.js';
import { booleanFlag } from '../../../flags/boolean.js';
import { tracked } from '../../../output/live/steps.js';
import { tellLeftBehind } from '../../../output/left-on-other-engines.js';

export const remove = defineCommand<CommonOptions & { async?: boolean }, [execution: string]>(
  'delete',
  'Delete an execution with its tasks and logs; one that runs is cancelled first.',
  (command) =>
    booleanFlag(
      command.argument('<execution>', 'the name of the execution'),
      '--async',
      'do not wait until it has ended and is gone',
    ),
  async (context, options, id) => {
    const service = await context.service();
    const parent = parentOf(context, options);
    const { name } = inWords('NOT_FOUND', `Execution [${id}] could not be found.`, () =>
      getExecution(service, parent, id),
    );
    await tellLeftBehind(context, service, [name]);
    await confirm(context, options, `Execution [${id}] will be deleted.`);
    if (options.async) startExecutionDeletion(service, { name });
    else await tracked(context, `Deleting [${id}]`, () => deleteExecution(service, { name }));
    context.io.err.write(options.async ? `Execution [${id}] is being deleted.\n` : `Deleted execution [${id}].\n`);
  },
);
