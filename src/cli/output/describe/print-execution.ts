import type { Execution } from '../../../model/schema/job.js';
import type { CommonOptions } from '../../flags/global.js';
import { settingsOf } from '../../../service/executions.js';
import type { Call } from '../../../service/service.js';
import type { Context } from '../../command/context.js';
import { describeExecution } from './describe.js';
import { print } from '../print.js';
import { executionKind } from '../resource-kinds.js';

/** Prints an execution for the commands that describe one. */
export const printExecution = (
  context: Context,
  options: CommonOptions,
  service: Call,
  execution: Execution,
): Promise<void> =>
  print(context, options, execution, {
    kind: executionKind,
    human: () => describeExecution(execution, settingsOf(service, execution.name), context.io.out),
    exported: async (of) => {
      const { executionToV1, exported } = await import('../../../model/v1/write.js');
      return exported(executionToV1(of));
    },
  });
