import type { Context } from '../../command/context.js';
import type { BindingFlags } from '../../flags/iam-binding.js';
import { StatusError } from '../../../model/errors.js';
import { withoutMember } from '../../../model/iam/policy.js';
import type { CommonOptions } from '../../flags/global.js';
import { jobNameOf } from '../../command/resource-names.js';
import { changePolicy, conditionIn, needCondition, printPolicy } from '../../command/iam-policy.js';

export async function run(
  context: Context,
  options: CommonOptions & BindingFlags & { all?: true },
  id: string,
): Promise<void> {
  const { role, member } = options;
  const resource = jobNameOf(context, options, id);
  const given = await conditionIn(context, options);
  const policy = await changePolicy(await context.service(), resource, (current) => {
    if (!options.all) {
      needCondition(current, given, 'Removing a binding from', ', or `--all` for all of this principal and role');
    }
    const condition = options.all ? 'all' : given === 'none' ? undefined : given;
    const changed = withoutMember(current, role, member, condition);
    if (changed) return changed;
    const what = given && given !== 'none' ? 'principal, role, and condition' : 'principal and role';
    throw new StatusError('UNKNOWN', `Policy binding with the specified ${what} not found!`);
  });
  await printPolicy(context, options, resource, policy);
}
