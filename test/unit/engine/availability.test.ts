import { beforeEach, expect, test, vi } from 'vitest';
import { RuntimeAvailability } from '../../../src/engine/availability.js';
import { StatusError } from '../../../src/model/errors.js';
import { useFakeClock } from '../../engine/world.js';

useFakeClock();

let away: boolean;
const call = async (): Promise<string> => {
  if (away) throw new StatusError('UNAVAILABLE', 'gone');
  return 'answer';
};
beforeEach(() => void (away = false));

test('knows when the engine was away: from its last answer to the next', async () => {
  const told: string[] = [];
  const availability = new RuntimeAvailability(({ type }) => told.push(type), Date.now);
  const at = (): number => Date.now();
  const begun = at();
  await vi.advanceTimersByTimeAsync(1000);
  await availability.insist(call);
  const before = at();
  away = true;
  const answers = Promise.all([availability.insist(call), availability.insist(call)]);
  await vi.advanceTimersByTimeAsync(5000);
  const meanwhile = at();
  away = false;
  await vi.advanceTimersByTimeAsync(1000);
  expect(await answers).toEqual(['answer', 'answer']);
  expect(told).toEqual(['runtime.unavailable', 'runtime.available']);
  await vi.advanceTimersByTimeAsync(1000);
  expect([begun, before - 1, before, meanwhile, at()].map((time) => availability.wasAway(time))).toEqual([
    ...[false, false],
    ...[true, true],
    false,
  ]);
});

test.each([
  [2, 'answer'],
  [3, 'busy'],
])('a call that the engine fails to carry out %i times ends with: %s', async (failures, result) => {
  let calls = 0;
  const busy = async (): Promise<string> => {
    if (++calls <= failures) throw new StatusError('INTERNAL', 'busy');
    return 'answer';
  };
  const told: string[] = [];
  const outcome = new RuntimeAvailability(({ type }) => told.push(type), Date.now)
    .insist(busy)
    .catch((error: Error) => error.message);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await outcome).toBe(result);
  expect(calls).toBe(3);
  expect(told).toEqual([]);
});
