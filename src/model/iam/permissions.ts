import { ownProperty } from '../own-property.js';
import type { Policy } from './policy.js';

/** The permissions that the methods of jobs, executions, tasks and operations need (IAM permissions page). */
export const permissions = [
  'run.executions.cancel',
  'run.executions.delete',
  'run.executions.get',
  'run.executions.list',
  'run.jobs.create',
  'run.jobs.createTagBinding',
  'run.jobs.delete',
  'run.jobs.deleteTagBinding',
  'run.jobs.get',
  'run.jobs.getIamPolicy',
  'run.jobs.list',
  'run.jobs.listEffectiveTags',
  'run.jobs.listTagBindings',
  'run.jobs.run',
  'run.jobs.runWithOverrides',
  'run.jobs.setIamPolicy',
  'run.jobs.update',
  'run.locations.get',
  'run.locations.list',
  'run.operations.delete',
  'run.operations.get',
  'run.operations.list',
  'run.tasks.get',
  'run.tasks.list',
] as const;

export type Permission = (typeof permissions)[number];

export const isPermission = (text: string): text is Permission => (permissions as readonly string[]).includes(text);

const everythingBut = (...without: Permission[]): readonly Permission[] =>
  permissions.filter((permission) => !without.includes(permission));

const development = everythingBut('run.jobs.setIamPolicy', 'run.jobs.createTagBinding', 'run.jobs.deleteTagBinding');
const viewing = permissions.filter((permission) => /\.(get|list|getIamPolicy|list[A-Z]\w+)$/.test(permission));
const executing: readonly Permission[] = [
  'run.jobs.run',
  'run.jobs.get',
  'run.jobs.list',
  'run.executions.get',
  'run.executions.list',
  'run.operations.get',
];

/** Which of these permissions each predefined role grants (IAM roles page); other roles grant none of them. */
const roles: Readonly<Record<string, readonly Permission[]>> = {
  'roles/owner': permissions,
  'roles/editor': development,
  'roles/viewer': viewing,
  'roles/run.admin': permissions,
  'roles/run.developer': development,
  'roles/run.viewer': viewing,
  'roles/run.invoker': ['run.jobs.run'],
  'roles/run.jobsExecutor': executing,
  'roles/run.jobsExecutorWithOverrides': [...executing, 'run.jobs.runWithOverrides', 'run.executions.cancel'],
};

/** The attributes that a condition can use: `request.time`, `resource.name`, `resource.type`, `resource.service`. */
export interface Circumstances {
  resource: string;
  /** ms since 1970 */
  time: number;
}

/** Evaluates the expression of a condition. */
export type Holds = (expression: string, circumstances: Circumstances) => boolean;

/** The permissions that a policy grants an account, given by its e-mail address or as `principal://...`. */
export function grantedBy(
  policy: Policy,
  account: string,
  holds: Holds,
  circumstances: Circumstances,
): ReadonlySet<Permission> {
  return new Set(
    (policy.bindings ?? [])
      .filter(({ members }) => members.some((member) => isMember(member, account)))
      .filter(({ condition }) => !condition || holds(condition.expression, circumstances))
      .flatMap(({ role }) => ownProperty(roles, role) ?? []),
  );
}

/** The members of groups and principal sets are unknown here, so these match no account. */
function isMember(member: string, account: string): boolean {
  if (member === 'allUsers' || member === 'allAuthenticatedUsers' || member === account) return true;
  const email = account.toLowerCase();
  const [, type, name] = /^(user|serviceAccount|domain):(.*)$/.exec(member) ?? [];
  return type === 'domain' ? email.endsWith(`@${name}`) : name === email;
}
