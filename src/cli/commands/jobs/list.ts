import { parseName, shortName } from '../../../model/names.js';
import { listJobs } from '../../../service/jobs.js';
import { everyPage } from '../../../service/pages.js';
import { defineCommand, parentOf } from '../../command.js';
import { declareListFlags, type ListOptions } from '../../list-flags.js';
import { inOrder } from '../../order.js';
import { recoveredService } from '../../recovery.js';
import { jobKind } from '../../render/format/resources.js';
import { printList } from '../../render/list.js';
import { jobColumns } from '../../render/tables.js';

export const list = defineCommand<ListOptions & { showDeleted?: true }>(
  'list',
  'List jobs by name, of all regions unless --region names one.',
  (command) => declareListFlags(command.option('--show-deleted', 'also those deleted in the last 30 days')),
  async (context, options) => {
    const service = await recoveredService(context);
    const { project } = parentOf(context, options);
    const request = { project, location: options.region, showDeleted: options.showDeleted };
    const jobs = everyPage((page) => listJobs(service, { ...request, ...page }));
    await printList(context, options, {
      items: jobs.toSorted(
        (a, b) =>
          inOrder(shortName(a.name), shortName(b.name)) ||
          inOrder(parseName(a.name).location, parseName(b.name).location),
      ),
      columns: jobColumns(context.io.out.chalk),
      kind: jobKind,
      firstStep: 'localrun jobs create NAME --image IMAGE',
    });
  },
);
