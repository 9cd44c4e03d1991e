import type { Context } from '../../command/context.js';
import { setIamPolicy } from '../../../service/iam.js';
import type { CommonOptions } from '../../flags/global.js';
import { confirm } from '../../command/prompts.js';
import { jobNameOf } from '../../command/resource-names.js';
import { policyVersion, printPolicy } from '../../command/iam-policy.js';
import { failOn, readSpecText } from '../../command/spec-file.js';

export async function run(context: Context, options: CommonOptions, id: string, path: string): Promise<void> {
  const resource = jobNameOf(context, options, id);
  const { readPolicy } = await import('../../../model/iam/read.js');
  const { file, text } = await readSpecText(context, path, 'policy');
  const { policy = {}, problems } = readPolicy(file, text);
  failOn(problems, file);
  if (!policy.etag) {
    await confirm(
      context,
      options,
      'The specified policy does not contain an "etag" field identifying a specific version to replace. Changing a policy without an "etag" can overwrite concurrent policy changes.',
      'Replace existing policy (Y/n)?  ',
    );
  }
  const updateMask = ['bindings', ...(['auditConfigs', 'etag'] as const).filter((field) => policy[field])].join(',');
  const written = await setIamPolicy(await context.service(), {
    resource,
    policy: { ...policy, version: policyVersion },
    updateMask,
  });
  await printPolicy(context, options, resource, written);
}
