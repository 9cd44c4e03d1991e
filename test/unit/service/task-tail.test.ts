import { expect, test, vi } from 'vitest';
import { TaskTail } from '../../../src/service/task-tail.js';
import { storedExecution, storedJob } from '../../support/filled.js';
import { jobInput } from '../../support/jobs.js';
import { ServiceWorld } from '../../support/service.js';

test('each look returns the tasks that have changed, with all their attempts', async () => {
  const world = new ServiceWorld();
  const { store } = world;
  const job = storedJob(world, 'nightly', jobInput({ taskCount: 1200 }));
  const execution = storedExecution(world, job, 'x7k2p', world.now, (i) =>
    i === 1100
      ? { state: 'Running', attempts: [{ at: 0, ran: 1, exitCode: 1 }, { at: 2 }] }
      : { state: 'Pending', attempts: [] },
  );
  const { name } = execution;
  const tail = new TaskTail(world);
  const look = async (etag: string): Promise<[index: number, state: string, attempts: number][]> => {
    const found: [number, string, number][] = [];
    for await (const batch of tail.look({ ...execution, etag })) {
      found.push(
        ...batch.map(({ task, attempts }): [number, string, number] => [task.index, task.state, attempts.length]),
      );
    }
    return found;
  };
  // What cannot be read now is not lost.
  vi.spyOn(store, 'attempts').mockImplementationOnce(() => {
    throw new Error('damaged');
  });
  await expect(look('1')).rejects.toThrow('damaged');
  const first = await look('1');
  expect(first.map(([index]) => index)).toEqual(Array.from({ length: 1200 }, (_, i) => i));
  expect(first[1100]).toEqual([1100, 'Running', 2]);
  expect(await look('1')).toEqual([]);
  expect(await look('2')).toEqual([]);
  const task = store.task(name, 7);
  if (task) store.saveTask(name, { ...task, state: 'Scheduled', updateTime: '2027-01-01T00:00:00.000000Z' });
  expect(await look('3')).toEqual([[7, 'Scheduled', 0]]);
  // Where an attempt is changes only the attempt.
  const [, running] = store.attempts(name, 1100);
  if (running) store.saveAttempt(name, { ...running, node: 'node-1' });
  expect(await look('3')).toEqual([[1100, 'Running', 2]]);
});
