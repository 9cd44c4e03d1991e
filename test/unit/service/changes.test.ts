import { execFile } from 'node:child_process';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { StoreChanges, type WatchOptions } from '../../../src/service/changes.js';
import { openStore, storeFile } from '../../../src/store/sqlite.js';
import { useFakeClock } from '../../engine/world.js';
import { someJob, someJobName } from '../../support/jobs.js';
import { tempDirectory } from '../../support/temp.js';

describe('the changes of a store', () => {
  useFakeClock();

  let version: string;
  let asked: number;
  let broken: Error | undefined;
  let changes: StoreChanges;

  beforeEach(() => {
    version = 'first';
    asked = 0;
    broken = undefined;
    changes = new StoreChanges({
      version() {
        asked++;
        if (broken) throw broken;
        return version;
      },
    });
  });

  /** How often a consumer has been called, and its end. */
  function consumer(options: WatchOptions = {}, busyMs = 0): { seen: string[]; ended: Promise<void> } {
    const seen: string[] = [];
    const work = async (): Promise<void> => {
      for await (const _ of changes.watch(options)) {
        seen.push(version);
        if (busyMs > 0) await new Promise((resolve) => setTimeout(resolve, busyMs));
      }
    };
    return { seen, ended: work() };
  }

  async function nothingIsPolled(): Promise<void> {
    const before = asked;
    await vi.advanceTimersByTimeAsync(500);
    expect(asked).toBe(before);
  }

  test('reach a hundred waiters with one poll per interval', async () => {
    const ends = Array.from({ length: 100 }, () => new AbortController());
    const waiters = ends.map(({ signal }) => consumer({ signal }));
    await vi.advanceTimersByTimeAsync(100);
    const before = asked;
    version = 'second';
    await vi.advanceTimersByTimeAsync(1000);
    expect(asked - before).toBeLessThanOrEqual(20);
    for (const { seen } of waiters) expect(seen.at(-1)).toBe('second');
    for (const end of ends) end.abort();
    await Promise.all(waiters.map(({ ended }) => ended));
  });

  test('are seen within 50 ms, and nothing is polled once no consumer waits', async () => {
    const end = new AbortController();
    const { seen, ended } = consumer({ signal: end.signal });
    await vi.advanceTimersByTimeAsync(500);
    const count = seen.length;
    version = 'second';
    await vi.advanceTimersByTimeAsync(50);
    expect(seen).toHaveLength(count + 1);
    end.abort();
    await ended;
    const polls = asked;
    await vi.advanceTimersByTimeAsync(1000);
    expect(asked).toBe(polls);
  });

  test('do not pile up before a slow consumer, and the last one is not lost', async () => {
    const end = new AbortController();
    const slow = consumer({ signal: end.signal }, 1000);
    const quick = consumer({ signal: end.signal });
    for (let i = 0; i < 100; i++) {
      version = `version ${i}`;
      await vi.advanceTimersByTimeAsync(50);
    }
    expect(slow.seen.length).toBeLessThanOrEqual(6);
    await vi.advanceTimersByTimeAsync(2000);
    expect(slow.seen.at(-1)).toBe('version 99');
    expect(quick.seen.at(-1)).toBe('version 99');
    end.abort();
    await vi.advanceTimersByTimeAsync(1000);
    await Promise.all([slow.ended, quick.ended]);
  });

  test('keep a distance where that is asked for, and come without a change, too', async () => {
    const end = new AbortController();
    const spaced = consumer({ signal: end.signal, atMostEvery: 300 });
    const steady = consumer({ signal: end.signal, atLeastEvery: 200 });
    for (let i = 0; i < 24; i++) {
      version = `version ${i}`;
      await vi.advanceTimersByTimeAsync(50);
    }
    expect(spaced.seen.length).toBeLessThanOrEqual(5);
    await vi.advanceTimersByTimeAsync(400);
    expect(spaced.seen.at(-1)).toBe('version 23');
    const count = steady.seen.length;
    await vi.advanceTimersByTimeAsync(1000);
    expect(steady.seen.length - count).toBe(5);
    end.abort();
    await Promise.all([spaced.ended, steady.ended]);
  });

  test('end at once by an abort, before as during a wait, and by the consumer', async () => {
    const end = new AbortController();
    const { ended } = consumer({ signal: end.signal });
    await vi.advanceTimersByTimeAsync(60);
    end.abort();
    await ended;
    const aborted = consumer({ signal: AbortSignal.abort() });
    await aborted.ended;
    expect(aborted.seen).toEqual([]);
    for await (const _ of changes.watch()) break;
    await nothingIsPolled();
  });

  test('fail for all where the store fails', async () => {
    const failing = [consumer(), consumer()];
    await vi.advanceTimersByTimeAsync(60);
    const caught = Promise.allSettled(failing.map(({ ended }) => ended));
    broken = new Error('the store is damaged');
    await vi.advanceTimersByTimeAsync(60);
    expect((await caught).map((result) => result.status)).toEqual(['rejected', 'rejected']);
    await nothingIsPolled();
  });
});

test('a write of another connection changes the version, and so does one of our own', () => {
  const home = tempDirectory();
  const [one, other] = [openStore(home), openStore(home)];
  const versions = [one.version()];
  const grew = (): boolean => {
    versions.push(one.version());
    return new Set(versions).size === versions.length;
  };
  other.saveJob(someJob());
  expect(grew()).toBe(true);
  one.saveJob(someJob());
  expect(grew()).toBe(true);
  expect(one.version()).toBe(versions.at(-1));
  for (const store of [one, other]) store.close();
});

test('a write of another process reaches who waits in this one', async () => {
  const home = tempDirectory();
  const store = openStore(home);
  store.saveJob(someJob());
  const write = `const db = new (require('libsql'))(process.argv[1]); db.exec('DELETE FROM job'); db.close()`;
  for await (const _ of new StoreChanges(store).watch()) {
    if (!store.job(someJobName)) break;
    execFile(process.execPath, ['-e', write, storeFile(home)]);
  }
  expect(store.jobs({ project: 'p' })).toEqual([]);
  store.close();
});
