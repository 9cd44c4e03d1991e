import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { expect } from 'vitest';
import type { TaskAttemptResult } from '../../src/model/schema/job.js';
import { repository } from '../support/cli.js';
import { client, docker, onPodman, removeContainers } from '../support/client.js';
import { type Home, test } from '../support/home.js';

/** Runs a job of one attempt that has to fail. */
async function failing(home: Home, file: string): Promise<{ result: TaskAttemptResult | undefined; stderr: string }> {
  const command = home.inline(['jobs', 'run', '-f', file, '--max-retries', '0']);
  const { exitCode, stderr } = await command.ended;
  expect(exitCode, stderr).toBe(1);
  const [task] = await home.tasks(await command.execution());
  return { result: task?.lastAttemptResult, stderr };
}

const memoryReached = { status: { code: 8, message: 'The configured memory limit was reached.' } };
const signal9 = { status: { code: 10, message: 'The container was terminated on signal 9.' }, termSignal: 9 };
/** A process that takes 600 MB. */
const eat = 'dd if=/dev/zero of=/dev/null bs=600M count=1';

test.concurrent('out of memory is the reason where it was', async ({ home }) => {
  const { result, stderr } = await failing(home, home.spec('hungry', { command: ['sh', '-c', `exec ${eat}`] }));
  expect(result).toEqual(memoryReached);
  expect(stderr).toContain('task 0 ran out of memory (attempt 1 of 1)');
});

test.concurrent('out of memory of a child that makes the task fail is the reason too', async ({ home }) => {
  const { result } = await failing(home, home.script('hungry-child', `${eat}; exit 5`));
  expect(result).toEqual(memoryReached);
});

test.concurrent('a task that lives on without the child that was out of memory has succeeded', async ({ home }) => {
  const { exitCode, stderr } = await home.run(['jobs', 'run', '-f', home.script('survivor', `${eat} || echo went on`)]);
  expect(exitCode, stderr).toBe(0);
});

test.concurrent('memory of another limit is enough', async ({ home }) => {
  const file = home.script('fed', eat, { resources: { limits: { memory: '1Gi' } } });
  const { exitCode, stderr } = await home.run(['jobs', 'run', '-f', file]);
  expect(exitCode, stderr).toBe(0);
});

test.concurrent('exit 137 is not out of memory', async ({ home }) => {
  const { result, stderr } = await failing(home, home.script('exit-137', 'exit 137'));
  expect(result).toEqual(signal9);
  expect(stderr).not.toContain('memory');
});

test.concurrent('a container that somebody kills was terminated on that signal', async ({ home }) => {
  const running = home.inline([
    'jobs',
    'run',
    '-f',
    home.script('killed', 'echo here; sleep 60'),
    '--max-retries',
    '0',
  ]);
  await running.says('│ here');
  docker('kill', '--signal', 'KILL', ...home.containers());
  expect((await running.ended).exitCode).toBe(1);
  const [task] = await home.tasks(await running.execution());
  expect(task?.lastAttemptResult).toEqual(signal9);
});

test.concurrent('a container that somebody removes is an attempt that failed', async ({ home }) => {
  const script = '[ $CLOUD_RUN_TASK_ATTEMPT = 1 ] || { echo here; sleep 60; }';
  const running = home.inline(['jobs', 'run', '-f', home.script('removed', script), '--max-retries', '1']);
  await running.says('│ here');
  removeContainers(...home.containers());
  const { exitCode, stderr } = await running.ended;
  expect(exitCode, stderr).toBe(0);
  // The engine kills it first, and may still be asked about it then.
  expect(stderr).toMatch(/task 0 (failed: The container was removed before|was terminated on signal 9).*retrying/);
});

test.concurrent('the limits are those of the container', async ({ home }) => {
  const script = `cd /sys/fs/cgroup
    cat memory.max 2>/dev/null || cat memory/memory.limit_in_bytes
    cat cpu.max 2>/dev/null || cat cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us`;
  const file = home.script('limits', script, { resources: { limits: { memory: '768Mi', cpu: '1' } } });
  const command = home.inline(['jobs', 'run', '-f', file]);
  expect((await command.ended).exitCode).toBe(0);
  const [memory, ...cpu] = home.log(await command.execution());
  expect(memory).toBe(String(768 * 1024 ** 2));
  expect(cpu.join(' ')).toBe('100000 100000');
});

test.concurrent('more CPUs than there are is as many as there are', async ({ home }) => {
  const file = home.script('wide', 'echo ran', { resources: { limits: { memory: '4Gi', cpu: '8' } } });
  const { exitCode, stderr } = await home.run(['jobs', 'run', '-f', file]);
  expect(exitCode, stderr).toBe(0);
});

test.concurrent('a command that there is not', async ({ home }) => {
  const { result, stderr } = await failing(home, home.spec('no-command', { command: ['nonesuch', 'x'] }));
  expect(result).toEqual({
    status: {
      code: 10,
      message:
        'Application failed to start: exec: "nonesuch": executable file not found in $PATH. The image has no program of that name.',
    },
    exitCode: 127,
  });
  expect(stderr).toContain('exec: "nonesuch": executable file not found in $PATH');
});

test.concurrent('a command that is no program', async ({ home }) => {
  const { result } = await failing(home, home.spec('no-program', { command: ['/etc/hosts'] }));
  expect(result).toEqual({
    status: {
      code: 10,
      message:
        'Application failed to start: exec: "/etc/hosts": permission denied. It is a directory, or a file that is not executable (chmod +x).',
    },
    exitCode: 126,
  });
});

test.concurrent('a working directory that is a file', async ({ home }) => {
  const { result } = await failing(home, home.script('no-directory', 'pwd', { workingDir: '/bin/busybox' }));
  expect(result?.status?.message).toMatch(/^Application failed to start: .*\/bin\/busybox.*not a directory/);
});

test.concurrent('a working directory that is no absolute path', async ({ home, skip }) => {
  skip(onPodman, 'podman looks for it as it is');
  const { result } = await failing(home, home.script('relative', 'pwd', { workingDir: 'work' }));
  expect(result?.status?.message).toMatch(/^Application failed to start: .*'work' is invalid.*absolute path/);
});

test.concurrent('a working directory that there is not yet', async ({ home, skip }) => {
  skip(onPodman, 'podman makes none');
  const command = home.inline(['jobs', 'run', '-f', home.script('new-directory', 'pwd', { workingDir: '/new/dir' })]);
  expect((await command.ended).exitCode).toBe(0);
  expect(home.log(await command.execution())).toEqual(['/new/dir']);
});

test.concurrent('a user that the image does not have is root', async ({ home, onTestFinished }) => {
  const image = 'localrun/test-unknown-user:latest';
  const container = docker('create', 'localrun/busybox:latest');
  docker('commit', '--change', 'USER nonesuch', container, image);
  docker('rm', container);
  onTestFinished(() => void docker('rmi', image));
  const file = home.script('no-user', 'id -u; echo $CLOUD_RUN_TASK_INDEX', { image, taskCount: 2, parallelism: 1 });
  const command = home.inline(['jobs', 'run', '-f', file]);
  expect((await command.ended).exitCode, command.stderr).toBe(0);
  const id = await command.execution();
  for (const task of [0, 1]) {
    expect(home.log(id, task)).toEqual(['0', String(task)]);
    expect(home.log(id, task, 0, 'stderr')).toEqual([]);
  }
});

test.concurrent('a run goes on when what it says cannot be written', async ({ home }) => {
  const file = home.script('unheard', 'echo heard');
  const program = path.join(repository, 'bin', 'localrun.js');
  const run = spawn('sh', ['-c', 'exec "$@" 2>/dev/full', 'sh', process.execPath, program, 'jobs', 'run', '-f', file], {
    env: { ...process.env, LOCALRUN_HOME: home.directory, LOCALRUN_DOCKER: client },
    stdio: 'ignore',
  });
  expect(await once(run, 'exit')).toEqual([0, null]);
  const [execution] = await home.executions();
  expect(execution?.succeededCount).toBe(1);
});
