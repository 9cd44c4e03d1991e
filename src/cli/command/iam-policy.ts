import { StatusError } from '../../model/errors.js';
import type { Expr, Policy, PolicyInput } from '../../model/iam/policy.js';
import { shortName } from '../../model/names.js';
import { getIamPolicy, setIamPolicy } from '../../service/iam.js';
import type { Call } from '../../service/service.js';
import { type BindingFlags, conditionOf } from '../flags/iam-binding.js';
import type { CommonOptions } from '../flags/global.js';
import type { Context } from './context.js';
import { print } from '../output/print.js';
import { plain } from '../output/resource-kinds.js';
import { readSpecText } from './spec-file.js';

/** The version of policies with conditions. */
export const policyVersion = 3;

/** How often a change is attempted when another process changes the policy at the same time. */
const maxAttempts = 5;

/** Reads the policy of a job, changes it and writes it back. */
export async function changePolicy(
  service: Call,
  resource: string,
  change: (policy: Policy) => PolicyInput,
): Promise<Policy> {
  for (let attempt = 1; ; attempt++) {
    const policy = change(getIamPolicy(service, { resource, requestedPolicyVersion: policyVersion }));
    try {
      return await setIamPolicy(service, { resource, policy: { ...policy, version: policyVersion } });
    } catch (error) {
      if (!(error instanceof StatusError) || error.code !== 'ABORTED' || attempt === maxAttempts) throw error;
    }
  }
}

/** Reports that the policy of a job was changed, and prints it. */
export async function printPolicy(
  context: Context,
  options: CommonOptions,
  job: string,
  policy: Policy,
): Promise<void> {
  context.io.err.write(`Updated IAM policy for job [${shortName(job)}].\n`);
  await print(context, inYaml(options), policy, { kind: plain });
}

/** Policies are printed as YAML by default. */
export const inYaml = (options: CommonOptions): CommonOptions => ({
  ...options,
  format: options.format ?? { printer: 'yaml', attributes: {}, keys: [] },
});

/** The condition in the flags; undefined without one, `none` for the explicit absence of a condition. */
export async function conditionIn(context: Context, flags: BindingFlags): Promise<Expr | 'none' | undefined> {
  if (flags.conditionFromFile === undefined) return flags.condition;
  const { file, text } = await readSpecText(context, flags.conditionFromFile, 'condition');
  const { parseValue } = await import('../../model/spec/source-document.js');
  let value: unknown;
  try {
    value = parseValue(text);
  } catch (error) {
    throw new StatusError('INVALID_ARGUMENT', `${file} is not valid YAML: ${(error as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new StatusError('INVALID_ARGUMENT', `${file} must be a mapping with expression and title.`);
  }
  return conditionOf('--condition-from-file', value as Record<string, unknown>);
}

/** Requires a condition where the policy has bindings with conditions: they tell its bindings apart. */
export function needCondition(policy: Policy, condition: Expr | 'none' | undefined, doing: string, more = ''): void {
  if (condition !== undefined || policy.version !== policyVersion) return;
  throw new StatusError(
    'UNKNOWN',
    `${doing} a policy containing conditions requires \`--condition\`, or \`--condition=None\` for a binding without a condition${more}.`,
  );
}
