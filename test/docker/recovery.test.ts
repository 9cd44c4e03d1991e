import { execFile, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import Database from 'libsql';
import { expect } from 'vitest';
import { completionStatus } from '../../src/model/execution.js';
import { shortName } from '../../src/model/names.js';
import { type Command, repository, until } from '../support/cli.js';
import { client, shortOnPodman } from '../support/client.js';
import { type Home, test } from '../support/home.js';

const failsOnce = (task: number): boolean => task % 3 === 1;
const taskCount = 3;
const taking = (seconds: number): string => `echo attempt $CLOUD_RUN_TASK_ATTEMPT; sleep ${seconds}
  [ $CLOUD_RUN_TASK_ATTEMPT != 0 ] || [ $((CLOUD_RUN_TASK_INDEX % 3)) != 1 ]`;

/** Every attempt of every task, as EngineEvents names them. */
const attempts = Array.from({ length: taskCount }, (_, task) =>
  (failsOnce(task) ? [0, 1] : [0]).map((attempt) => ({ task, attempt })),
).flat();

const run = (home: Home): Command =>
  home.start(['jobs', 'run', '-f', home.script('interrupted', taking(1), { taskCount, parallelism: 2 })]);

/** What is on record, in the engine's events and in the logs tells of one run of every attempt. */
async function ranOnce(home: Home, id: string): Promise<void> {
  const execution = await home.completed(id);
  expect(completionStatus(execution)).toBe('EXECUTION_SUCCEEDED');
  expect(execution).toMatchObject({ succeededCount: taskCount, retriedCount: attempts.length - taskCount });
  for (const none of ['runningCount', 'failedCount', 'cancelledCount', 'reconciling']) {
    expect(execution).not.toHaveProperty(none);
  }
  expect(
    (await home.tasks(id)).map(({ retried = 0, lastAttemptResult }) => ({ retried, ...lastAttemptResult })),
  ).toEqual(Array.from({ length: taskCount }, (_, task) => ({ retried: failsOnce(task) ? 1 : 0, status: {} })));
  expect(await home.events().starts(id)).toEqual(attempts.map(({ task, attempt }) => `task${task}-attempt${attempt}`));
  for (const { task, attempt } of attempts) expect(home.log(id, task, attempt)).toEqual([`attempt ${attempt}`]);
}

const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Moments in the life of the execution, from before its first container until nearly its end. */
const moments: [moment: string, reached: (command: Command, home: Home) => Promise<void>][] = [
  ['when it is on record', () => after(0)],
  ['150 ms later', () => after(150)],
  ['300 ms later', () => after(300)],
  ['at the first start', (_, home) => home.events().started(1)],
  ['at the first line', (command) => command.says('│ attempt')],
  ['at the first failure', (command) => command.says(' failed with exit code ')],
  ['at the last start', (_, home) => home.events().started(attempts.length)],
  [
    'nearly at the end',
    async (command) => {
      await command.says('│ attempt', attempts.length);
      await after(500);
    },
  ],
];

/** Podman starts containers in its own way: test/podman has other moments. LOCALRUN_MOMENTS=all for the long form. */
const usual = shortOnPodman
  ? ['150 ms later', 'at the first failure']
  : ['when it is on record', '300 ms later', 'at the first line', 'at the first failure', 'nearly at the end'];
const chosen = moments.filter(([moment]) => usual.includes(moment) || process.env['LOCALRUN_MOMENTS'] === 'all');

test.concurrent.for(chosen)(
  'what a run that was killed %s has left is brought to its end',
  async ([, reached], { home }) => {
    home.events();
    const command = run(home);
    const id = await command.execution();
    await reached(command, home);
    command.kill('SIGKILL');
    expect((await command.ended).exitCode).toBeNull();

    const { exitCode, stdout, stderr } = await home.run(['jobs', 'executions', 'list']);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toContain(id);
    expect(stderr).toContain(`Execution [${id}] was orphaned; `);
    await ranOnce(home, id);
  },
);

test.concurrent(
  'a run whose terminal is closed goes on in the background, with no other command',
  async ({ home, skip }) => {
    skip(shortOnPodman, 'whose lease it is has nothing to do with podman');
    home.events();
    const command = run(home);
    const id = await command.execution();
    await command.says('│ attempt');
    command.killGroup('SIGHUP');
    expect((await command.ended).exitCode).toBeNull();
    await until(() => home.processes().length > 0);
    await home.quiet();
    const { stdout, stderr } = await home.run(['jobs', 'executions', 'list']);
    expect(stdout).toContain(`${taskCount} / ${taskCount}`);
    expect(stderr).toBe('');
    await ranOnce(home, id);
  },
);

test.concurrent.for([
  ['with its process group', (command: Command) => command.killGroup('SIGKILL')],
  ['with all the clients of the engine', (_: Command, home: Home) => home.killProcesses()],
] as const)('so is what a run has left that was killed %s', async ([, kill], { home, skip }) => {
  skip(shortOnPodman, 'test/podman/podman.test.ts has it');
  home.events();
  const command = run(home);
  const id = await command.execution();
  await command.says('│ attempt', 3);
  kill(command, home);
  await command.ended;
  // The next run takes care of it beside its own work.
  const { exitCode, stderr } = await home.run(['jobs', 'run', '-f', home.script('next', 'echo ran')]);
  expect(exitCode, stderr).toBe(0);
  expect(stderr).toContain(`Execution [${id}] was orphaned; `);
  await ranOnce(home, id);
});

test.concurrent(
  'a run that a restart of the machine has ended is resumed 30 s after its last heartbeat',
  async ({ home, skip }) => {
    skip(shortOnPodman, 'whose lease it is has nothing to do with podman');
    home.events();
    const command = run(home);
    const id = await command.execution();
    await command.says('│ attempt', 2);
    command.kill('SIGKILL');
    await command.ended;
    const store = new Database(path.join(home.directory, 'localrun.db'), { timeout: 10_000 });
    const seen = Date.now() - 25_000;
    store.prepare(`UPDATE execution SET process_start = 'another-boot/1', heartbeat = ?`).run(seen);
    store.close();
    const early = await home.run(['jobs', 'executions', 'list']);
    expect(early).toMatchObject({ exitCode: 0, stderr: '' });
    expect(home.processes().filter(({ args }) => args.includes('__worker'))).toEqual([]);
    await until(() => Date.now() > seen + 30_000);
    const { stderr } = await home.run(['jobs', 'executions', 'list']);
    expect(stderr).toContain(`Execution [${id}] was orphaned; `);
    await ranOnce(home, id);
  },
);

const namespace = ['--pid', '--fork', '--mount-proc'];
const hasNamespaces = spawnSync('unshare', [...namespace, 'true']).status === 0;

test('a run is not taken over from another PID namespace, nor one there from here', async ({ home, skip }) => {
  skip(!hasNamespaces, 'no PID namespace can be made here');
  skip(shortOnPodman, 'whose lease it is has nothing to do with podman');
  home.events();
  const env = { LOCALRUN_HOME: home.directory, LOCALRUN_DOCKER: client };
  const localrun = [process.execPath, path.join(repository, 'bin', 'localrun.js')];
  const elsewhere = (...args: string[]) =>
    promisify(execFile)('unshare', [...namespace, ...localrun, ...args], { env: { ...process.env, ...env } });
  const file = home.script('shared', 'echo ran; sleep 3');
  const here = home.inline(['jobs', 'run', '-f', file]);
  await here.says('│ ran');
  expect((await elsewhere('jobs', 'executions', 'list')).stderr).toBe('');
  expect((await here.ended).exitCode).toBe(0);
  const there = elsewhere('jobs', 'run', 'shared');
  await home.events().started(2);
  expect((await home.run(['jobs', 'executions', 'list'])).stderr).toBe('');
  await there;
  for (const { name } of await home.executions()) {
    const id = shortName(name);
    expect(await home.events().starts(id)).toEqual(['task0-attempt0']);
    expect(await home.completed(id)).toMatchObject({ succeededCount: 1 });
  }
});

test.concurrent('a worker that was killed has a successor while `execute --wait` waits', async ({ home, skip }) => {
  skip(shortOnPodman, 'whose lease it is has nothing to do with podman');
  home.events();
  // The worker must not end before it is killed, on a busy machine either.
  const file = home.script('supervised', taking(4), { taskCount, parallelism: 2 });
  expect((await home.run(['jobs', 'create', '-f', file])).exitCode).toBe(0);
  const command = home.start(['jobs', 'execute', 'supervised', '--wait']);
  await home.events().started(2);
  const worker = await until(() => home.processes().find(({ args }) => args.includes('__worker')));
  process.kill(worker.pid, 'SIGKILL');
  const { exitCode, stderr } = await command.ended;
  expect(exitCode, stderr).toBe(0);
  await ranOnce(home, await command.execution());
});

const slowClients: [how: string, seconds: number, flags: string[]][] = [
  ['takes 2 s', 2, []],
  ['takes 60 s', 60, []],
  ['takes 60 s, for a container of its own network', 60, ['--fresh-sandbox']],
];

test.concurrent.for(shortOnPodman ? slowClients.slice(0, 1) : slowClients)(
  'a client that outlives its process, and %s to start a container, starts none twice, and none that stays',
  async ([, seconds, flags], { home }) => {
    const done = path.join(home.scratch('client'), 'done');
    const slow = path.join(home.file('client'), 'slow');
    const script = `#!/bin/sh
      case " $* " in *" --sig-proxy=false "*) if mkdir ${done} 2> /dev/null; then sleep ${seconds}; fi ;; esac
      exec ${client} "$@"`;
    writeFileSync(slow, script, { mode: 0o755 });
    const env = { LOCALRUN_DOCKER: slow };
    home.events();
    const command = home.start(['jobs', 'run', '-f', home.script('late', 'echo ran'), ...flags], { env });
    const id = await command.execution();
    await until(() => existsSync(done));
    command.kill('SIGKILL');
    await command.ended;
    const since = Date.now();
    expect((await home.run(['jobs', 'executions', 'list'], { env })).exitCode).toBe(0);
    expect(completionStatus(await home.completed(id))).toBe('EXECUTION_SUCCEEDED');
    expect(Date.now() - since).toBeLessThan(50_000);
    expect(await home.events().starts(id)).toEqual(['task0-attempt0']);
    expect(home.log(id)).toEqual(['ran']);
    expect(home.containers()).toEqual([]);
  },
);

test.concurrent('a cancellation outlives the process that was to carry it out', async ({ home, skip }) => {
  skip(shortOnPodman, 'what is cancelled has nothing to do with podman');
  const stubborn = `trap : TERM; echo running; while :; do sleep 0.2; done`;
  const command = home.start([
    'jobs',
    'run',
    '-f',
    home.script('cancelled', stubborn, { taskCount: 3, parallelism: 1 }),
  ]);
  await command.says('│ running');
  const id = await command.execution();
  command.kill('SIGINT');
  await command.says('Running tasks have 10 s to stop.');
  command.kill('SIGKILL');
  await command.ended;
  const { stderr } = await home.run(['jobs', 'list']);
  expect(stderr).toContain(`Execution [${id}] was orphaned; `);
  const execution = await home.completed(id);
  expect(completionStatus(execution)).toBe('EXECUTION_CANCELLED');
  expect(execution).toMatchObject({ cancelledCount: 3 });
});
