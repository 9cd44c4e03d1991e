import { chmodSync, statSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { openStore } from '../../../src/store/sqlite.js';
import { tempDirectory } from '../../support/temp.js';

test('only the owner can read the store, also in a directory that is open to everybody', () => {
  const directory = tempDirectory();
  chmodSync(directory, 0o755);
  const store = openStore(directory);
  const modes = ['localrun.db', 'localrun.db-wal', 'localrun.db-shm'].map(
    (name) => statSync(path.join(directory, name)).mode & 0o777,
  );
  store.close();
  expect(modes).toEqual([0o600, 0o600, 0o600]);
});
