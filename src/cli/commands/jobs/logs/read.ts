import type { Context } from '../../../command/context.js';
import { listExecutions } from '../../../../service/executions.js';
import { findJob } from '../../../../service/jobs.js';
import { readLogEntries } from '../../../../service/log-entries.js';
import { everyPage } from '../../../../service/pages.js';
import { jobNameOf } from '../../../command/resource-names.js';
import { logQuery, sinceOf } from '../../../command/log-query.js';
import type { LogFlags } from '../../../flags/log.js';
import { printEntries, reportExpiredLogs } from '../../../output/log-entries.js';
import { recoveredService } from '../../../command/recovered-service.js';

export async function run(context: Context, options: LogFlags, id: string): Promise<void> {
  const service = await recoveredService(context);
  const asked = logQuery(options, service.now());
  // As in gcloud, there is no default for the oldest entries, or with a filter for the time.
  const fromStart = asked.since !== undefined || asked.oldest || asked.filter?.timed;
  const query = fromStart ? asked : { ...asked, since: sinceOf('86400s', service.now()) };
  const job = findJob(service, jobNameOf(context, options, id));
  // A missing job is no error in gcloud, which only looks for entries. A person may have mistyped the name.
  if (!job && context.io.err.tty) context.io.err.write(`There is no job [${id}].\n`);
  const executions = job ? everyPage((page) => listExecutions(service, { parent: job.name, ...page })) : [];
  const fresh = executions.filter(({ completionTime: end }) => !end || end >= (query.since ?? ''));
  reportExpiredLogs(context, service, fresh);
  await printEntries(context, options, readLogEntries(service, fresh, query), { quiet: !job });
}
