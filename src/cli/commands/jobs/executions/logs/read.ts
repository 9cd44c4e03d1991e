import { getExecution } from '../../../../../service/executions.js';
import { readLogEntries } from '../../../../../service/log-entries.js';
import { defineCommand, parentOf } from '../../../../command/command.js';
import {
  declareReadFlags,
  type LogFlags,
  logQuery,
  printEntries,
  tellExpired,
} from '../../../../output/log-entries.js';
import { recoveredService } from '../../../../command/recovered-service.js';

export const read = defineCommand<LogFlags, [execution: string]>(
  'read',
  'Show the logs of an execution.',
  (command) => declareReadFlags(command).argument('<execution>', 'the name of the execution'),
  async (context, options, id) => {
    const service = await recoveredService(context);
    const execution = getExecution(service, parentOf(context, options), id);
    tellExpired(context, service, [execution]);
    await printEntries(context, options, readLogEntries(service, [execution], logQuery(options, service.now())));
  },
);
