import { parentName, parseName } from '../../model/names.js';
import { listJobs } from '../../service/jobs.js';
import { everyPage } from '../../service/pages.js';
import type { ServerCall } from '../methods/method.js';

/** The locations that a project has jobs in, and the one of requests that name none. */
export function listLocations(call: ServerCall, project: string): object {
  const jobs = everyPage((page) => listJobs(call, { project, ...page }));
  const ids = new Set([call.location, ...jobs.map(({ name }) => parseName(name).location)]);
  const locations = [...ids].sort().map((locationId) => ({
    name: parentName({ project, location: locationId }),
    locationId,
    displayName: locationId,
  }));
  return { locations };
}
