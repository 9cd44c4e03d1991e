import type { SecretSource } from '../model/local/settings.js';
import { readLocal } from './file.js';

/** The value of a secret version that is written in a localrun.yaml, as it is now. @throws RunError if that has none */
export async function inlineValue({
  inline,
  at,
}: Extract<SecretSource, { inline: string }>): Promise<string | undefined> {
  const { value } = await readLocal(inline);
  const found = at.reduce<unknown>(
    (of, key) => (of && Object.hasOwn(of, key) ? (of as Record<string, unknown>)[key] : undefined),
    value,
  );
  return typeof found === 'string' ? found : undefined;
}
