import { listJobs } from '../../../service/jobs.js';
import { everyPage } from '../../../service/pages.js';
import { placesElsewhere } from '../../../service/places.js';
import { defineCommand, parentOf } from '../../command/command.js';
import { declareListFlags, enough, type ListOptions } from '../../flags/list.js';
import { recoveredService } from '../../command/recovered-service.js';
import { jobKind } from '../../output/format/resource-kinds.js';
import { printList, tellElsewhere } from '../../output/list.js';
import { jobColumns, projections } from '../../output/columns.js';
import { readColumns } from '../../output/format/projection.js';

export const list = defineCommand<ListOptions & { showDeleted?: true }>(
  'list',
  'List jobs by name, of all regions unless --region names one.',
  (command) => declareListFlags(command.option('--show-deleted', 'also those deleted in the last 30 days')),
  async (context, options) => {
    const service = await recoveredService(context);
    const { project } = parentOf(context, options);
    const request = { project, location: options.region, showDeleted: options.showDeleted, byName: true };
    const items = everyPage((page) => listJobs(service, { ...request, ...page }), enough(options));
    await printList(context, options, {
      items,
      columns: jobColumns(context.io.out),
      kind: jobKind,
      firstStep: 'localrun jobs create NAME --image IMAGE',
    });
    if (options.project !== undefined) return;
    const others = new Map<string, number>();
    for (const place of placesElsewhere(service, { kind: 'job' })) {
      if (place.project !== project) others.set(place.project, (others.get(place.project) ?? 0) + place.count);
    }
    const commands = [...others].map(([other, count]) => ({
      count,
      where: `project ${other}`,
      command: `localrun jobs list --project ${other}`,
    }));
    tellElsewhere(context, options, 'job', commands);
  },
  { formats: { columns: readColumns(projections.job) } },
);
