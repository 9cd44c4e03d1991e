import { existsSync } from 'node:fs';
import { expect } from 'vitest';
import { until } from '../support/cli.js';
import { docker, onPodman, removeContainers } from '../support/client.js';
import { type Home, test } from '../support/home.js';

const running = (home: Home): string[] =>
  home.containers().filter((name) => docker('inspect', '--format', '{{.State.Running}}', name) === 'true');

const script = 'echo attempt $CLOUD_RUN_TASK_ATTEMPT | tee /note; [ $CLOUD_RUN_TASK_INDEX != 1 ]';

test.concurrent(
  '--keep-failed leaves the containers of failed attempts, until the execution is deleted',
  async ({ home }) => {
    const file = home.script('failing', script, { taskCount: 3, maxRetries: 1 });
    const run = home.inline(['jobs', 'run', '-f', file, '--keep-failed']);
    const { exitCode, stderr } = await run.ended;
    expect(exitCode).toBe(1);
    const id = await run.execution();
    const [first, second] = [0, 1].map((attempt) => `localrun-${id}-task1-attempt${attempt}`) as [string, string];
    expect(
      home
        .containers()
        .filter((name) => !name.includes('sandbox'))
        .toSorted(),
    ).toEqual([first, second]);
    expect(running(home)).toEqual([]);
    expect(stderr).toContain(`Kept containers: ${first}, ${second}\n`);

    expect(docker('logs', second)).toBe('attempt 1');
    expect(docker('cp', `${second}:/note`, home.file('note'))).toBe('');
    const [, line = ''] = /Look into one: +localrun (.*)\n/.exec(stderr) ?? [];
    expect(line).toBe(`debug ${id} --task 1 --attempt 1`);
    const kept = home.containers();
    const look = home.start([...line.split(' '), '--', 'cat', '/note']);
    expect(await look.ended).toEqual({ exitCode: 0, stdout: 'attempt 1\n', stderr: '' });
    expect(home.containers()).toEqual(kept);
    expect(home.images()).toEqual([]);

    const deleted = await home.run(['jobs', 'executions', 'delete', id, '--quiet']);
    expect(deleted.exitCode, deleted.stderr).toBe(0);
    expect(home.containers()).toEqual([]);
  },
);

test.concurrent(
  '--keep leaves all containers with what they need to be started again, until they are pruned',
  async ({ home }) => {
    home.config(`secrets: { token: { value: swordfish } }\n`);
    const volumes = [
      { name: 'secret', secret: { secret: 'token' } },
      { name: 'disk', emptyDir: { medium: 'DISK' as const } },
    ];
    const volumeMounts = [
      { name: 'secret', mountPath: '/secret' },
      { name: 'disk', mountPath: '/disk' },
    ];
    const again = 'cat /secret/token /disk/note 2>/dev/null; echo; echo left > /disk/note';
    const file = home.template('kept', {
      taskCount: 2,
      volumes,
      containers: [
        { command: ['sh', '-c', again], volumeMounts, name: 'main' },
        { command: ['sh', '-c', 'sleep 30'], name: 'side' },
      ],
    });
    const run = home.inline(['jobs', 'run', '-f', file, '--keep']);
    const { exitCode, stderr } = await run.ended;
    expect(exitCode, stderr).toBe(0);
    const id = await run.execution();
    const main = `localrun-${id}-task1-attempt0`;
    expect(
      home
        .containers()
        .filter((name) => name.startsWith(main))
        .toSorted(),
    ).toEqual([main, `${main}-1-side`]);
    expect(running(home)).toEqual([]);
    expect(home.volumes()).toHaveLength(2);

    const [, holder = ''] = docker('inspect', '--format', '{{.HostConfig.NetworkMode}}', main).split(':');
    docker('start', holder);
    expect(docker('start', '--attach', main)).toMatch(/^swordfish/);
    expect(docker('logs', main).split('\n')).toEqual([
      expect.stringContaining('swordfish'),
      expect.stringContaining('swordfishleft'),
    ]);

    const pruned = await home.run(['prune', '--quiet']);
    expect(pruned.exitCode, pruned.stderr).toBe(0);
    expect(pruned.stdout).toMatch(/KEPT ATTEMPTS\n.* 2\n$/);
    expect([home.containers(), home.volumes(), home.leftovers()]).toEqual([[], [], []]);
  },
);

test.concurrent('a job is deleted with what its executions have kept', async ({ home }) => {
  const file = home.script('kept', 'exit 3', { maxRetries: 0 });
  expect((await home.run(['jobs', 'create', '-f', file])).exitCode).toBe(0);
  const { stderr } = await home.run(['jobs', 'execute', 'kept', '--wait', '--keep']);
  const [, id = ''] = /executions describe (\S+)/.exec(stderr) ?? [];
  expect(stderr).toContain(`Kept containers: localrun-${id}-task0-attempt0\n`);
  expect(home.containers()).toContain(`localrun-${id}-task0-attempt0`);
  const described = await home.run(['jobs', 'executions', 'describe', id]);
  expect(described.stdout).toMatch(/Kept containers: +all\n/);
  expect((await home.run(['jobs', 'delete', 'kept', '--quiet'])).exitCode).toBe(0);
  expect(home.containers()).toEqual([]);
});

test.concurrent('what kept containers keeps them when another process carries it on', async ({ home }) => {
  // The run must not end before it is killed, on a busy machine either.
  const retried = '[ $CLOUD_RUN_TASK_ATTEMPT = 1 ] || exit 1; sleep 4';
  const file = home.script('carried', retried, { taskCount: 2, parallelism: 1, maxRetries: 1 });
  const run = home.start(['jobs', 'run', '-f', file, '--keep-failed', '--fresh-sandbox']);
  await run.says('task 0 failed');
  run.kill('SIGKILL');
  await run.ended;
  const id = await run.execution();
  const adopted = await home.run(['jobs', 'executions', 'adopt', id]);
  expect(adopted.exitCode, adopted.stderr).toBe(0);
  expect(home.containers().toSorted()).toEqual([0, 1].map((task) => `localrun-${id}-task${task}-attempt0`));
  expect(adopted.stderr).toContain('Kept containers: ');
  expect((await home.run(['prune', '--quiet'])).exitCode).toBe(0);
});

test.concurrent('an engine that is away leaves kept containers, and the command says so', async ({ home, skip }) => {
  skip(onPodman, 'podman has no engine that could be away');
  const run = home.inline(['jobs', 'run', '-f', home.script('away', 'true'), '--keep']);
  expect((await run.ended).exitCode).toBe(0);
  const id = await run.execution();
  const pruned = await home.run(['prune', '--quiet'], { env: { DOCKER_HOST: `unix://${home.file('nowhere.sock')}` } });
  expect(pruned.stderr).toContain(`The kept containers of [${id}] were not removed: No container engine answers`);
  expect(existsSync(home.file('nowhere.sock'))).toBe(false);
  const left = await until(() => home.containers().filter((name) => name === `localrun-${id}-task0-attempt0`));
  removeContainers(...home.containers());
  expect(left).toHaveLength(1);
});
