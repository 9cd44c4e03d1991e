import { StatusError } from '../model/errors.js';
import { grantedBy, type Holds, type Permission, permissions } from '../model/iam/permissions.js';
import { emptyPolicy } from '../model/iam/policy.js';
import { jobName, parseName } from '../model/names.js';
import type { Call } from './service.js';

/**
 * Refuses what the caller must not do, if policies are enforced. `resource` is a job, something of a job, or a parent
 * of jobs, on which only the project's owner has permissions.
 * @throws StatusError PERMISSION_DENIED
 */
export function authorize(call: Call, permission: Permission, resource: string): void {
  if (!call.enforced || grantedTo(call, resource, call.enforced).has(permission)) return;
  throw new StatusError(
    'PERMISSION_DENIED',
    `Permission '${permission}' denied on resource '${resource}' (or resource may not exist).`,
    { fix: `the caller is ${call.account}; ${call.projectOwner} may do everything` },
  );
}

/** What the caller may do with a job, or with something of a job, whether or not that is enforced. */
export function grantedTo(call: Call, resource: string, holds: Holds): ReadonlySet<Permission> {
  if (call.account === call.projectOwner) return new Set(permissions);
  if (!resource.includes('/jobs/')) return new Set();
  const parts = parseName(resource);
  const job = jobName(parts, parts.job);
  return grantedBy(call.store.policy(job) ?? emptyPolicy, call.account, holds, { resource: job, time: call.now() });
}
