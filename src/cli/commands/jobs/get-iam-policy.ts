import { getIamPolicy } from '../../../service/iam.js';
import { type CommonOptions, defineCommand, jobNameOf } from '../../command/command.js';
import { inYaml, policyVersion } from '../../command/iam-policy.js';
import { print } from '../../output/print.js';
import { plain } from '../../output/format/resource-kinds.js';

export const getPolicy = defineCommand<CommonOptions, [job: string]>(
  'get-iam-policy',
  'Show who may do what with a job.',
  (command) => command.argument('<job>', 'the name of the job'),
  async (context, options, id) => {
    const resource = jobNameOf(context, options, id);
    const policy = getIamPolicy(await context.service(), { resource, requestedPolicyVersion: policyVersion });
    await print(context, inYaml(options), policy, { kind: plain });
  },
);
