import { isCompleted } from '../../../../../model/execution.js';
import { getExecution } from '../../../../../service/executions.js';
import { EntryTail } from '../../../../../service/log-entries.js';
import { defineCommand, parentOf } from '../../../../command/command.js';
import { declareLogFlags, type LogFlags, logQuery, tailEntries, tellExpired } from '../../../../output/log-entries.js';
import { recoveredService } from '../../../../command/recovered-service.js';

export const tail = defineCommand<LogFlags, [execution: string]>(
  'tail',
  'Show what an execution has written and writes, until it has ended.',
  (command) => declareLogFlags(command).argument('<execution>', 'the name of the execution'),
  async (context, options, id) => {
    const service = await recoveredService(context);
    const parent = parentOf(context, options);
    tellExpired(context, service, [getExecution(service, parent, id)]);
    const tailing = new EntryTail(service, logQuery(options, 0));
    await tailEntries(context, options, () => {
      const execution = getExecution(service, parent, id);
      const entries = tailing.look([execution]);
      return { entries, behind: tailing.behind, over: isCompleted(execution) };
    });
  },
);
