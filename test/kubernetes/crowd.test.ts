import { expect } from 'vitest';
import { completionStatus } from '../../src/model/execution.js';
import { long, nodes, nothingLeft, objects, onLab, starts } from '../support/cluster-home.js';
import { until } from '../support/cli.js';
import { test } from '../support/home.js';

const taskCount = long ? 300 : 14;
const parallelism = long ? 20 : 6;

/** Every seventh task fails at first. */
const retried = (task: number): boolean => task % 7 === 3;
const script = `i=$CLOUD_RUN_TASK_INDEX; seq $((i * 10)) $((i * 10 + 200)); head -c $((i * 97)) /dev/zero | tr '\\0' x
  sleep 1; [ $CLOUD_RUN_TASK_ATTEMPT != 0 ] || [ $((i % 7)) != 3 ]`;
const written = (task: number): string =>
  Array.from({ length: 201 }, (_, i) => `${task * 10 + i}\n`).join('') + 'x'.repeat(task * 97);

test(
  `${taskCount} tasks, ${parallelism} at a time, all end as they should on both nodes`,
  { timeout: 600_000 },
  async ({ home }) => {
    onLab(home, { requests: { cpu: '100m' } });
    const file = home.script('crowd', script, { taskCount, parallelism, maxRetries: 1 });
    const command = home.inline(['jobs', 'run', '-f', file]);
    const id = await command.execution();
    const most = { pods: 0 };
    const watched = until(async () => {
      const { length } = await objects(home, 'pods');
      most.pods = Math.max(most.pods, length);
      return most.pods > parallelism / 2;
    });
    await watched;
    await until(async () => {
      const { stdout } = await home.run(['jobs', 'executions', 'describe', id]);
      return /\d+ on node1.*\d+ on node2|\d+ on node2.*\d+ on node1/.test(stdout);
    });
    const { exitCode, stderr } = await command.ended;
    expect(exitCode, stderr).toBe(0);

    const execution = await home.execution(id);
    const again = Array.from({ length: taskCount }, (_, task) => task).filter(retried);
    expect(completionStatus(execution)).toBe('EXECUTION_SUCCEEDED');
    expect(execution).toMatchObject({ succeededCount: taskCount, retriedCount: again.length });
    for (const none of ['runningCount', 'failedCount', 'cancelledCount']) expect(execution).not.toHaveProperty(none);
    expect((await home.tasks(id)).filter(({ retried: count = 0 }) => count > 0).map(({ index = 0 }) => index)).toEqual(
      again,
    );
    const attempts = Array.from({ length: taskCount }, (_, task) =>
      retried(task) ? [`${task}-0`, `${task}-1`] : [`${task}-0`],
    ).flat();
    expect(await starts(id)).toEqual(attempts);
    const wrong = Array.from({ length: taskCount }, (_, task) => task).filter(
      (task) => home.bytes(id, task).toString() !== written(task),
    );
    expect(wrong).toEqual([]);
    const places = await nodes(home, id);
    for (const node of ['node1', 'node2']) {
      expect(places.filter((place) => place === node).length).toBeGreaterThan(taskCount / 4);
    }
    expect(places.filter((place) => !/^node[12]$/.test(place))).toEqual([]);
    await nothingLeft(home);
  },
);
