import { chmodSync, readFileSync, statSync } from 'node:fs';
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

test.runIf(process.platform === 'linux')(
  'a process that opens a store once more keeps the locks that it has on it',
  () => {
    const directory = tempDirectory();
    const store = openStore(directory);
    const { ino } = statSync(path.join(directory, 'localrun.db-shm'));
    const locks = (): string[] =>
      readFileSync('/proc/locks', 'utf8')
        .split('\n')
        .filter((line) => line.includes(` ${process.pid} `) && line.includes(`:${ino} `))
        .map((line) => line.replace(/^\d+: /, ''));
    const held = locks();
    expect(held).not.toEqual([]);
    openStore(directory).close();
    expect(locks()).toEqual(held);
    store.close();
  },
);
