import { RunError } from '../../../../model/errors.js';
import { completionStatus, isCompleted } from '../../../../model/execution.js';
import { cancelExecution, getExecution, waitForExecution } from '../../../../service/executions.js';
import { type CommonOptions, confirm, defineCommand, parentOf } from '../../../command.js';
import { booleanFlag } from '../../../job-flags/boolean.js';
import { print } from '../../../render/format.js';

export const cancel = defineCommand<CommonOptions & { async?: boolean }, [execution: string]>(
  'cancel',
  'Cancel an execution: running tasks get SIGTERM, and SIGKILL 10 s later.',
  (command) =>
    booleanFlag(
      command.argument('<execution>', 'the name of the execution'),
      '--async',
      'do not wait until it has ended',
    ),
  async (context, options, id) => {
    const service = await context.service();
    const { name } = getExecution(service, parentOf(context, options), id);
    await confirm(context, options, `Execution [${id}] will be cancelled.`);
    cancelExecution(service, { name });
    const { err } = context.io;
    if (options.async) {
      err.write(`Execution [${id}] is being cancelled.\n`);
      return;
    }
    const ended = await waitForExecution(service, name, isCompleted);
    if (completionStatus(ended) !== 'EXECUTION_CANCELLED') {
      throw new RunError('UNKNOWN', `[${id}] has ended before it could be cancelled.`);
    }
    err.write(`Cancelled execution [${id}].\n`);
    await print(context, options.format, ended, {});
  },
);
