import { listJobs } from '../../../service/jobs.js';
import { type CommonOptions, defineCommand, parentOf } from '../../command.js';
import { recoveredService } from '../../recovery.js';
import { printList } from '../../render/list.js';
import { jobColumns } from '../../render/tables.js';

export const list = defineCommand<CommonOptions>(
  'list',
  'List jobs, of all regions unless --region names one.',
  (command) => command,
  async (context, options) => {
    const service = await recoveredService(context);
    const jobs = listJobs(service, parentOf(context, options).project, options.region);
    await printList(
      context,
      options.format,
      jobs,
      jobColumns(context.io.out.chalk),
      'localrun jobs create NAME --image IMAGE',
    );
  },
);
