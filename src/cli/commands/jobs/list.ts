import { listJobs } from '../../../service/jobs.js';
import { everyPage } from '../../../service/pages.js';
import { type CommonOptions, defineCommand, parentOf } from '../../command.js';
import { recoveredService } from '../../recovery.js';
import { printList } from '../../render/list.js';
import { jobColumns } from '../../render/tables.js';

export const list = defineCommand<CommonOptions & { showDeleted?: true }>(
  'list',
  'List jobs, of all regions unless --region names one.',
  (command) => command.option('--show-deleted', 'also those deleted in the last 30 days'),
  async (context, options) => {
    const service = await recoveredService(context);
    const { project } = parentOf(context, options);
    const request = { project, location: options.region, showDeleted: options.showDeleted };
    const jobs = everyPage((page) => listJobs(service, { ...request, ...page }));
    await printList(
      context,
      options.format,
      jobs.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)),
      jobColumns(context.io.out.chalk),
      'localrun jobs create NAME --image IMAGE',
    );
  },
);
