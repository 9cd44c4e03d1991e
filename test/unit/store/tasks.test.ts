import { expect, test } from 'vitest';
import { storedExecution, storedJob } from '../../support/filled.js';
import { jobInput } from '../../support/jobs.js';
import { ServiceWorld } from '../../support/service.js';

test('the attempts of a task are read without those of thousands of others', () => {
  const world = new ServiceWorld();
  const usage = { 'container-0': { peakMemoryBytes: 2 ** 20 } };
  const [few, many] = [20, 4000].map((taskCount) => {
    const job = storedJob(world, `of-${taskCount}`, jobInput({ taskCount }));
    return storedExecution(world, job, 'x7k2p', world.now, () => ({
      state: 'Succeeded',
      attempts: [
        { at: 0, ran: 1, exitCode: 1 },
        { at: 2, ran: 1, usage },
      ],
    })).name;
  });
  const { store } = world;
  expect(store.attempts(many ?? '', 17).map(({ task, attempt }) => [task, attempt])).toEqual([
    [17, 0],
    [17, 1],
  ]);
  expect(store.usages(many ?? '', { from: 17, to: 17 })).toEqual([{ task: 17, attempt: 1, usage }]);
  expect([store.attempts(few ?? '').length, store.usages(few ?? '').length]).toEqual([40, 20]);
  // The shortest time of many is one in which nothing else ran.
  const least = { few: Infinity, many: Infinity };
  for (let round = 0; round < 60; round++) {
    for (const [which, name] of [
      ['few', few ?? ''],
      ['many', many ?? ''],
    ] as const) {
      const since = performance.now();
      store.attempts(name, 17);
      store.usages(name, { from: 17, to: 17 });
      least[which] = Math.min(least[which], performance.now() - since);
    }
  }
  expect(least.many).toBeLessThan(5 * least.few);
});
