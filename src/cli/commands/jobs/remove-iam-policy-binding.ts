import { Option } from 'commander';
import { StatusError } from '../../../model/errors.js';
import { withoutMember } from '../../../model/iam/policy.js';
import { type CommonOptions, defineCommand, jobNameOf } from '../../command/command.js';
import {
  type BindingFlags,
  changePolicy,
  conditionIn,
  declareBindingFlags,
  needCondition,
  printPolicy,
} from '../../command/iam-policy.js';

export const removeBinding = defineCommand<CommonOptions & BindingFlags & { all?: true }, [job: string]>(
  'remove-iam-policy-binding',
  'Take a role from somebody in the IAM policy of a job.',
  (command) =>
    declareBindingFlags(command).addOption(
      new Option('--all', 'under whatever condition').conflicts(['condition', 'conditionFromFile']),
    ),
  async (context, options, id) => {
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
  },
);
