import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Answers, Batches } from '../../../../src/runtime/docker/batches.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Batches that note what they were asked, and when, in ms. */
function noted(patience?: number): { batches: Batches<string>; log: string[] } {
  const log: string[] = [];
  const begin = Date.now();
  const ask = async (names: readonly string[]): Promise<Answers<string>> => {
    log.push(`${Date.now() - begin}: ${names.join(' ')}`);
    if (names.includes('gone')) throw new Error('no');
    // As podman does: because of one that it cannot serve it leaves the others alone, all or some of them.
    const some = names.includes('mute') ? [] : names.filter((name) => !name.startsWith('bad'));
    return { answers: new Map(some.map((name) => [name, name.toUpperCase()])), failure: new Error('no reason') };
  };
  return { batches: new Batches(ask, patience), log };
}

test('calls at nearly the same time are one', async () => {
  const { batches, log } = noted();
  const results = Promise.all([batches.load('a'), batches.load('b')]);
  await vi.advanceTimersByTimeAsync(10);
  const late = batches.load('c');
  await vi.advanceTimersByTimeAsync(10);
  const next = batches.load('d');
  await vi.advanceTimersByTimeAsync(20);
  expect(log).toEqual(['15: a b c', '35: d']);
  expect([...(await results), await late, await next]).toEqual(['A', 'B', 'C', 'D']);
});

test('one that is in no hurry waits for others, but not for ever', async () => {
  const { batches, log } = noted(500);
  void batches.load('a', true);
  await vi.advanceTimersByTimeAsync(100);
  void batches.load('b', true);
  await vi.advanceTimersByTimeAsync(500);
  expect(log).toEqual(['500: a b']);
  void batches.load('c', true);
  await vi.advanceTimersByTimeAsync(100);
  void batches.load('now');
  await vi.advanceTimersByTimeAsync(100);
  expect(log.slice(1)).toEqual(['715: c now']);
});

test('enough of them are a call', async () => {
  const { batches, log } = noted(500);
  for (const name of 'abcdefghijklmnop') void batches.load(name, true);
  await vi.advanceTimersByTimeAsync(20);
  expect(log).toEqual(['15: a b c d e f g h i j k l m n o p']);
});

test('no call takes too many', async () => {
  const { batches, log } = noted();
  for (let i = 0; i < 120; i++) void batches.load(`x${i}`);
  await vi.advanceTimersByTimeAsync(20);
  expect(log.map((line) => line.split('x').length - 1)).toEqual([50, 50, 20]);
});

test('a failure of the call is that of all who asked', async () => {
  const { batches } = noted();
  const results = Promise.allSettled([batches.load('a'), batches.load('gone')]);
  await vi.advanceTimersByTimeAsync(20);
  expect((await results).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});

test.each([
  [
    ['a', 'bad', 'c', 'bad2', 'c'],
    ['a bad c bad2', 'bad bad2', 'bad', 'bad2'],
  ],
  [
    ['a', 'mute', 'c'],
    ['a mute c', 'a', 'mute', 'c'],
  ],
])('of %j those without an answer are asked about again, and fail alone', async (names, calls) => {
  const { batches, log } = noted();
  const results = Promise.allSettled(names.map((name) => batches.load(name)));
  await vi.advanceTimersByTimeAsync(20);
  const expected = names.map((name) => (/bad|mute/.test(name) ? 'Error: no reason' : name.toUpperCase()));
  expect(
    (await results).map((result) => (result.status === 'fulfilled' ? result.value : String(result.reason))),
  ).toEqual(expected);
  expect(log.map((line) => line.replace('15: ', ''))).toEqual(calls);
});
