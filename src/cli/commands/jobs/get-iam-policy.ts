import type { Context } from '../../command/context.js';
import { getIamPolicy } from '../../../service/iam.js';
import type { CommonOptions } from '../../flags/global.js';
import { jobNameOf } from '../../command/resource-names.js';
import { inYaml, policyVersion } from '../../command/iam-policy.js';
import { print } from '../../output/print.js';
import { plain } from '../../output/resource-kinds.js';

export async function run(context: Context, options: CommonOptions, id: string): Promise<void> {
  const resource = jobNameOf(context, options, id);
  const policy = getIamPolicy(await context.service(), { resource, requestedPolicyVersion: policyVersion });
  await print(context, inYaml(options), policy, { kind: plain });
}
