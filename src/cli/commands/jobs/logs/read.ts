import { listExecutions } from '../../../../service/executions.js';
import { getJob } from '../../../../service/jobs.js';
import { readLogEntries } from '../../../../service/log-entries.js';
import { everyPage } from '../../../../service/pages.js';
import { defineCommand, jobNameOf } from '../../../command.js';
import { declareReadFlags, type LogFlags, logQuery, printEntries, tellExpired } from '../../../log-command.js';
import { recoveredService } from '../../../recovery.js';

export const read = defineCommand<LogFlags, [job: string]>(
  'read',
  "Show the logs of a job's executions, of the last day unless --freshness says otherwise.",
  (command) => declareReadFlags(command).argument('<job>', 'the name of the job'),
  async (context, options, id) => {
    const service = await recoveredService(context);
    const { name } = getJob(service, jobNameOf(context, options, id));
    const executions = everyPage((page) => listExecutions(service, { parent: name, ...page }));
    // As in gcloud, where the beginning is what is asked for, or the filter says from when, there is no default.
    const fromStart = options.order === 'asc' || options.logFilter?.timed;
    const query = logQuery({ ...(!fromStart && { freshness: '86400s' }), ...options }, service.now());
    const fresh = executions.filter(({ completionTime: end }) => !end || end >= (query.since ?? ''));
    tellExpired(context, service, fresh);
    await printEntries(context, options, readLogEntries(service, fresh, query));
  },
);
