/** A record's own property. Keys come from users, and may be `constructor` or `__proto__`. */
export const ownProperty = <T>(record: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined;
