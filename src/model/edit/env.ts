import { StatusError } from '../errors.js';
import { mergedEnv } from '../overrides.js';
import type { EnvVar } from '../schema/container.js';

/**
 * Changes to the literal variables of a container; variables that hold a secret stay. Absent properties change nothing.
 */
export interface EnvEdit {
  /** Removes all, before everything else. */
  clear?: boolean | undefined;
  remove?: readonly string[] | undefined;
  /** Adds variables, or replaces those of the same name. */
  update?: Readonly<Record<string, string>> | undefined;
}

/** @throws StatusError for a literal in place of a secret: the secret must be removed explicitly */
export function editedEnv(env: readonly EnvVar[] = [], { clear, remove = [], update = {} }: EnvEdit): EnvVar[] {
  const kept = env.filter(({ name, valueSource }) => valueSource || !(clear || remove.includes(name)));
  for (const name of Object.keys(update)) {
    if (kept.some((variable) => variable.name === name && variable.valueSource)) {
      throw otherType(
        name,
        'string literal',
        `remove the secret first, in a separate command: --remove-secrets=${name}`,
      );
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
