import { listExecutions } from '../../../../service/executions.js';
import { getJob } from '../../../../service/jobs.js';
import { EntryTail } from '../../../../service/log-entries.js';
import { timestamp } from '../../../../model/time.js';
import { defineCommand, jobNameOf } from '../../../command/command.js';
import { declareLogFlags, type LogFlags, logQuery, tailEntries } from '../../../output/log-entries.js';
import { recoveredService } from '../../../command/recovered-service.js';

/** Executions of one job that are followed at once: the newest ones. */
const followed = 100;

export const tail = defineCommand<LogFlags, [job: string]>(
  'tail',
  "Show what a job's executions write from now on, until Ctrl-C.",
  (command) => declareLogFlags(command).argument('<job>', 'the name of the job'),
  async (context, options, id) => {
    const service = await recoveredService(context);
    const { name } = getJob(service, jobNameOf(context, options, id));
    const tailing = new EntryTail(service, { ...logQuery(options, 0), since: timestamp(service.now()) });
    await tailEntries(context, options, () => {
      const { items } = listExecutions(service, { parent: name, pageSize: followed });
      return { entries: tailing.look(items), behind: tailing.behind, over: false };
    });
  },
);
