import { StatusError } from '../errors.js';
import { mergedEnv } from '../overrides.js';
import type { EnvVar } from '../schema/container.js';

/** What to do with the literal variables of a container; those that take a secret stay. What is not given is left alone. */
export interface EnvEdit {
  /** Drops all, as the first thing. */
  clear?: boolean | undefined;
  remove?: readonly string[] | undefined;
  /** Adds, or puts in place of those of the same name. */
  update?: Readonly<Record<string, string>> | undefined;
}

/** @throws StatusError for a literal in place of a secret: which of the two is meant has to be said by a removal */
export function editedEnv(env: readonly EnvVar[] = [], { clear, remove = [], update = {} }: EnvEdit): EnvVar[] {
  const kept = env.filter(({ name, valueSource }) => valueSource || !(clear || remove.includes(name)));
  for (const name of Object.keys(update)) {
    if (kept.some((variable) => variable.name === name && variable.valueSource)) {
      throw otherType(name, 'string literal', `remove the secret first, in a command before: --remove-secrets=${name}`);
    }
  }
  return mergedEnv(
    kept,
    Object.entries(update).map(([name, value]) => ({ name, value })),
  );
}

export const otherType = (name: string, type: string, fix: string): StatusError =>
  new StatusError(
    'INVALID_ARGUMENT',
    `Cannot update environment variable [${name}] to ${type} because it has already been set with a different type.`,
    { fix },
  );
