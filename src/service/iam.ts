import { getJob } from './jobs.js';
import type { ServiceDeps } from './service.js';

export interface Policy {
  etag: string;
}

/**
 * The IAM policy of a job. A job that never had one answers with the etag of an empty policy (observed).
 * @throws RunError NOT_FOUND
 */
export function getIamPolicy(deps: ServiceDeps, job: string): Policy {
  getJob(deps, job);
  return { etag: 'ACAB' };
}
