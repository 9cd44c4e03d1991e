import { expect } from 'vitest';
import { completionStatus } from '../../src/model/execution.js';
import { type Command, signal } from '../support/cli.js';
import { client, docker, onPodman, removeContainers } from '../support/client.js';
import { type Home, test } from '../support/home.js';

/** The first attempt of the first task waits for what will happen to it. */
const script = `echo began $CLOUD_RUN_TASK_ATTEMPT; echo began >&2
  [ $CLOUD_RUN_TASK_INDEX$CLOUD_RUN_TASK_ATTEMPT != 00 ] || sleep 60
  echo ended`;

/** The engine ends a container before it removes it, and may be asked in between. */
const gone = '(?:was removed before its result was known|was terminated on signal 9)';

const attemptContainers = (home: Home): string[] => home.containers().filter((name) => name.includes('task'));
const sandboxes = (home: Home): string[] => home.containers().filter((name) => !name.includes('task'));

async function waiting(home: Home, spec: object = {}): Promise<Command> {
  home.events();
  const command = home.start([
    'jobs',
    'run',
    '-f',
    home.script('meddled', script, { taskCount: 2, parallelism: 1, ...spec }),
  ]);
  await command.says('task 0 │ began 0');
  await command.says('task 0 │ began\n');
  return command;
}

test.concurrent.for([
  ['removed', gone, (home: Home) => removeContainers(...attemptContainers(home))],
  ['killed', 'was terminated on signal 9', (home: Home) => docker('kill', ...attemptContainers(home))],
  [
    'killed while it is paused',
    'was terminated on signal 9',
    (home: Home) => {
      docker('pause', ...attemptContainers(home));
      docker('kill', ...attemptContainers(home));
    },
  ],
  ['removed with all others of the execution', gone, (home: Home) => removeContainers(...home.containers())],
] as const)('a container that is %s by hand costs an attempt', async ([, what, meddle], { home }) => {
  const command = await waiting(home);
  meddle(home);
  const { exitCode, stderr } = await command.ended;
  expect(exitCode, stderr).toBe(0);
  expect(stderr).toMatch(new RegExp(`task 0 (failed: The container )?${what} \\(attempt 1 of 4\\); retrying`));
  const id = await command.execution();
  expect(await home.completed(id)).toMatchObject({ succeededCount: 2, retriedCount: 1 });
  expect(await home.events().starts(id)).toEqual(['task0-attempt0', 'task0-attempt1', 'task1-attempt0']);
  expect(home.log(id)).toEqual(['began 0']);
  expect(home.log(id, 0, 1)).toEqual(['began 1', 'ended']);
});

test.concurrent('a removed container fails a job without retries', async ({ home }) => {
  const command = await waiting(home, { maxRetries: 0 });
  removeContainers(...attemptContainers(home));
  const { exitCode, stderr } = await command.ended;
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(new RegExp(`task 0 (failed: The container )?${gone} \\(attempt 1 of 1\\)`));
  expect(await home.completed(await command.execution())).toMatchObject({ succeededCount: 1, failedCount: 1 });
});

test.concurrent.for([
  // Podman removes a sandbox only with what is in it.
  ...(onPodman ? [] : [['removed', 'rm', '--force'] as const]),
  ['killed', 'kill'],
  ['paused', 'pause'],
] as const)('a sandbox that is %s by hand costs nothing', async ([, ...meddle], { home }) => {
  const command = home.inline([
    ...['jobs', 'run', '-f'],
    home.script('sandboxed', 'echo began; sleep 2; echo ended', { taskCount: 3, parallelism: 1, maxRetries: 0 }),
  ]);
  await command.says('│ began');
  docker(...meddle, ...sandboxes(home));
  const { exitCode, stderr } = await command.ended;
  expect(exitCode, stderr).toBe(0);
  const id = await command.execution();
  for (const task of [0, 1, 2]) expect(home.log(id, task)).toEqual(['began', 'ended']);
});

test.concurrent('a paused container is ended by its timeout', async ({ home }) => {
  const command = await waiting(home, { maxRetries: 0, timeout: '3s' });
  docker('pause', ...attemptContainers(home));
  const { exitCode, stderr } = await command.ended;
  expect(exitCode, stderr).toBe(1);
  expect(stderr).toContain(' (attempt 1 of 1)');
  expect(await home.completed(await command.execution())).toMatchObject({ succeededCount: 1, failedCount: 1 });
});

test.concurrent.for([
  [1, 10],
  [2, 60],
] as const)('a paused container is ended by Ctrl-C, pressed %i time(s)', async ([times, grace], { home }) => {
  const command = await waiting(home, { terminationGracePeriod: `${grace}s` });
  docker('pause', ...attemptContainers(home));
  const since = Date.now();
  command.kill('SIGINT');
  await command.says(`Running tasks have ${grace} s to stop.`);
  if (times === 2) command.kill('SIGINT');
  const { exitCode, stderr } = await command.ended;
  expect(exitCode, stderr).toBe(130);
  if (times === 2) expect(Date.now() - since).toBeLessThan(40_000);
  expect(completionStatus(await home.completed(await command.execution()))).toBe('EXECUTION_CANCELLED');
});

test.concurrent('clients of the engine that a signal ends are replaced', async ({ home }) => {
  const lines = Array.from({ length: 40 }, (_, i) => `line ${i}`);
  const talks = 'for i in $(seq 0 39); do echo line $i; echo line $i >&2; sleep 0.1; done; exit 3';
  const command = home.inline([
    ...['jobs', 'run', '-f'],
    home.script('talking', talks, { taskCount: 2, parallelism: 2, maxRetries: 0 }),
  ]);
  for (const [heard, name] of [
    [1, 'SIGKILL'],
    [20, 'SIGTERM'],
    [40, 'SIGKILL'],
    [60, 'SIGTERM'],
  ] as const) {
    await command.says('│ line', heard);
    for (const { pid, args } of home.processes()) if (args[0] === client) signal(pid, name);
  }
  const { exitCode, stderr } = await command.ended;
  expect(exitCode, stderr).toBe(1);
  const id = await command.execution();
  for (const task of [0, 1]) {
    expect(stderr).toContain(`task ${task} failed with exit code 3 (attempt 1 of 1)`);
    expect(home.log(id, task)).toEqual(lines);
    expect(home.log(id, task, 0, 'stderr')).toEqual(lines);
    const shown = stderr.split('\n').filter((line) => line.startsWith(`task ${task} │ `));
    expect(shown.toSorted()).toEqual([...lines, ...lines].map((line) => `task ${task} │ ${line}`).toSorted());
  }
});
