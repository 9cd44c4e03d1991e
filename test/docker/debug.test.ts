import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect } from 'vitest';
import { until } from '../support/cli.js';
import { client, docker } from '../support/client.js';
import { test } from '../support/home.js';

/** Listens on a port that no system gives out by itself, so that nobody else takes it in the meantime. */
async function held(): Promise<{ server: Server; port: number }> {
  for (let port = 20_000 + (process.pid % 10_000); ; port++) {
    const server = createServer();
    const listening = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    if (listening) return { server, port };
  }
}

/** What a server at this port says, once there is one: the engine takes connections before the task does. */
const said = (port: number): Promise<string> =>
  until(async () => {
    const socket = connect(port, '127.0.0.1');
    try {
      return (await text(socket)) || undefined;
    } catch {
      return undefined;
    }
  });

const toolbox = 'localrun/busybox:latest';

/** Makes an image that has a program, and no shell. */
function bareImage(name: string): void {
  const line = `${client} run --rm --network none ${toolbox} tar -c -C / bin/busybox | ${client} import - ${name}`;
  execFileSync('sh', ['-c', line]);
}

test('a task can be looked into: by a port, by files, by shells while it runs and afterwards', async ({
  home,
  skip,
  onTestFinished,
}) => {
  skip(process.platform !== 'linux', 'needs the script of util-linux');
  const bare = `localrun/test-bare:${process.pid}`;
  bareImage(bare);
  onTestFinished(() => void docker('rmi', bare));
  const { server, port } = await held();
  const source = home.scratch('source');
  writeFileSync(home.file('source/word'), 'swordfish');
  const script = `until [ -e /shared/up ]; do sleep 0.1; done
    echo note > note; touch /app/x 2>/dev/null || echo read-only
    nc -l -p 80 -e sh -c 'cat /app/word; echo " $CLOUD_RUN_TASK_INDEX"'
    [ $CLOUD_RUN_TASK_INDEX != 0 ] || while [ ! -e go ]; do sleep 0.1; done; exit 3`;
  const file = home.template('looked', {
    ...{ taskCount: 2, parallelism: 1, maxRetries: 0 },
    volumes: [{ name: 'shared', emptyDir: { medium: 'DISK' } }],
    containers: [
      {
        name: 'app',
        command: ['sh', '-c', script],
        workingDir: '/tmp',
        env: [{ name: 'KEY', value: 'a b' }],
        volumeMounts: [{ name: 'shared', mountPath: '/shared' }],
      },
      {
        name: 'bare',
        image: bare,
        // It has no shell by that name, and ends when it is told to.
        command: [
          '/bin/busybox',
          'sh',
          '-c',
          'trap exit TERM; : > /shared/up; while :; do /bin/busybox sleep 0.1; done',
        ],
        env: [{ name: 'KEY', value: 'of bare' }],
        volumeMounts: [{ name: 'shared', mountPath: '/shared' }],
      },
    ],
  });
  const flags = ['--publish', `${port}:80`, '--publish', '81', '--mount', `${source}:/app:ro`, '--keep-failed'];
  const args = ['jobs', 'run', '-f', file, ...flags];
  const refused = await home.run(args);
  expect(refused.stderr).toMatch(/publish: 127\.0\.0\.1:\d+ for port 80: another program uses this port/);
  expect(await home.executions()).toEqual([]);
  await new Promise((resolve) => server.close(resolve));

  const run = home.start(args);
  const id = await run.execution();
  expect(await said(port)).toBe('swordfish 0\n');
  const debug = (...words: string[]) => home.start(['debug', id, '--task', '0', ...words]);
  const onTerminal = home.onTerminal(
    ['debug', id, '--container', 'bare'],
    { LOCALRUN_TOOLBOX: toolbox },
    'echo $((6 * 7)); tty; exit 5\n',
  );
  const inContainer = debug('--', 'sh', '-c', 'pwd; cat note; echo "$KEY"; exit 7');
  const inToolbox = debug(
    ...['--container', 'bare', '--toolbox', toolbox, '--', 'sh', '-c'],
    'echo "$KEY"; ls /proc/1/root/bin; touch /shared/x && ls /proc/1/root/shared; [ "$(readlink /proc/self/ns/net)" = "$(readlink /proc/1/ns/net)" ] && echo same network',
  );
  expect(await inContainer.ended).toEqual({ exitCode: 7, stdout: '/tmp\nnote\na b\n', stderr: '' });
  expect(await inToolbox.ended).toEqual({
    exitCode: 0,
    stdout: 'of bare\nbusybox\nup\nx\nsame network\n',
    stderr: '',
  });
  const terminal = await onTerminal;
  expect(terminal).toMatch(
    /Toolbox localrun\/busybox:latest beside container bare of task 0, attempt 0, of looked-\w+ \(running\)\./,
  );
  expect(terminal).toMatch(/\r\n42\r\n\/dev\/pts\/\d+\r\n/);
  const cut = debug('--', 'sleep', '100');
  await until(() => docker('top', `localrun-${id}-task0-attempt0`).includes('sleep 100'));
  expect((await debug('--', 'touch', '/tmp/go').ended).exitCode).toBe(0);
  expect(await cut.ended).toEqual({
    ...{ exitCode: 137, stdout: '' },
    stderr: 'Task 0, attempt 0, failed with exit code 3: that ended the command.\n',
  });

  // In the line of the local settings, and in the output of two tasks.
  await run.says('read-only', 3);
  run.kill('SIGKILL');
  await run.ended;
  expect(run.stderr).toContain(
    `Local settings: published ports: 127.0.0.1:${port} for port 80; a free port of 127.0.0.1 for port 81, mounts: ${source} at /app (read-only), kept containers: of failed attempts.`,
  );
  const adopted = home.inline(['jobs', 'executions', 'adopt', id]);
  expect(await said(port)).toBe('swordfish 1\n');
  expect((await adopted.ended).exitCode).toBe(1);
  for (const task of [0, 1]) expect(home.log(id, task)).toEqual(['read-only']);
  const described = await home.run(['jobs', 'executions', 'describe', id]);
  expect(described.stdout).toMatch(
    /Published ports: +127\.0\.0\.1:\d+ for port 80; a free port of 127\.0\.0\.1 for port 81\n/,
  );
  const task = await home.run(['jobs', 'executions', 'tasks', 'describe', `${id}-task1`]);
  expect(task.stdout).toMatch(/\nPorts: +port 81 is at 127\.0\.0\.1:\d+\n/);

  const kept = home.containers();
  const killed = debug('--', 'sh', '-c', 'echo; sleep 100');
  const copied = debug('--', 'sh', '-c', 'pwd; cat note /app/word; echo " $KEY"');
  const beside = debug('--container', 'bare', '--toolbox', toolbox, '--', 'ls', '/proc/1/root/shared');
  await until(() => killed.stdout.length > 0);
  killed.kill('SIGKILL');
  await killed.ended;
  expect(await copied.ended).toEqual({ exitCode: 0, stdout: '/tmp\nnote\nswordfish a b\n', stderr: '' });
  expect(await beside.ended).toEqual({ exitCode: 0, stdout: 'up\nx\n', stderr: '' });
  await until(() => home.containers().join() === kept.join());
  // The image of the copy whose process was killed.
  expect(home.images()).toHaveLength(1);
  expect((await home.run(['prune', '--quiet'])).exitCode).toBe(0);
  expect([home.containers(), home.images(), home.volumes()]).toEqual([[], [], []]);
});
