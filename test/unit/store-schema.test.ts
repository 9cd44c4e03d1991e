import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import Database from 'libsql';
import { expect, test } from 'vitest';
import { openStore, storeFile } from '../../src/store/sqlite.js';
import { tempDirectory } from '../support/temp.js';
import { schema, schemaVersion, storeMark } from '../../src/store/schema.js';

/** The schema of each version, by the start of its hash. A schema that changes gets the next version, and a line here. */
const versions: Record<number, string> = { 7: '6b22c8f69fa4474c', 8: '43d83fcd2ab5eb84', 9: '3bcfc28f2872b69c' };

test('a schema that has changed has a new version', () => {
  const hash = createHash('sha256').update(schema).digest('hex').slice(0, 16);
  expect(versions[schemaVersion]).toBe(hash);
  expect(Object.keys(versions).at(-1)).toBe(String(schemaVersion));
  expect(Buffer.from(storeMark.toString(16), 'hex').toString()).toBe('lrun');
});

test('all of the schema is in the first page, which a damaged store can get from an empty one', () => {
  const home = tempDirectory();
  const store = openStore(home);
  const checkpoint = new Database(storeFile(home));
  checkpoint.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  checkpoint.close();
  store.close();
  // The type of the page (https://sqlite.org/fileformat2.html#b_tree_pages): a leaf.
  expect(readFileSync(storeFile(home))[100]).toBe(13);
});
