import type { LocalSecretVersion } from '../model/local/schema.js';
import type { SecretSource } from '../model/local/settings.js';
import { get } from '../model/spec/v1/mapping.js';
import { readLocal } from './file.js';

/** The value of a secret version that is written in a localrun.yaml, as it is now. @throws StatusError if that has none */
export async function inlineValue({
  inline,
  at,
}: Extract<SecretSource, { inline: string }>): Promise<LocalSecretVersion['value']> {
  const { value } = await readLocal(inline);
  return get(value, at) as LocalSecretVersion['value'];
}
