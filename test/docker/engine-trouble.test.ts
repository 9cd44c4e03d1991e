import path from 'node:path';
import { expect } from 'vitest';
import { completionStatus, conditionOf } from '../../src/model/execution.js';
import type { Execution } from '../../src/model/schema/job.js';
import { EngineProxy } from '../support/engine-proxy.js';
import { test } from '../support/home.js';

const unreachable = { DOCKER_HOST: 'unix:///nonexistent.sock' };

test.concurrent('an image that cannot be had fails the execution, not the job', async ({ home }) => {
  const file = home.spec('imageless', { image: 'localhost:1/none', taskCount: 2 });
  const command = home.start(['jobs', 'run', '-f', file]);
  const { exitCode, stdout, stderr } = await command.ended;
  expect(exitCode).toBe(1);
  expect(stderr).toContain('Cannot get localhost:1/none:');
  expect(stderr).toContain("Image 'localhost:1/none' not found.");
  expect(stdout).toContain('EXECUTION_FAILED');
  const failure = {
    state: 'CONDITION_FAILED',
    reason: 'CONTAINER_MISSING',
    message: "Image 'localhost:1/none' not found.",
  };
  const id = await command.execution();
  const execution = await home.execution(id);
  expect(completionStatus(execution)).toBe('EXECUTION_FAILED');
  expect(conditionOf(execution, 'ContainerReady')).toMatchObject(failure);
  expect(conditionOf(execution, 'Completed')).toMatchObject(failure);
  expect(execution).not.toHaveProperty('startTime');
  expect(execution).not.toHaveProperty('failedCount');
  expect((await home.tasks(id)).map(({ startTime }) => startTime)).toEqual([undefined, undefined]);

  const job = await home.job('imageless');
  expect(job.latestCreatedExecution).toMatchObject({ name: id, completionStatus: 'EXECUTION_FAILED' });
  const repaired = await home.run([
    'jobs',
    'run',
    'imageless',
    '--image',
    'localrun/busybox:latest',
    '--command',
    'true',
  ]);
  expect(repaired.exitCode, repaired.stderr).toBe(0);
});

test.concurrent('an image that cannot be had fails a background execution too', async ({ home }) => {
  const file = home.spec('imageless', { image: 'localhost:1/none' });
  expect((await home.run(['jobs', 'create', '-f', file])).exitCode).toBe(0);
  const { exitCode, stderr } = await home.run(['jobs', 'execute', 'imageless']);
  expect(exitCode).toBe(1);
  expect(stderr).toContain("The execution failed. Image 'localhost:1/none' not found.");
});

test.concurrent('without an engine all works that needs none', async ({ home }) => {
  const file = home.script('idle', 'true');
  for (const [words, stdout] of [
    [['jobs', 'validate', '-f', file], 'valid (idle)'],
    [['jobs', 'create', '-f', file], ''],
    [['jobs', 'list'], 'idle'],
    [['jobs', 'describe', 'idle'], 'Job idle in region us-central1'],
    [['jobs', 'get-iam-policy', 'idle'], 'etag: ACAB'],
    [['jobs', 'executions', 'list', '--job', 'idle'], ''],
    [['jobs', 'update', 'idle', '--tasks', '2'], ''],
    [['jobs', 'replace', file], ''],
    [['jobs', 'delete', 'idle', '--quiet'], ''],
  ] as const) {
    const result = await home.run(words, { env: unreachable });
    expect(result.exitCode, result.stderr).toBe(0);
    expect(result.stdout).toContain(stdout);
  }
});

test.concurrent.for([
  [
    'run',
    'an engine that does not answer',
    unreachable,
    'unix:///nonexistent.sock',
    'start Docker, or point DOCKER_HOST',
  ],
  ['execute', 'an engine that does not answer', unreachable, 'unix:///nonexistent.sock', 'start Docker'],
  [
    'run',
    'an engine of an older version',
    { DOCKER_API_VERSION: '9.99' },
    'client version 9.99 is too new',
    'unset DOCKER_API_VERSION',
  ],
  [
    'run',
    'no client',
    { LOCALRUN_DOCKER: 'nonesuch' },
    'The command nonesuch was not found.',
    'install Docker, or name',
  ],
] as const)('`%s` with %s says so and leaves nothing half made', async ([verb, , env, problem, fix], { home }) => {
  expect((await home.run(['jobs', 'create', '-f', home.script('idle', 'true')])).exitCode).toBe(0);
  const { exitCode, stdout, stderr } = await home.run(['jobs', verb, 'idle'], { env });
  expect(exitCode).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toContain(`ERROR: (localrun.jobs.${verb})`);
  expect(stderr).toContain(problem);
  expect(stderr).toContain(`Try: ${fix}`);
  expect(stderr.trim().split('\n').length).toBeLessThan(4);
  expect(await home.executions()).toEqual([]);
  expect((await home.job('idle')).executionCount).toBeUndefined();
});

test.concurrent('`run` of a new job without an engine does not even make the job', async ({ home }) => {
  const file = home.script('new', 'true');
  expect((await home.run(['jobs', 'run', '-f', file], { env: unreachable })).exitCode).toBe(1);
  const { stdout } = await home.run(['jobs', 'list', '--format', 'json']);
  expect(JSON.parse(stdout) as Execution[]).toEqual([]);
});

test.concurrent('an engine that goes away and comes back costs no attempt', async ({ home, onTestFinished }) => {
  const events = home.events();
  const proxy = new EngineProxy(path.join(home.scratch('proxy'), 'docker.sock'));
  onTestFinished(() => proxy.cut());
  await proxy.open();
  const script = 'echo began; sleep 3; echo ended';
  const file = home.script('patient', script, { taskCount: 6, parallelism: 3, maxRetries: 0 });
  const command = home.start(['jobs', 'run', '-f', file], { env: { DOCKER_HOST: proxy.host } });
  for (const round of [1, 2]) {
    await command.says('│ began', round === 1 ? 1 : 4);
    proxy.cut();
    await command.says('Waiting for it; nothing is lost.', round);
    await proxy.open();
    await command.says('The container engine answers again.', round);
  }
  const { exitCode, stderr } = await command.ended;
  expect(exitCode, stderr).toBe(0);
  expect(await events.starts()).toEqual([0, 1, 2, 3, 4, 5].map((task) => `task${task}-attempt0`));
  const id = await command.execution();
  for (const task of [0, 1, 2, 3, 4, 5]) {
    expect(home.log(id, task)).toEqual(['began', 'ended']);
    expect(stderr.split(`task ${task} │ began\n`)).toHaveLength(2);
    expect(stderr.split(`task ${task} │ ended\n`)).toHaveLength(2);
  }
});
