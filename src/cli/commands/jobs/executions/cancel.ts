import type { Context } from '../../../command/context.js';
import { StatusError } from '../../../../model/errors.js';
import { completionStatus, conditionOf, isCompleted } from '../../../../model/execution.js';
import { shortName } from '../../../../model/names.js';
import type { Execution } from '../../../../model/schema/job.js';
import { cancelExecution, getExecution, waitForExecution } from '../../../../service/executions.js';
import type { CommonOptions } from '../../../flags/global.js';
import { confirm } from '../../../command/prompts.js';
import { inWords } from '../../../errors.js';
import { parentOf } from '../../../command/resource-names.js';
import { print } from '../../../output/print.js';
import { executionKind } from '../../../output/resource-kinds.js';
import { tracked } from '../../../output/live/steps.js';

export async function run(context: Context, options: CommonOptions & { async?: boolean }, id: string): Promise<void> {
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
}

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
