import { getExecution } from '../../../../service/executions.js';
import { type CommonOptions, defineCommand, inWords, parentOf } from '../../../command/command.js';
import { recoveredService } from '../../../command/recovered-service.js';
import { shownFormats } from '../../../output/format/projection.js';
import { printExecution } from '../../../output/describe/print-execution.js';

export const describe = defineCommand<CommonOptions & { showDeleted?: true }, [execution: string]>(
  'describe',
  'Show an execution. With --format=export: as v1 YAML.',
  (command) =>
    command
      .argument('<execution>', 'the name of the execution')
      .option('--show-deleted', 'also an execution deleted in the last 30 days'),
  async (context, options, id) => {
    const service = await recoveredService(context);
    const parent = parentOf(context, options);
    const execution = inWords('NOT_FOUND', `Cannot find execution [${id}].`, () =>
      getExecution(service, parent, id, options),
    );
    await printExecution(context, options, service, execution);
  },
  { formats: { known: [...shownFormats, 'export'] } },
);
