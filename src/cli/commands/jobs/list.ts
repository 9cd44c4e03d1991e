import { parseName, shortName } from '../../../model/names.js';
import { listJobs } from '../../../service/jobs.js';
import { defineCommand, parentOf } from '../../command.js';
import { declareListFlags, type ListOptions } from '../../list-flags.js';
import { inOrder } from '../../order.js';
import { recoveredService } from '../../recovery.js';
import { printList } from '../../render/list.js';
import { jobColumns } from '../../render/tables.js';

export const list = defineCommand<ListOptions>(
  'list',
  'List jobs by name, of all regions unless --region names one.',
  declareListFlags,
  async (context, options) => {
    const service = await recoveredService(context);
    const jobs = listJobs(service, parentOf(context, options).project, options.region);
    await printList(context, options, {
      items: jobs.toSorted(
        (a, b) =>
          inOrder(shortName(a.name), shortName(b.name)) ||
          inOrder(parseName(a.name).location, parseName(b.name).location),
      ),
      columns: jobColumns(context.io.out.chalk),
      resource: (job) => job,
      firstStep: 'localrun jobs create NAME --image IMAGE',
    });
  },
);
