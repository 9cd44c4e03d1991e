import { StatusError } from '../../../../model/errors.js';
import { completionStatus, conditionOf, isCompleted } from '../../../../model/execution.js';
import { shortName } from '../../../../model/names.js';
import type { Execution } from '../../../../model/schema/job.js';
import { cancelExecution, getExecution, waitForExecution } from '../../../../service/executions.js';
import { type CommonOptions, confirm, defineCommand, inWords, parentOf } from '../../../command/command.js';
import { booleanFlag } from '../../../flags/boolean.js';
import { print } from '../../../output/print.js';
import { executionKind } from '../../../output/format/resource-kinds.js';
import { tracked } from '../../../output/live/steps.js';

export const cancel = defineCommand<CommonOptions & { async?: boolean }, [execution: string]>(
  'cancel',
  'Cancel an execution: running tasks get SIGTERM, and SIGKILL after their grace period.',
  (command) =>
    booleanFlag(
      command.argument('<execution>', 'the name of the execution'),
      '--async',
      'do not wait until it has ended',
    ),
  async (context, options, id) => {
    const service = await context.service();
    const parent = parentOf(context, options);
    const execution = inWords('NOT_FOUND', `Execution [${id}] could not be found.`, () =>
      getExecution(service, parent, id),
    );
    if (isCompleted(execution)) throw tooLate(execution);
    await confirm(context, options, `Execution [${id}] will be cancelled.`);
    await cancelExecution(service, { name: execution.name });
    const { err } = context.io;
    if (options.async) {
      err.write(`Execution [${id}] is being cancelled.\n`);
      return;
    }
    const ended = await tracked(context, `Cancelling [${id}]`, async () => {
      const seen = await waitForExecution(service, execution.name, isCompleted);
      if (completionStatus(seen) !== 'EXECUTION_CANCELLED') throw tooLate(seen);
      return seen;
    });
    err.write(`Cancelled execution [${id}].\n`);
    await print(context, options, ended, { kind: executionKind });
  },
);

function tooLate(execution: Execution): StatusError {
  const id = shortName(execution.name);
  switch (completionStatus(execution)) {
    case 'EXECUTION_SUCCEEDED':
      return new StatusError('UNKNOWN', `[${id}] has completed successfully before it could be cancelled.`);
    case 'EXECUTION_CANCELLED':
      return new StatusError('UNKNOWN', `Failed to cancel [${id}]: it has ended already, cancelled.`);
    default: {
      const why = conditionOf(execution, 'Completed')?.message ?? '';
      return new StatusError('UNKNOWN', `Failed to cancel [${id}]: it has ended already. ${why}`);
    }
  }
}
