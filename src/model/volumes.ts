import { shortName } from './names.js';
import { parseQuantity } from './quantity.js';
import type { Volume } from './schema/container.js';

/** A file of a secret volume. */
export interface SecretItem {
  /** Relative to the mount path. */
  path: string;
  version: string;
  /** Permission bits. */
  mode: number;
}

const defaultSecretMode = 0o444;

/** The files of a secret volume. A secret is read-only, whatever its modes say. */
export function secretItems({ secret, items = [], defaultMode }: NonNullable<Volume['secret']>): SecretItem[] {
  const whole: typeof items = [{ path: shortName(secret) }];
  return (items.length > 0 ? items : whole).map(({ path, version, mode }) => ({
    path,
    version: version || 'latest',
    mode: (mode || defaultMode || defaultSecretMode) & ~0o222,
  }));
}

/**
 * The size of a volume in memory: its limit, or half of the memory that the containers have together; never more than
 * all of it.
 */
export function memoryVolumeBytes(memoryBytes: number, sizeLimit: string | undefined): number {
  const limit = sizeLimit ? parseQuantity(sizeLimit) : undefined;
  return Math.floor(Math.min(limit ?? memoryBytes / 2, memoryBytes));
}
