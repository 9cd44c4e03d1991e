import type { Context } from '../../command/context.js';
import type { BindingFlags } from '../../flags/iam-binding.js';
import { withMember } from '../../../model/iam/policy.js';
import type { CommonOptions } from '../../flags/global.js';
import { jobNameOf } from '../../command/resource-names.js';
import { changePolicy, conditionIn, needCondition, printPolicy } from '../../command/iam-policy.js';

export async function run(context: Context, options: CommonOptions & BindingFlags, id: string): Promise<void> {
  const { role, member } = options;
  const resource = jobNameOf(context, options, id);
  const condition = await conditionIn(context, options);
  const policy = await changePolicy(await context.service(), resource, (current) => {
    needCondition(current, condition, 'Adding a binding to');
    return withMember(current, role, member, condition === 'none' ? undefined : condition);
  });
  await printPolicy(context, options, resource, policy);
}
