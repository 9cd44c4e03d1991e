import { execa } from 'execa';
import { expect } from 'vitest';
import { completionStatus } from '../../src/model/execution.js';
import { long, nodes, nothingLeft, onLab, starts } from '../support/cluster-home.js';
import { signal, until } from '../support/cli.js';
import { type Home, test } from '../support/home.js';
import { lab } from '../support/lab.js';

// Parts of the cluster, or the supervisor, go away while an execution runs.

const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const bothReady = (): Promise<unknown> => until(async () => (await lab.readyNodes()).length === 2);

/** The tasks run for a while, and write as they go. */
const script = (seconds: number): string =>
  `echo "attempt $CLOUD_RUN_TASK_ATTEMPT"; for i in $(seq ${seconds}); do echo line $i; sleep 1; done; echo end`;
const lines = (seconds: number, attempt = 0): string[] => [
  `attempt ${attempt}`,
  ...Array.from({ length: seconds }, (_, i) => `line ${i + 1}`),
  'end',
];

/** Waits until all tasks have written their first line; returns their nodes. */
async function allRun(home: Home, id: string, taskCount: number): Promise<string[]> {
  const wrote = (task: number): boolean => {
    try {
      return home.log(id, task).includes('line 1');
    } catch {
      return false;
    }
  };
  await until(() => Array.from({ length: taskCount }, (_, task) => task).every(wrote));
  return nodes(home, id);
}

/** All succeeded in their first attempt, which started once and whose log is whole. */
async function ranOnce(home: Home, id: string, taskCount: number, seconds: number): Promise<void> {
  const execution = await home.completed(id);
  expect(completionStatus(execution)).toBe('EXECUTION_SUCCEEDED');
  expect(execution).toMatchObject({ succeededCount: taskCount });
  for (const none of ['runningCount', 'failedCount', 'cancelledCount', 'retriedCount']) {
    expect(execution).not.toHaveProperty(none);
  }
  expect(await starts(id)).toEqual(Array.from({ length: taskCount }, (_, task) => `${task}-0`));
  for (let task = 0; task < taskCount; task++) expect(home.log(id, task)).toEqual(lines(seconds));
  await nothingLeft(home);
}

test('the tasks of a node that is cut off run again elsewhere, and end there once it is back', async ({
  home,
  skip,
}) => {
  skip(!long, 'LOCALRUN_KUBERNETES=all runs it');
  const unreachable = { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' };
  onLab(home, { tolerations: [{ ...unreachable, tolerationSeconds: 1 }] });
  const [taskCount, seconds] = [4, 30];
  const file = home.script('cut', script(seconds), { taskCount, parallelism: taskCount, maxRetries: 1 });
  const command = home.inline(['jobs', 'run', '-f', file]);
  const id = await command.execution();
  const before = await allRun(home, id, taskCount);
  const node = before[0] === 'node2' ? 2 : 1;
  const cutOff = before.flatMap((place, task) => (place === `node${node}` ? [task] : []));
  await lab.cut(node);
  try {
    const { exitCode, stderr } = await command.ended;
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toContain(`The attempt was lost: its node node${node} is not ready`);
  } finally {
    await lab.heal(node);
  }
  const execution = await home.execution(id);
  expect(execution).toMatchObject({ succeededCount: taskCount, retriedCount: cutOff.length });
  const other = `node${3 - node}`;
  expect(await nodes(home, id)).toEqual(before.map(() => other));
  for (let task = 0; task < taskCount; task++) {
    const last = cutOff.includes(task) ? 1 : 0;
    expect(home.log(id, task, last)).toEqual(lines(seconds, last));
  }
  expect(await starts(id)).toEqual(
    before.flatMap((_, task) => (cutOff.includes(task) ? [`${task}-0`, `${task}-1`] : [`${task}-0`])),
  );
  await nothingLeft(home);
  await bothReady();
  const docker = async (...args: string[]): Promise<string> =>
    (await execa('docker', ['--host', lab.dockerHost(node), ...args], { stdin: 'ignore' })).stdout;
  await until(async () => !(await docker('ps', '--format', '{{.Names}}')).includes(id));
});

test('a kubelet that is killed and started again has lost nothing', async ({ home, skip }) => {
  skip(!long, 'LOCALRUN_KUBERNETES=all runs it');
  onLab(home);
  const [taskCount, seconds] = [4, 12];
  const command = home.inline([
    'jobs',
    'run',
    '-f',
    home.script('kubelet', script(seconds), { taskCount, parallelism: 4 }),
  ]);
  const id = await command.execution();
  const [first] = await allRun(home, id, taskCount);
  const node = first === 'node2' ? 2 : 1;
  await lab.killKubelet(node);
  await after(14_000);
  lab.startKubelet(node);
  const { exitCode, stderr } = await command.ended;
  expect(exitCode, stderr).toBe(0);
  await ranOnce(home, id, taskCount, seconds);
  await bothReady();
});

test('an API server that is away for half a minute has lost nothing', async ({ home, skip }) => {
  skip(!long, 'LOCALRUN_KUBERNETES=all runs it');
  onLab(home);
  const [taskCount, seconds] = [6, 10];
  const command = home.inline([
    'jobs',
    'run',
    '-f',
    home.script('api', script(seconds), { taskCount, parallelism: 3 }),
  ]);
  const id = await command.execution();
  await allRun(home, id, 3);
  await lab.stopApi();
  await command.says('The cluster does not answer');
  await after(30_000);
  await lab.startApi();
  const { exitCode, stderr } = await command.ended;
  expect(exitCode, stderr).toBe(0);
  await ranOnce(home, id, taskCount, seconds);
  await bothReady();
});

const kills = long ? 20 : 3;

test(`kill -9 of the supervisor, ${kills} times, loses and doubles nothing`, async ({ home }) => {
  onLab(home);
  const [taskCount, seconds] = long ? [24, 4] : [4, 4];
  const file = home.script('struck', script(seconds), { taskCount, parallelism: 4 });
  const id = await home.start(['jobs', 'run', '-f', file]).execution();
  for (let kill = 0; kill < kills; kill++) {
    await after(300 + Math.random() * 1200);
    const supervisors = await until(() => {
      const found = home.processes().filter(({ args }) => args.some((arg) => arg.endsWith('localrun.js')));
      return found.length > 0 && found;
    });
    for (const { pid } of supervisors) signal(pid, 'SIGKILL');
    home.start(['jobs', 'executions', 'list']);
  }
  expect((await home.run(['jobs', 'executions', 'list'])).exitCode).toBe(0);
  await ranOnce(home, id, taskCount, seconds);
});
