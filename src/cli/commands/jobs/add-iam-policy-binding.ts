import { withMember } from '../../../model/iam/policy.js';
import { type CommonOptions, defineCommand, jobNameOf } from '../../command/command.js';
import {
  type BindingFlags,
  changePolicy,
  conditionIn,
  declareBindingFlags,
  needCondition,
  printPolicy,
} from '../../command/iam-policy.js';

export const addBinding = defineCommand<CommonOptions & BindingFlags, [job: string]>(
  'add-iam-policy-binding',
  'Give somebody a role in the IAM policy of a job.',
  declareBindingFlags,
  async (context, options, id) => {
    const { role, member } = options;
    const resource = jobNameOf(context, options, id);
    const condition = await conditionIn(context, options);
    const policy = await changePolicy(await context.service(), resource, (current) => {
      needCondition(current, condition, 'Adding a binding to');
      return withMember(current, role, member, condition === 'none' ? undefined : condition);
    });
    await printPolicy(context, options, resource, policy);
  },
);
