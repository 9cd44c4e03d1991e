import { expect, test } from 'vitest';
import type { AttemptRecord } from '../../../src/model/attempt.js';
import { completed } from '../../../src/model/execution.js';
import { defaultSettings, type LocalSettings } from '../../../src/model/local/settings.js';
import type { Execution, TaskTemplate } from '../../../src/model/schema/job.js';
import { endOf, openShell, type ShellTarget } from '../../../src/service/shells.js';
import type { ContainerState } from '../../../src/runtime/docker/engine-api.js';
import { handleOf } from '../../../src/runtime/docker/attempts/names.js';
import { parent, someExecution, someJob, someTask, someTime } from '../../support/jobs.js';
import { serviceError, ServiceWorld } from '../../support/service.js';

const running: ContainerState = { status: 'running', startedAt: someTime };
const exited: ContainerState = { ...running, status: 'exited', finishedAt: someTime, exitCode: 3, oomKilled: false };
const failed = { code: 2, message: 'The container exited with an error.', exitCode: 3 };
const image = 'localrun/busybox:latest';

/** Executions whose attempts are what a test says. */
class Shells extends ServiceWorld {
  execution(
    suffix: string,
    tasks: number,
    { task = {}, ...settings }: Partial<LocalSettings> & { task?: Partial<TaskTemplate> } = {},
  ): Execution {
    const job = someJob({ taskCount: tasks }, task);
    this.store.saveJob(job);
    const execution = someExecution(job, suffix);
    this.store.createExecution(execution, { ...defaultSettings, ...settings });
    for (let index = 0; index < tasks; index++) this.store.saveTask(execution.name, someTask(index));
    return execution;
  }

  attempt(
    execution: Execution,
    task: number,
    state: ContainerState | undefined,
    more: Partial<AttemptRecord> = {},
  ): void {
    const { attempt = 0 } = more;
    const container = `${execution.name.split('/').at(-1)}-task${task}-attempt${attempt}`;
    const times = { createTime: someTime, startTime: someTime, mainStartTime: someTime };
    this.store.saveAttempt(execution.name, {
      task,
      attempt,
      name: container,
      handle: handleOf({ container }),
      ...times,
      ...more,
    });
    const spec = { name: container } as never;
    if (state)
      this.runtime.containers.set(container, { spec, state, behaviour: {}, ended: Promise.resolve(), end() {} });
  }

  open(target: Partial<ShellTarget> = {}): ReturnType<typeof openShell> {
    return openShell(this.call, {
      ...{ parent, tty: false, signal: new AbortController().signal, onPull() {} },
      ...{ toolbox: { image: 'busybox', always: false }, ...target },
    });
  }

  /** What is said of a target, and what is advised. */
  async refusal(target: Partial<ShellTarget> = {}): Promise<[message: string, fix: unknown]> {
    try {
      await this.open(target);
    } catch (error) {
      const { message, fix } = error as { message: string; fix: unknown };
      return [message, fix];
    }
    throw new Error('it was opened');
  }
}

test('the only execution, task and container need no name; others are named', async () => {
  const world = new Shells();
  const containers = [
    { image, name: 'app', dependsOn: ['side'] },
    { image, name: 'side' },
  ];
  const first = world.execution('first', 3, { task: { containers } });
  expect(await world.refusal()).toEqual([
    'Execution [nightly-first] has 3 tasks, of which none is running.',
    expect.anything(),
  ]);
  world.attempt(first, 1, running);
  const opened = await world.open({ tty: true, command: ['ls'] });
  expect(opened).toMatchObject({ container: 'app', attempt: { task: 1 }, shell: { copy: false } });
  expect(world.runtime.shells).toMatchObject([
    {
      container: 'nightly-first-task1-attempt0',
      name: expect.stringMatching(/^nightly-first-task1-attempt0-shell-[\da-f]{8}$/) as string,
      labels: { 'dev.localrun.execution': first.name, 'dev.localrun.task': '1', 'dev.localrun.shell': '' },
      network: { hosts: ['app', 'side'], hostAccess: false },
      ...{ tty: true, command: ['ls'] },
    },
  ]);
  expect(await world.refusal({ container: 'sdie' })).toEqual([
    'A task of job [nightly] has no container [sdie].',
    'did you mean side?',
  ]);
  expect(await world.refusal({ container: 'side' })).toEqual([
    'Container side of task 1, attempt 0, has not started yet.',
    'try again in a moment',
  ]);
  world.attempt(first, 2, running);
  expect(await world.refusal()).toEqual(['Tasks 1-2 of execution [nightly-first] are running.', expect.anything()]);
  world.execution('second', 1);
  expect((await world.refusal())[0]).toBe('2 executions are running: nightly-first, nightly-second.');
  await expect(world.open({ execution: 'nightly-third' })).rejects.toEqual(serviceError('NOT_FOUND', /does not exist/));
  await expect(
    openShell({ ...world.as('other@example.com') }, {
      ...opened,
      parent,
      execution: 'nightly-first',
      task: 1,
    } as never),
  ).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
});

test('what has not started, has ended or is elsewhere cannot be opened, and the way out is said', async () => {
  const world = new Shells();
  const name = 'nightly-x7k2p';
  const execution = world.execution('x7k2p', 4);
  const of = { execution: name };
  expect(await world.refusal({ ...of, task: 9 })).toEqual([`Execution [${name}] has no task 9.`, 'its tasks are 0-3']);
  expect((await world.refusal({ ...of, task: 0 }))[0]).toBe(`Task 0 of execution [${name}] has not started yet.`);
  world.attempt(execution, 1, exited, { outcome: failed });
  world.store.saveTask(execution.name, someTask(1, { state: 'Failed' }));
  const again = { command: 'jobs run', resource: 'projects/p/locations/us-central1/jobs/nightly' };
  expect(await world.refusal({ ...of, task: 1 })).toEqual([
    `Attempt 0 of task 1 of execution [${name}] has ended, and its containers were not kept.`,
    [{ ...again, args: ['--task', '1', '--keep-failed'] }],
  ]);
  world.attempt(execution, 2, exited, { outcome: { ...failed, code: 0 } });
  expect(await world.refusal({ ...of, task: 2 })).toEqual([
    `Task 2 of execution [${name}] waits for its next attempt.`,
    'try again in a moment',
  ]);
  expect((await world.refusal({ ...of, task: 2, attempt: 0 }))[1]).toEqual([
    { ...again, args: ['--task', '2', '--keep'] },
  ]);
  expect(await world.refusal({ ...of, task: 2, attempt: 3 })).toEqual([
    `Task 2 of execution [${name}] has no attempt 3.`,
    'its attempts are 0',
  ]);
  world.store.saveExecution(completed(execution, { cancelled: false, time: someTime }, someTime));
  expect((await world.refusal({ ...of, task: 3 }))[0]).toBe(`Task 3 of execution [${name}] never started.`);
  expect((await world.refusal())[0]).toBe('No execution is running.');
});

test('kept attempts are open to look into, until they are removed or another engine answers', async () => {
  const world = new Shells();
  const execution = world.execution('x7k2p', 2, { keepFailed: true });
  world.attempt(execution, 1, exited, { outcome: failed });
  const opened = await world.open();
  expect(opened).toMatchObject({ attempt: { task: 1 }, shell: { copy: true } });
  expect(await endOf(world.call, opened)).toBe('failed with exit code 3');
  world.runtime.containers.clear();
  expect(await world.refusal()).toEqual([
    'Container container-0 of task 1, attempt 0, is not in the container engine any longer.',
    expect.anything(),
  ]);
  world.store.saveEngine(execution.name, { id: 'there', client: 'docker', host: 'tcp://there' });
  expect(await world.refusal()).toEqual([
    'Execution [nightly-x7k2p] is on another container engine (DOCKER_HOST=tcp://there) than the one in use now (DOCKER_HOST=tcp://here).',
    'set DOCKER_HOST=tcp://there',
  ]);
});
