import { UsageError } from '../errors.js';
import type { Expr } from '../../model/iam/policy.js';
import { type Flag, flag } from './flag.js';
import { dictFlag } from './parsers.js';

/** The flags that describe one binding of an IAM policy. */
export interface BindingFlags {
  member: string;
  role: string;
  condition?: Expr | 'none';
  conditionFromFile?: string;
}

const conditionKeys = ['expression', 'title', 'description'];

function conditionFlag(text: string): Expr | 'none' {
  if (text.toLowerCase() === 'none') return 'none';
  return conditionOf('--condition', dictFlag('--condition')(text));
}

/** The condition that a flag's keys and values describe. @throws UsageError */
export function conditionOf(name: string, value: Readonly<Record<string, unknown>>): Expr {
  for (const [key, part] of Object.entries(value)) {
    if (!conditionKeys.includes(key)) {
      throw new UsageError(`argument ${name}: Key [${key}] not recognized; valid keys: ${conditionKeys.join(', ')}`);
    }
    if (typeof part !== 'string') throw new UsageError(`argument ${name}: ${key} must be a string`);
  }
  for (const key of ['expression', 'title']) {
    if (!value[key]) throw new UsageError(`argument ${name}: Key [${key}] required in dict arg but not provided`);
  }
  return value as unknown as Expr;
}

export const bindingFlags: readonly Flag[] = [
  flag('--member <member>', 'the principal, e.g. user:EMAIL, serviceAccount:EMAIL, allUsers', { required: true }),
  flag('--role <role>', 'the role, e.g. roles/run.invoker', { required: true }),
  flag(
    '--condition <KEY=VALUE,...>',
    'when the binding applies: expression=CEL,title=TITLE[,description=TEXT]; None: always',
    { parse: conditionFlag },
  ),
  flag('--condition-from-file <file>', 'the same as YAML or JSON, - for stdin', { conflicts: ['condition'] }),
];
