import { jobName, shortName } from '../../model/names.js';
import { listExecutions } from '../../service/executions.js';
import { listJobs } from '../../service/jobs.js';
import { everyPage } from '../../service/pages.js';
import { type CommonOptions, defineCommand, parentOf } from '../command/command.js';

/** What the completion scripts ask for while somebody types: names that there are, one a line, and nothing else. */
export const complete = defineCommand<CommonOptions, [kind: 'job' | 'execution']>(
  '__complete',
  'List the names of jobs or executions.',
  (command) => command.argument('<kind>'),
  async (context, options, kind) => {
    const service = await context.service();
    const parent = parentOf(context, options);
    const found = everyPage<{ name: string }>((page) =>
      kind === 'job'
        ? listJobs(service, { ...parent, ...page })
        : listExecutions(service, { parent: jobName(parent, '-'), ...page }),
    );
    context.io.out.write(found.map(({ name }) => `${shortName(name)}\n`).join(''));
  },
);
