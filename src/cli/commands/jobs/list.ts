import type { Context } from '../../command/context.js';
import { listJobs } from '../../../service/jobs.js';
import { everyPage } from '../../../service/pages.js';
import { placesElsewhere } from '../../../service/places.js';
import { parentOf } from '../../command/resource-names.js';
import { enough, type ListOptions } from '../../flags/list.js';
import { recoveredService } from '../../command/recovered-service.js';
import { jobKind } from '../../output/resource-kinds.js';
import { printList, reportElsewhere } from '../../output/list.js';
import { jobColumns, projections } from '../../output/columns.js';

export const projection = projections.job;

export async function run(context: Context, options: ListOptions & { showDeleted?: true }): Promise<void> {
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
  reportElsewhere(context, options, 'job', commands);
}
