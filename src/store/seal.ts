/** Thrown for a row that differs from what was written. */
export class SealBroken extends Error {
  override name = 'SealBroken';
}

const digits = 8;

/** FNV-1a over the code units of a text, starting from `hash`. It detects accidents, not attacks. */
function checksum(text: string, from = 0): number {
  let hash = 0x811c9dc5;
  for (let i = from; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

const hex = (sum: number): string => sum.toString(16).padStart(digits, '0');

/** A value as JSON, after its checksum. SQLite has checksums only in its log. */
export function sealed(value: unknown): string {
  const json = JSON.stringify(value);
  return `${hex(checksum(json))}${json}`;
}

/** @throws SealBroken */
export function unsealed<T>(text: string): T {
  if (hex(checksum(text, digits)) !== text.slice(0, digits)) throw new SealBroken('a record is not what was written');
  return JSON.parse(text.slice(digits)) as T;
}

/** The checksum of a row, for a column of its own. */
export const sealOf = (values: readonly unknown[]): number => checksum(JSON.stringify(values));

/** @throws SealBroken if the values differ from those that were sealed */
export function checkSeal(seal: unknown, values: readonly unknown[]): void {
  if (seal !== sealOf(values)) throw new SealBroken('a record is not what was written');
}
