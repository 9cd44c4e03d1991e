import { createHash } from 'node:crypto';
import { StatusError } from '../model/errors.js';
import { isPermission, type Permission } from '../model/iam/permissions.js';
import {
  emptyPolicy,
  inVersion,
  nextEtag,
  normalized,
  type Policy,
  policyFields,
  type PolicyInput,
  type PolicyViolation,
  validatePolicy,
} from '../model/iam/policy.js';
import { formatPath, snakeCase } from '../model/field-path.js';
import { authorize, grantedTo } from './authorization.js';
import { writing } from './retention.js';
import { type Call, notFoundJob } from './service.js';

/**
 * The IAM policy of a job. A client that does not ask for version 3 gets no conditions.
 * @throws StatusError NOT_FOUND, INVALID_ARGUMENT
 */
export function getIamPolicy(
  call: Call,
  { resource, requestedPolicyVersion = 0 }: { resource: string; requestedPolicyVersion?: number | undefined },
): Policy {
  authorize(call, 'run.jobs.getIamPolicy', resource);
  if (![0, 1, 3].includes(requestedPolicyVersion)) {
    throw new StatusError(
      'INVALID_ARGUMENT',
      `options.requested_policy_version: must be 0, 1 or 3, got ${requestedPolicyVersion}`,
    );
  }
  return inVersion(policyOf(call, resource), requestedPolicyVersion, (text) =>
    createHash('sha256').update(text).digest('hex').slice(0, 20),
  );
}

function policyOf(call: Call, job: string): Policy {
  if (!call.store.job(job)) throw notFoundJob(call, job);
  return call.store.policy(job) ?? emptyPolicy;
}

export interface SetIamPolicyRequest {
  resource: string;
  policy: PolicyInput;
  /** The fields of the policy to replace, comma-separated; `bindings,etag` if unset. */
  updateMask?: string | undefined;
}

/**
 * Replaces the IAM policy of a job, or the parts of it that the mask names. With an etag, only if the policy still has
 * that one.
 * @throws StatusError NOT_FOUND, INVALID_ARGUMENT, ABORTED
 */
export async function setIamPolicy(call: Call, request: SetIamPolicyRequest): Promise<Policy> {
  const { resource, policy } = request;
  authorize(call, 'run.jobs.setIamPolicy', resource);
  const mask = maskOf(request.updateMask);
  refusePolicy([...validatePolicy(policy), ...(await wrongConditions(policy))]);
  return writing(call, () => {
    const current = policyOf(call, resource);
    if (mask.has('etag') && policy.etag && policy.etag !== current.etag) {
      throw new StatusError(
        'ABORTED',
        `There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff. The request's ETag '${policy.etag}' did not match the current policy's ETag '${current.etag}'.`,
      );
    }
    const next = normalized(
      {
        bindings: mask.has('bindings') ? (policy.bindings ?? []) : (current.bindings ?? []),
        auditConfigs: mask.has('auditConfigs') ? (policy.auditConfigs ?? []) : (current.auditConfigs ?? []),
      },
      nextEtag(current.etag, call.now()),
    );
    call.store.savePolicy(resource, next);
    return next;
  });
}

type MaskField = (typeof policyFields)[number];

function maskOf(text: string | undefined): ReadonlySet<MaskField> {
  const paths = (text || 'bindings,etag')
    .split(',')
    .map((path) => path.trim().replace('audit_configs', 'auditConfigs'));
  const unknown = paths.find((path) => !(policyFields as readonly string[]).includes(path));
  if (unknown !== undefined) {
    throw new StatusError('INVALID_ARGUMENT', `update_mask: a policy has no field ${unknown}`, {
      fix: `its fields are ${policyFields.join(', ')}`,
    });
  }
  return new Set(paths as MaskField[]);
}

/** Loads the language of conditions only if there are any. */
async function wrongConditions({ bindings = [] }: PolicyInput): Promise<PolicyViolation[]> {
  if (!bindings.some(({ condition }) => condition)) return [];
  const { expressionProblem } = await import('../model/iam/conditions.js');
  return bindings.flatMap(({ condition }, i) => {
    const problem = condition?.expression ? expressionProblem(condition.expression) : undefined;
    if (problem === undefined) return [];
    return { path: ['bindings', i, 'condition', 'expression'], description: `Invalid expression: ${problem}` };
  });
}

/**
 * Which of some permissions the caller has on a job by its policy, enforced or not; none on a job that does not exist.
 * @throws StatusError INVALID_ARGUMENT for a permission that jobs do not have
 */
export async function testIamPermissions(
  call: Call,
  { resource, permissions }: { resource: string; permissions: readonly string[] },
): Promise<Permission[]> {
  const asked = permissions.map((permission) => {
    if (isPermission(permission)) return permission;
    throw new StatusError('INVALID_ARGUMENT', `Permission ${permission} is not valid for this resource.`);
  });
  if (!call.store.job(resource)) return [];
  const { holds } = await import('../model/iam/conditions.js');
  const granted = grantedTo(call, resource, holds);
  return asked.filter((permission) => granted.has(permission));
}

/** @throws StatusError INVALID_ARGUMENT with all violations */
function refusePolicy(violations: readonly PolicyViolation[]): void {
  const [first] = violations;
  if (!first) return;
  const field = formatPath(first.path.map((step) => (typeof step === 'string' ? snakeCase(step) : step)));
  throw new StatusError('INVALID_ARGUMENT', `Violation in SetIamPolicyRequest.policy.${field}: ${first.description}`, {
    problems: violations.map(({ path, description, fix }) => ({
      path: formatPath(path),
      message: description,
      fix,
      severity: 'error',
    })),
  });
}
