import { type Command, Option } from 'commander';
import { StatusError, UsageError } from '../../model/errors.js';
import type { Expr, Policy, PolicyInput } from '../../model/iam/policy.js';
import { shortName } from '../../model/names.js';
import { getIamPolicy, setIamPolicy } from '../../service/iam.js';
import type { ServiceDeps } from '../../service/service.js';
import { type CommonOptions } from './command.js';
import type { Context } from './context.js';
import { dictFlag } from '../flags/parsers.js';
import { print } from '../output/print.js';
import { plain } from '../output/format/resource-kinds.js';
import { readSpecText } from './spec-file.js';

/** The version of policies that knows conditions. */
export const policyVersion = 3;

/** How often a change is tried again when somebody else changes the policy at the same time. */
const maxAttempts = 5;

/** Reads the policy of a job, changes it and writes it back. */
export async function changePolicy(
  service: ServiceDeps,
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

/** Says that the policy of a job was changed, and prints it. */
export async function printPolicy(
  context: Context,
  options: CommonOptions,
  job: string,
  policy: Policy,
): Promise<void> {
  context.io.err.write(`Updated IAM policy for job [${shortName(job)}].\n`);
  await print(context, inYaml(options), policy, { kind: plain });
}

/** Policies are printed as YAML unless another format is asked for. */
export const inYaml = (options: CommonOptions): CommonOptions => ({
  ...options,
  format: options.format ?? { printer: 'yaml', attributes: {}, keys: [] },
});

export interface BindingFlags {
  member: string;
  role: string;
  condition?: Expr | 'none';
  conditionFromFile?: string;
}

export const declareBindingFlags = (command: Command): Command =>
  command
    .argument('<job>', 'the name of the job')
    .requiredOption('--member <member>', 'whom it is about, e.g. user:EMAIL, serviceAccount:EMAIL, allUsers')
    .requiredOption('--role <role>', 'e.g. roles/run.invoker')
    .option(
      '--condition <KEY=VALUE,...>',
      'when the binding holds: expression=CEL,title=TITLE[,description=TEXT]; None: always',
      conditionFlag,
    )
    .addOption(
      new Option('--condition-from-file <file>', 'the same as YAML or JSON, - for stdin').conflicts('condition'),
    );

const conditionKeys = ['expression', 'title', 'description'];

function conditionFlag(text: string): Expr | 'none' {
  if (text.toLowerCase() === 'none') return 'none';
  return conditionOf('--condition', dictFlag('--condition')(text));
}

function conditionOf(flag: string, value: Readonly<Record<string, unknown>>): Expr {
  for (const [key, part] of Object.entries(value)) {
    if (!conditionKeys.includes(key)) {
      throw new UsageError(`argument ${flag}: Key [${key}] not recognized; it takes ${conditionKeys.join(', ')}`);
    }
    if (typeof part !== 'string') throw new UsageError(`argument ${flag}: ${key} must be a string`);
  }
  for (const key of ['expression', 'title']) {
    if (!value[key]) throw new UsageError(`argument ${flag}: Key [${key}] required in dict arg but not provided`);
  }
  return value as unknown as Expr;
}

/** The condition that the flags give; undefined if they give none, `none` if they say that there is none. */
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

/** A change of one binding has to say which, once a policy tells them apart by conditions. */
export function needCondition(policy: Policy, condition: Expr | 'none' | undefined, doing: string, more = ''): void {
  if (condition !== undefined || policy.version !== policyVersion) return;
  throw new StatusError(
    'UNKNOWN',
    `${doing} a policy containing conditions takes \`--condition\`, or \`--condition=None\` for a binding without a condition${more}.`,
  );
}
