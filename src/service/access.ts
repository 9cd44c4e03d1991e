import { StatusError } from '../model/errors.js';
import { grantedBy, type Holds, type Permission, permissions } from '../model/iam/permissions.js';
import { emptyPolicy } from '../model/iam/policy.js';
import { jobName, parseName } from '../model/names.js';
import type { ServiceDeps } from './service.js';

/**
 * Refuses what the caller must not do, if policies are enforced. `resource` is a job, something of a job, or a parent
 * of jobs, on which only the project's owner has permissions.
 * @throws StatusError PERMISSION_DENIED
 */
export function authorize(deps: ServiceDeps, permission: Permission, resource: string): void {
  if (!deps.enforced || grantedTo(deps, resource, deps.enforced).has(permission)) return;
  throw new StatusError(
    'PERMISSION_DENIED',
    `Permission '${permission}' denied on resource '${resource}' (or resource may not exist).`,
    { fix: `the caller is ${deps.account}; ${deps.projectOwner} may do everything` },
  );
}

/** What the caller may do with a job, or with something of a job, whether or not that is enforced. */
export function grantedTo(deps: ServiceDeps, resource: string, holds: Holds): ReadonlySet<Permission> {
  if (deps.account === deps.projectOwner) return new Set(permissions);
  if (!resource.includes('/jobs/')) return new Set();
  const parts = parseName(resource);
  const job = jobName(parts, parts.job);
  return grantedBy(deps.store.policy(job) ?? emptyPolicy, deps.account, holds, { resource: job, time: deps.now() });
}
