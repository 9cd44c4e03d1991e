import { StatusError } from '../model/errors.js';
import { grantedBy, type Holds, type Permission, permissions } from '../model/iam/permissions.js';
import { emptyPolicy } from '../model/iam/policy.js';
import { jobName, parseName } from '../model/names.js';
import type { Call } from './service.js';

/**
 * Checks a permission of the caller, if policies are enforced. `resource` is a job, a resource below it, or a parent of
 * jobs, on which only the project's owner has permissions.
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

/** The permissions of the caller on a job, or on a resource below it, whether or not policies are enforced. */
export function grantedTo(call: Call, resource: string, holds: Holds): ReadonlySet<Permission> {
  if (call.account === call.projectOwner) return new Set(permissions);
  if (!resource.includes('/jobs/')) return new Set();
  const parts = parseName(resource);
  const job = jobName(parts, parts.job);
  return grantedBy(call.store.policy(job) ?? emptyPolicy, call.account, holds, { resource: job, time: call.now() });
}
