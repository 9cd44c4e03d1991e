import { writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect } from 'vitest';
import { until } from '../support/cli.js';
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

test('--publish and --mount are for one run, and a process that resumes it has them too', async ({ home }) => {
  const { server, port } = await held();
  const source = home.scratch('source');
  writeFileSync(home.file('source/word'), 'swordfish');
  const script = `touch /app/x 2>/dev/null || echo read-only; nc -l -p 80 -e sh -c 'cat /app/word; echo " $CLOUD_RUN_TASK_INDEX"'`;
  const file = home.script('published', script, { taskCount: 2, parallelism: 1, maxRetries: 0 });
  const args = [
    'jobs',
    'run',
    '-f',
    file,
    '--publish',
    `${port}:80`,
    '--publish',
    '81',
    '--mount',
    `${source}:/app:ro`,
  ];
  const refused = await home.run(args);
  expect(refused.stderr).toMatch(/publish: 127\.0\.0\.1:\d+ for port 80: another program uses this port/);
  expect(await home.executions()).toEqual([]);
  await new Promise((resolve) => server.close(resolve));

  const run = home.start(args);
  const id = await run.execution();
  expect(await said(port)).toBe('swordfish 0\n');
  await run.says('task 1: port 81 is at 127.0.0.1:');
  run.kill('SIGKILL');
  await run.ended;
  expect(run.stderr).toContain(
    `Local settings: published ports: 127.0.0.1:${port} for port 80; a free port of 127.0.0.1 for port 81, mounts: ${source} at /app (read-only).`,
  );
  const adopted = home.inline(['jobs', 'executions', 'adopt', id]);
  expect(await said(port)).toBe('swordfish 1\n');
  const { exitCode, stderr } = await adopted.ended;
  expect(exitCode, stderr).toBe(0);
  for (const task of [0, 1]) expect(home.log(id, task)).toEqual(['read-only']);
  const described = await home.run(['jobs', 'executions', 'describe', id]);
  expect(described.stdout).toMatch(
    /Published ports: +127\.0\.0\.1:\d+ for port 80; a free port of 127\.0\.0\.1 for port 81\n/,
  );
  const task = await home.run(['jobs', 'executions', 'tasks', 'describe', `${id}-task1`]);
  expect(task.stdout).toMatch(/\nPorts: +port 81 is at 127\.0\.0\.1:\d+\n/);
});
