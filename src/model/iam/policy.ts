import { isDeepStrictEqual } from 'node:util';
import type { FieldPath } from '../field-path.js';
import type { Infer } from '../schema/field.js';
import type { Binding, Expr, PolicyMessage } from '../schema/policy.js';

export type { Binding, Expr } from '../schema/policy.js';

/** Who may do what with a job. Version 3 has conditions, version 1 has none. Without bindings there is no version. */
export type Policy = PolicyInput & { etag: string };

/** A policy as a client writes it. */
export type PolicyInput = Infer<typeof PolicyMessage>;

/** The policy of a job for which none was ever set (observed). */
export const emptyPolicy: Policy = { etag: 'ACAB' };

/** The fields of a policy that an update mask may name. */
export const policyFields = ['bindings', 'auditConfigs', 'version', 'etag'] as const;

/** The most members in all bindings together, and the most groups among them (IAM quotas). */
const maxPrincipals = 1500;
const maxGroups = 250;

/** The suffix of a role name that stands in for a conditional binding when the client does not support conditions. */
const hiddenCondition = '_withcond_';

/** A rule that a policy violates. */
export interface PolicyViolation {
  path: FieldPath;
  description: string;
  fix?: string | undefined;
}

/** Validates a policy that a client sends, except the expressions of its conditions. */
export function validatePolicy({ version = 0, bindings = [] }: PolicyInput): PolicyViolation[] {
  const violations: PolicyViolation[] = [];
  const report = (path: FieldPath, description: string, fix?: string): void =>
    void violations.push({ path, description, fix });
  if (![0, 1, 3].includes(version)) report(['version'], `must be 0, 1 or 3, got ${version}`);
  bindings.forEach(({ role, members, condition }, i) => {
    const at = ['bindings', i];
    if (!roleName.test(role)) {
      report([...at, 'role'], `Invalid role: ${role}`, 'write roles/NAME, or projects/PROJECT/roles/NAME');
    } else if (role.includes(hiddenCondition)) {
      const fix = 'request version 3 of the policy, and write that back';
      report([...at, 'role'], 'stands for a conditional binding that was left out of the policy', fix);
    }
    members.forEach((member, j) => {
      const [description, fix] = memberProblem(member) ?? [];
      if (description !== undefined) report([...at, 'members', j], description, fix);
    });
    if (!condition) return;
    if (!condition.expression) report([...at, 'condition', 'expression'], 'must not be empty');
    if (!condition.title) report([...at, 'condition', 'title'], 'must not be empty');
    if (version !== 3) {
      const fix = 'set version to 3, by which a client declares that it supports conditions';
      report(['version'], 'must be 3 in a policy that has conditions', fix);
    }
  });
  const members = bindings.flatMap((binding) => binding.members);
  const groups = members.filter((member) => member.startsWith('group:')).length;
  if (members.length > maxPrincipals) {
    report(['bindings'], `must have at most ${maxPrincipals} members, got ${members.length}`);
  }
  if (groups > maxGroups) report(['bindings'], `must have at most ${maxGroups} groups, got ${groups}`);
  return violations;
}

const roleName = /^(?:(?:projects|organizations)\/[^/\s]+\/)?roles\/[\w.]+$/;

const memberForms: Record<string, RegExp> = {
  user: /^[^\s@:]+@[^\s@:]+$/,
  serviceAccount: /^[^\s@:]+@[^\s@:]+$|^[^\s@:[\]]+\.svc\.id\.goog\[[^\s/[\]]+\/[^\s/[\]]+\]$/,
  group: /^[^\s@:]+@[^\s@:]+$/,
  domain: /^[^\s@:]+\.[^\s@:.]+$/,
  principal: /^\/\/\S+\/subject\/\S+$/,
  principalSet: /^\/\/\S+$/,
};

/** What is wrong with a member of a binding, and how to fix it. */
function memberProblem(member: string): [description: string, fix: string] | undefined {
  if (member === 'allUsers' || member === 'allAuthenticatedUsers') return undefined;
  const deleted = /^deleted:(.*)\?uid=\d+$/.exec(member)?.[1];
  const [, type = '', name = ''] = /^(\w+):(.*)$/.exec(deleted ?? member) ?? [];
  const form = Object.hasOwn(memberForms, type) ? memberForms[type] : undefined;
  if (!form) {
    return [
      `The member ${member} is of an unknown type. Please set a valid type prefix for the member.`,
      'the types are user:, serviceAccount:, group:, domain:, principal://, principalSet://, deleted:, allUsers and allAuthenticatedUsers',
    ];
  }
  if (form.test(name)) return undefined;
  const shown = type.startsWith('principal') ? '//iam.googleapis.com/...' : type === 'domain' ? 'DOMAIN' : 'EMAIL';
  return [`The member ${member} is malformed.`, `write ${type}:${shown}`];
}

/** A policy as IAM stores it: one binding for each role and condition, members unique and sorted, nothing empty. */
export function normalized(policy: PolicyInput, etag: string): Policy {
  const bindings: Binding[] = [];
  for (const { role, members, condition } of policy.bindings ?? []) {
    const own = bindings.find((binding) => matches(binding, role, condition));
    if (own) own.members.push(...members);
    else bindings.push({ role, members: [...members], ...(condition && { condition }) });
  }
  const kept = bindings
    .filter(({ members }) => members.length > 0)
    .map((binding) => ({ ...binding, members: [...new Set(binding.members.map(spelled))].toSorted() }))
    .toSorted((a, b) => (a.role < b.role ? -1 : a.role > b.role ? 1 : 0));
  return {
    ...(kept.length > 0 && { version: kept.some(({ condition }) => condition) ? 3 : 1, bindings: kept }),
    ...(policy.auditConfigs?.length && { auditConfigs: policy.auditConfigs }),
    etag,
  };
}

/** E-mail addresses and domains are not case-sensitive. */
const spelled = (member: string): string =>
  member.replace(
    /^((?:deleted:)?(?:user|serviceAccount|group|domain):)([^[]*)/,
    (_, type: string, name: string) => type + name.toLowerCase(),
  );

const matches = (binding: Binding, role: string, condition: Expr | undefined): boolean =>
  binding.role === role && isDeepStrictEqual(binding.condition, condition);

/**
 * The policy for a client that requests `version`. Below 3 the client does not support conditions: a conditional
 * binding gets another role name, so that the client cannot mistake it for an unconditional one.
 */
export function inVersion(policy: Policy, version: number, hash: (text: string) => string): Policy {
  if (version === 3 || policy.version !== 3) return policy;
  const bindings = policy.bindings?.map(({ role, members, condition }) => ({
    role: condition ? `${role}${hiddenCondition}${hash(JSON.stringify(condition))}` : role,
    members,
  }));
  return { ...policy, version: 1, ...(bindings && { bindings }) };
}

/** The policy with a member added to a role. */
export function withMember(policy: Policy, role: string, member: string, condition: Expr | undefined): PolicyInput {
  const added: Binding = { role, members: [member], ...(condition && { condition }) };
  return { ...policy, bindings: [...(policy.bindings ?? []), added] };
}

/**
 * The policy without a member in a role: under that condition only (undefined: without a condition), or under any
 * condition with `all`. Undefined if the policy has no such binding.
 */
export function withoutMember(
  policy: Policy,
  role: string,
  member: string,
  condition: Expr | 'all' | undefined,
): PolicyInput | undefined {
  let found = false;
  const bindings = (policy.bindings ?? []).map((binding) => {
    const meant = condition === 'all' ? binding.role === role : matches(binding, role, condition);
    if (!meant || !binding.members.includes(spelled(member))) return binding;
    found = true;
    return { ...binding, members: binding.members.filter((other) => other !== spelled(member)) };
  });
  return found ? { ...policy, bindings } : undefined;
}

/**
 * An etag as IAM writes it: the byte 7 and the time in microseconds since 1970, in base64. It is always later than the
 * one before, so that no two are equal. `now` is in ms.
 */
export function nextEtag(last: string, now: number): string {
  const bytes = Buffer.from(last, 'base64');
  const previous = bytes.length === 8 ? bytes.readBigUInt64BE() : 0n;
  const time = (7n << 56n) + BigInt(Math.round(now * 1000));
  const next = Buffer.alloc(8);
  next.writeBigUInt64BE(time > previous ? time : previous + 1n);
  return next.toString('base64');
}
