import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Batches } from '../../../src/runtime/docker/batches.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Batches that note what they were asked, and when, in ms. */
function noted(patience?: number): { batches: Batches<string>; log: string[] } {
  const log: string[] = [];
  const begin = Date.now();
  const work = async (names: readonly string[]): Promise<string[]> => {
    log.push(`${Date.now() - begin}: ${names.join(' ')}`);
    if (names.includes('bad')) throw new Error('no');
    return names.map((name) => name.toUpperCase());
  };
  return { batches: new Batches(work, patience), log };
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
  for (const name of 'abcdefgh') void batches.load(name, true);
  await vi.advanceTimersByTimeAsync(20);
  expect(log).toEqual(['15: a b c d e f g h']);
});

test('no call takes too many', async () => {
  const { batches, log } = noted();
  for (let i = 0; i < 120; i++) void batches.load('x');
  await vi.advanceTimersByTimeAsync(20);
  expect(log.map((line) => line.split('x').length - 1)).toEqual([50, 50, 20]);
});

test('a failure is that of all who asked', async () => {
  const { batches } = noted();
  const results = Promise.allSettled([batches.load('a'), batches.load('bad')]);
  await vi.advanceTimersByTimeAsync(20);
  expect((await results).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});
