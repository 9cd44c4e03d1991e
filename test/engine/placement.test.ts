import { describe, expect, test } from 'vitest';
import { completionStatus } from '../../src/model/execution.js';
import type { KubernetesSettings } from '../../src/model/local/settings.js';
import { listTasks, spreadOf, type TaskView } from '../../src/service/tasks.js';
import { FakeRuntime } from '../support/fake-runtime.js';
import { ServiceWorld } from '../support/service.js';
import { useFakeClock, World } from './world.js';

useFakeClock();

const runtime: KubernetesSettings = {
  ...{ kind: 'kubernetes', imagesOnNodes: true, imagePullSecrets: [], nodeSelector: {}, tolerations: [] },
};
const noRoom = '0/2 nodes are available: 2 Insufficient cpu.';

/** What the service shows of the tasks of a world. */
const shown = ({ store, name }: World<FakeRuntime>): TaskView[] =>
  listTasks({ ...new ServiceWorld().call, store }, { parent: name }).items;

describe('attempts on a cluster', () => {
  test('have a node once they are placed, and until then the reason why they wait', async () => {
    const cluster = new FakeRuntime((_, { task }) =>
      task === 0 ? { node: 'n1', ms: 60_000 } : { node: 'n2', ms: 1000, waits: noRoom, waitMs: 30_000 },
    );
    const world = new World(cluster, { taskCount: 2 }, {}, 32, { runtime });
    const running = world.run();
    await world.advance(5000);
    expect(world.store.openAttempts(world.name)).toMatchObject([{ node: 'n1' }, { waiting: noRoom }]);
    expect(spreadOf(world, world.name)).toEqual({ nodes: new Map([['n1', 1]]), waiting: new Map([[noRoom, 1]]) });
    const [first, second] = shown(world);
    expect(first?.place).toEqual({ node: 'n1', waiting: undefined });
    expect(first?.task.conditions?.map(({ type }) => type)).toEqual(['Completed', 'Started']);
    expect(second?.task.conditions?.at(-1)).toMatchObject({
      ...{ type: 'ResourcesAvailable', state: 'CONDITION_RECONCILING', message: noRoom },
    });
    expect(completionStatus(await world.finish(running))).toBe('EXECUTION_SUCCEEDED');
    expect(world.store.attempts(world.name)).toMatchObject([{ node: 'n1' }, { node: 'n2' }]);
    expect(shown(world)[1]?.task.conditions?.map(({ type }) => type)).toEqual(['Completed', 'Started']);
    const waits = world.events.filter(({ type }) => type === 'attempt.waiting');
    expect(waits).toMatchObject([
      { task: 1, why: noRoom },
      { task: 1, why: undefined },
    ]);
  });

  test('that wait have no timeout, and can be cancelled', async () => {
    const cluster = new FakeRuntime(() => ({ waits: noRoom, waitMs: 10_000_000 }));
    const world = new World(cluster, {}, { timeout: '10s' }, 32, { runtime });
    const running = world.run();
    await world.advance(600_000);
    expect(world.states).toEqual(['Scheduled']);
    world.cancel.abort();
    expect(completionStatus(await world.finish(running))).toBe('EXECUTION_CANCELLED');
    expect(world.states).toEqual(['Cancelled']);
    const [attempt] = world.store.attempts(world.name);
    expect([attempt?.startTime, attempt?.waiting]).toEqual([undefined, undefined]);
  });

  test('that are lost use up a retry', async () => {
    const gone = 'the node n1 is gone';
    const cluster = new FakeRuntime((_, { task, attempt }) =>
      task === 1 || attempt === 0 ? { node: `n${attempt + 1}`, ms: 1000, lost: gone } : { node: 'n2' },
    );
    const world = new World(cluster, { taskCount: 2 }, { maxRetries: 1 }, 32, { runtime });
    const ended = await world.finish();
    expect(completionStatus(ended)).toBe('EXECUTION_FAILED');
    expect(ended).toMatchObject({ succeededCount: 1, failedCount: 1, retriedCount: 2 });
    expect(world.states).toEqual(['Succeeded+1', 'Failed+1']);
    const lost = { code: 14, message: `The attempt was lost: ${gone}` };
    expect(world.store.attempts(world.name)).toMatchObject([
      { node: 'n1', outcome: lost },
      { node: 'n2', outcome: { code: 0 } },
      { node: 'n1', outcome: lost },
      { node: 'n2', outcome: lost },
    ]);
    const { lastAttemptResult } = world.tasks[1] ?? {};
    expect(lastAttemptResult).toEqual({ status: lost });
    expect(world.runtime.attempts.size).toBe(0);
  });
});

test('attempts on this machine have no place to show', async () => {
  const world = new World(new FakeRuntime(() => ({ node: 'n1' })));
  await world.finish();
  expect(shown(world)[0]?.place).toBeUndefined();
  expect(spreadOf(world, world.name)).toBeUndefined();
});
