import { getExecution } from '../../../../service/executions.js';
import { type CommonOptions, defineCommand, parentOf } from '../../../command.js';
import { recoveredService } from '../../../recovery.js';
import { describeExecution } from '../../../render/describe.js';
import { print } from '../../../render/format.js';

export const describe = defineCommand<CommonOptions, [execution: string]>(
  'describe',
  'Show an execution. With --format=export: as v1 YAML.',
  (command) => command.argument('<execution>', 'the name of the execution'),
  async (context, options, id) => {
    const execution = getExecution(await recoveredService(context), parentOf(context, options), id);
    const { executionToV1, exported } = await import('../../../../model/spec/v1/write.js');
    await print(context, options.format, execution, {
      human: (of) => describeExecution(of, context.io.out.chalk),
      exported: (of) => exported(executionToV1(of)),
    });
  },
);
