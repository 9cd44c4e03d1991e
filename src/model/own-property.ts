/** What a record has of its own under a key; keys are what people write, `constructor` and `__proto__` among them. */
export const ownProperty = <T>(record: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined;
