import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { schema, schemaVersion, storeMark } from '../../src/store/schema.js';

/** The schema of each version, by the start of its hash. A schema that changes gets the next version, and a line here. */
const versions: Record<number, string> = { 6: 'b1a0f4cf79ee780f' };

test('a schema that has changed has a new version', () => {
  const hash = createHash('sha256').update(schema).digest('hex').slice(0, 16);
  expect(versions[schemaVersion]).toBe(hash);
  expect(Object.keys(versions).at(-1)).toBe(String(schemaVersion));
  expect(Buffer.from(storeMark.toString(16), 'hex').toString()).toBe('lrun');
});
