import path from 'node:path';
import Database from 'libsql';
import { expect } from 'vitest';
import { completionStatus } from '../../src/model/execution.js';
import type { Probe } from '../../src/model/schema/probe.js';
import type { TaskAttemptResult } from '../../src/model/schema/job.js';
import { epochMs } from '../../src/model/time.js';
import { type Command, type RunningCommand, until } from '../support/cli.js';
import { docker, onPodman, removeContainers } from '../support/client.js';
import { type Home, test } from '../support/home.js';

const sh = (script: string): { command: string[] } => ({ command: ['sh', '-c', script] });

/** A program in an image that holds nothing but Node.js: no shell, and nothing that could ask a port. */
const js = (script: string): { image: string; command: string[] } => ({
  image: 'localrun/sample:latest',
  command: ['/usr/local/bin/node', '--eval', `process.on('SIGTERM', () => process.exit()); ${script}`],
});

/** Runs until it is told to stop, which it obeys. */
const idle = `trap 'echo told to stop; exit 7' TERM; echo up; while :; do sleep 0.2; done`;
/** Answers every connection with a line, until it is told to stop. */
const serve = (port: number, line = 'hello'): string => `trap exit TERM; nc -ll -p ${port} -e echo ${line} & wait`;
const tcp = (port: number, more: Probe = {}): { startupProbe: Probe } => ({
  startupProbe: { tcpSocket: { port }, periodSeconds: 1, ...more },
});

interface Ended {
  id: string;
  stderr: string;
  /** Of the first task, and of all. */
  result: TaskAttemptResult | undefined;
  results: (TaskAttemptResult | undefined)[];
}

async function ended(home: Home, command: RunningCommand, exitCode: number): Promise<Ended> {
  const { stderr, exitCode: code } = await command.ended;
  expect(code, stderr).toBe(exitCode);
  const id = await command.execution();
  const results = (await home.tasks(id)).map(({ lastAttemptResult }) => lastAttemptResult);
  return { id, stderr, result: results[0], results };
}

/** Runs a job to its end, each task once. */
const run = (home: Home, file: string, exitCode = 0): Promise<Ended> =>
  ended(home, home.inline(['jobs', 'run', '-f', file, '--max-retries', '0']), exitCode);

const log = (home: Home, id: string, container: string): string[] => home.log(id, 0, 0, 'stdout', container);

/** Proxies that take their time to come up, by the protocol of their probes, on localhost only. The second is the last. */
const proxies: { name: string; startupProbe: Probe; script: string }[] = [
  {
    name: 'http',
    startupProbe: { httpGet: { path: '/ready', port: 9001, httpHeaders: [{ name: 'X-Probe', value: 'yes' }] } },
    script: `require('node:http').createServer(({ url, headers }, answer) => {
      const well = url === '/ready' && headers['x-probe'] === 'yes' && process.uptime() > 2;
      answer.writeHead(well ? 204 : 503).end();
      console.log(well ? 'ready' : 'not ready');
    }).listen(9001, '127.0.0.1')`,
  },
  {
    name: 'tcp',
    startupProbe: { tcpSocket: { port: 9002 } },
    script: `setTimeout(() => require('node:net').createServer((socket) => socket.end()).listen(9002, '127.0.0.1', () => {
      console.log('ready');
    }), 5000)`,
  },
  {
    name: 'grpc',
    startupProbe: { grpc: { port: 9003, service: 'orders' } },
    script: `require('node:http2').createServer().on('stream', (stream, headers) => {
      const request = [];
      stream.on('data', (chunk) => request.push(chunk)).on('end', () => {
        const asked = Buffer.concat(request).subarray(5).toString('latin1') === '\\n\\x06orders';
        const well = headers[':path'] === '/grpc.health.v1.Health/Check' && asked && process.uptime() > 2;
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end(Buffer.from([0, 0, 0, 0, 2, 8, well ? 1 : 2]));
        console.log(well ? 'ready' : 'not ready');
      });
    }).listen(9003, '127.0.0.1')`,
  },
];

test.concurrent('main starts once its proxies are up, by probes that need nothing in the images', async ({ home }) => {
  const names = proxies.map(({ name }) => name);
  const file = home.template('proxies', {
    containers: [
      { name: 'app', dependsOn: names, ...sh('nc 127.0.0.1 9002 </dev/null >/dev/null && echo connected') },
      ...proxies.map(({ name, startupProbe, script }) => ({
        name,
        startupProbe: { ...startupProbe, periodSeconds: 1, timeoutSeconds: 5, failureThreshold: 60 },
        ...js(script),
      })),
    ],
  });
  const events = home.events();
  const { id } = await run(home, file);
  expect(home.log(id)).toEqual(['connected']);
  // What HTTP and gRPC find says so when it is asked: a probe that believes too early never hears it.
  for (const name of names) expect(log(home, id, name)).toContain('ready');
  expect(events.startOrder().toSorted()).toEqual([...names, 'main'].toSorted());
  expect(events.startOrder().at(-1)).toBe('main');
});

test.concurrent('a proxy that never gets ready fails the attempt, by its name', async ({ home }) => {
  const events = home.events();
  const file = home.template('never', {
    containers: [
      { name: 'app', dependsOn: ['proxy'], ...sh('echo started') },
      { name: 'proxy', ...tcp(9000, { failureThreshold: 2 }), ...sh(idle) },
    ],
  });
  const { id, result } = await run(home, file, 1);
  expect(result).toEqual({
    status: {
      code: 10,
      message:
        'STARTUP TCP (port 9000) probe failed 2 times consecutively for container "proxy": connection refused. The instance was not started.',
    },
  });
  expect(events.startOrder()).toEqual(['proxy']);
  expect(log(home, id, 'proxy')).toEqual(['up', 'told to stop']);
});

test.concurrent('a proxy that answers with an error, does not answer, or hangs up is not up', async ({ home }) => {
  const script = `const [http, net] = [require('node:http'), require('node:net')];
    const servers = [
      http.createServer((_, answer) => answer.writeHead(500).end()),
      net.createServer(() => {}),
      net.createServer((socket) => socket.destroy()),
    ];
    servers[process.env.CLOUD_RUN_TASK_INDEX].listen(9000)`;
  const startupProbe = {
    httpGet: { port: 9000 },
    initialDelaySeconds: 2,
    timeoutSeconds: 2,
    periodSeconds: 2,
    // On a busy machine the program listens late.
    failureThreshold: 3,
  };
  const file = home.template('not-up', {
    taskCount: 3,
    containers: [
      { name: 'app', dependsOn: ['proxy'], ...sh('echo started') },
      { name: 'proxy', startupProbe, ...js(script) },
    ],
  });
  const { results } = await run(home, file, 1);
  expect(results.map((result) => result?.status?.message)).toEqual(
    ['status code 500', 'no answer within 2s', 'socket hang up'].map(
      (detail) =>
        `STARTUP HTTP (port 9000, path /) probe failed 3 times consecutively for container "proxy": ${detail}. The instance was not started.`,
    ),
  );
});

test.concurrent(
  'a probe asks when it is told to, and no more often, at the port of its container',
  async ({ home }) => {
    const startupProbe = { httpGet: {}, initialDelaySeconds: 5, periodSeconds: 2, failureThreshold: 3 };
    const script = `require('node:http').createServer((_, answer) => {
    console.log(process.uptime());
    answer.writeHead(503).end();
  }).listen(9123)`;
    const file = home.template('asked', {
      containers: [
        { name: 'app', dependsOn: ['proxy'], ...sh('echo started') },
        { name: 'proxy', ports: [{ containerPort: 9123 }], startupProbe, ...js(script) },
      ],
    });
    const { id } = await run(home, file, 1);
    const [first = 0, second = 0, third = 0, ...more] = log(home, id, 'proxy').map(Number);
    expect(more).toEqual([]);
    // The program starts later than its container, on a busy machine by seconds.
    expect(first).toBeGreaterThan(1.5);
    expect(first).toBeLessThan(12);
    // A busy machine may notice one late, and the next in time.
    expect(Math.min(second - first, third - second)).toBeGreaterThan(0.5);
    expect(third - first).toBeGreaterThan(3);
    expect(third - first).toBeLessThan(16);
  },
);

test.concurrent('a sidecar that exits 0 early is done, and the main container decides', async ({ home }) => {
  const file = home.template('done', {
    ...{ taskCount: 2, parallelism: 1 },
    containers: [
      { name: 'app', ...sh('sleep 1; echo done; [ $CLOUD_RUN_TASK_INDEX = 0 ] || exit 3') },
      { name: 'setup', ...sh('echo set up') },
    ],
  });
  const { id, results } = await run(home, file, 1);
  for (const task of [0, 1]) {
    expect(home.log(id, task)).toEqual(['done']);
    expect(home.log(id, task, 0, 'stdout', 'setup')).toEqual(['set up']);
  }
  const failed = { status: { code: 10, message: 'The container exited with an error.' }, exitCode: 3 };
  expect(results).toEqual([{ status: {} }, failed]);
});

test.concurrent('a dependency that exits 0 before its probe has succeeded fails the attempt', async ({ home }) => {
  const file = home.template('gone', {
    containers: [
      { name: 'app', dependsOn: ['proxy'], ...sh('echo started') },
      { name: 'proxy', ...tcp(9000, { failureThreshold: 60 }), ...sh('exit 0') },
    ],
  });
  const { result } = await run(home, file, 1);
  expect(result?.status?.message).toBe('Container "proxy" exited with code 0 before the task had ended.');
});

test.concurrent('a sidecar that fails, is killed or is out of memory fails the attempt', async ({ home }) => {
  const script = `sleep 1; case $CLOUD_RUN_TASK_INDEX in
    0) exit 4 ;; 1) exit 137 ;; 2) exec dd if=/dev/zero of=/dev/null bs=600M count=1 ;; esac`;
  const file = home.template('failing', {
    ...{ taskCount: 3, parallelism: 1 },
    containers: [
      { name: 'app', ...sh(idle) },
      { name: 'side', ...sh(script) },
    ],
  });
  const { results } = await run(home, file, 1);
  const ended = (how: string): TaskAttemptResult['status'] => ({
    code: 10,
    message: `Container "side" ${how} before the task had ended.`,
  });
  expect(results).toEqual([
    { status: ended('exited with code 4'), exitCode: 4 },
    { status: ended('was terminated on signal 9'), termSignal: 9 },
    { status: { code: 8, message: 'Container "side": The configured memory limit was reached.' } },
  ]);
});

test.concurrent('a sidecar that cannot be started fails the attempt', async ({ home }) => {
  const file = home.template('failing', {
    containers: [
      { name: 'app', ...sh(idle) },
      { name: 'side', command: ['nonesuch'] },
    ],
  });
  const { result } = await run(home, file, 1);
  const message =
    'Container "side": Application failed to start: exec: "nonesuch": executable file not found in $PATH. The image has no program of that name.';
  expect(result).toEqual({ status: { code: 10, message }, exitCode: 127 });
});

test.concurrent('a sidecar that ignores SIGTERM is killed after 10 s, which changes nothing', async ({ home }) => {
  const file = home.template('stubborn', {
    containers: [
      { name: 'app', ...sh('sleep 1') },
      { name: 'side', ...sh(`trap 'echo ignored' TERM; while :; do sleep 0.5; done`) },
    ],
  });
  const events = home.events();
  const { id, result } = await run(home, file);
  expect(result).toEqual({ status: {} });
  expect(log(home, id, 'side')).toEqual(['ignored']);
  const [task] = await home.tasks(id);
  const ran = epochMs(task?.completionTime ?? '') - epochMs(task?.startTime ?? '');
  // The task has ended with its main container.
  expect(ran).toBeLessThan(9000);
  const [mainDied = 0, sideDied = 0] = events.times('die');
  expect(sideDied - mainDied).toBeGreaterThanOrEqual(9500);
  expect(sideDied - mainDied).toBeLessThan(25_000);
});

test.concurrent('three containers in a chain start one after the other', async ({ home }) => {
  const events = home.events();
  const file = home.template('chain', {
    containers: [
      { name: 'app', dependsOn: ['proxy'], ...sh('nc proxy 9001') },
      {
        name: 'proxy',
        dependsOn: ['db'],
        ...tcp(9001, { failureThreshold: 60 }),
        ...sh(`sleep 1; nc db 9002; ${serve(9001)}`),
      },
      { name: 'db', ...tcp(9002, { failureThreshold: 60 }), ...sh(`sleep 1; ${serve(9002, 'from db')}`) },
    ],
  });
  const { id } = await run(home, file);
  expect(events.startOrder()).toEqual(['db', 'proxy', 'main']);
  expect(home.log(id)).toEqual(['hello']);
  expect(log(home, id, 'proxy')).toEqual(['from db']);
});

test.concurrent(
  'two unnamed containers: the attempt ends with the first, the other is told to stop',
  async ({ home }) => {
    const file = home.template('unnamed', { containers: [sh('sleep 1; echo main'), sh(idle)] });
    const { id, result, stderr } = await run(home, file);
    expect(result).toEqual({ status: {} });
    expect(home.log(id)).toEqual(['main']);
    expect(log(home, id, 'container-1')).toEqual(['up', 'told to stop']);
    expect(stderr).toContain('task 0 container-1 │ told to stop');
  },
);

test.concurrent('names of containers stand for 127.0.0.1', async ({ home }) => {
  const file = home.template('names', {
    containers: [
      { name: 'app', ...sh(`for name in app app.v2; do ping -c 1 $name | head -1; done`) },
      { name: 'app.v2', ...sh(idle) },
    ],
  });
  const { id } = await run(home, file);
  expect(home.log(id)).toEqual(['PING app (127.0.0.1): 56 data bytes', 'PING app.v2 (127.0.0.1): 56 data bytes']);
});

test.concurrent('containers of a task share their ports', async ({ home }) => {
  const file = home.template('clash', {
    containers: [
      { name: 'app', dependsOn: ['first'], ...sh(idle) },
      { name: 'first', ...tcp(9000, { failureThreshold: 60 }), ...sh(serve(9000)) },
      { name: 'second', dependsOn: ['first'], ...sh('nc -l -p 9000') },
    ],
  });
  const { id, result, stderr } = await run(home, file, 1);
  const message = 'Container "second" exited with code 1 before the task had ended.';
  expect(result?.status?.message).toBe(message);
  expect(home.log(id, 0, 0, 'stderr', 'second').join('\n')).toContain('Address already in use');
  // At the end it is said once more which one failed the task, why, and what it wrote last.
  const words = stderr.slice(stderr.indexOf('\n✗ '));
  expect(words).toMatch(/^\n✗ Container "second" exited with code 1 before the task had ended: .*in use\n/);
  expect(words).toMatch(/\n {2}second │ .*Address already in use\n/);
});

test.concurrent('what one task listens on, no other task reaches', async ({ home }) => {
  // Each looks for the others at all addresses that the bridge has given out lately.
  const script = `(${serve(9753)}) &
    own=$(ip -4 addr show dev eth0 | sed -n 's/.*inet \\([0-9.]*\\).*/\\1/p'); echo own $own; sleep 3
    for host in 127.0.0.1 $own; do until nc $host 9753 </dev/null; do sleep 0.1; done; echo reached itself; done
    net=$(echo $own | cut -d. -f1-3)
    for i in $(seq 2 60); do
      [ $net.$i = $own ] || nc -w 1 $net.$i 9753 </dev/null && [ $net.$i != $own ] && echo reached $net.$i
    done; sleep 5`;
  const file = home.script('listening', script, { taskCount: 3, parallelism: 3 });
  const command = home.inline(['jobs', 'run', '-f', file]);
  await command.says('│ reached itself', 6);
  const id = await command.execution();
  const owns = [0, 1, 2].map((task) => home.log(id, task)[0]?.split(' ')[1] ?? '');
  expect(new Set(owns).size).toBe(3);
  // Nor does a container that has nothing to do with the execution.
  const foreign = ['run', '--rm', 'localrun/busybox:latest', 'sh', '-c', `nc -w 2 ${owns[0]} 9753; echo $?`];
  expect(docker(...foreign)).toBe('1');
  await ended(home, command, 0);
  for (const task of [0, 1, 2]) {
    expect(home.log(id, task).filter((line) => line.startsWith('reached'))).toEqual([
      'reached itself',
      'reached itself',
    ]);
  }
});

/** A job whose main container waits for a proxy and then for as long as it takes to be interrupted. */
const interruptible = (home: Home, delay: number): string =>
  home.template('interrupted', {
    containers: [
      { name: 'app', dependsOn: ['proxy'], ...sh(`nc proxy 9000; sleep 4; echo done`) },
      { name: 'proxy', ...tcp(9000, { failureThreshold: 60 }), ...sh(`sleep ${delay}; echo up; ${serve(9000)}`) },
    ],
  });

test.concurrent.for([
  ['while main waits for its proxy', 4, (_: Command, home: Home) => home.events().started(1)],
  ['while main runs', 0, (command: Command) => command.says('task 0 │ hello')],
] as const)('a run that is killed %s is brought to its end', async ([, delay, reached], { home }) => {
  const events = home.events();
  const command = home.start(['jobs', 'run', '-f', interruptible(home, delay)]);
  const id = await command.execution();
  await reached(command, home);
  command.kill('SIGKILL');
  await command.ended;
  await home.run(['jobs', 'executions', 'list']);
  expect(completionStatus(await home.completed(id))).toBe('EXECUTION_SUCCEEDED');
  expect(home.log(id)).toEqual(['hello', 'done']);
  expect(log(home, id, 'proxy')).toEqual(['up']);
  expect(events.startOrder()).toEqual(['proxy', 'main']);
});

const sandboxes = (home: Home): string[] => home.containers().filter((name) => name.includes('-sandbox'));

test.concurrent('an attempt whose containers have lost their sandbox does not go on in two', async ({ home }) => {
  const file = home.template('torn', {
    containers: [
      { name: 'app', dependsOn: ['proxy'], ...sh('nc proxy 9000') },
      { name: 'proxy', dependsOn: ['slow'], ...tcp(9000, { failureThreshold: 60 }), ...sh(serve(9000)) },
      {
        name: 'slow',
        ...tcp(9001, { initialDelaySeconds: 3, failureThreshold: 60 }),
        ...sh(`echo up; ${serve(9001)}`),
      },
    ],
    maxRetries: 1,
  });
  const command = home.inline(['jobs', 'run', '-f', file]);
  await command.says('slow │ up');
  removeContainers(...sandboxes(home));
  const { id, stderr } = await ended(home, command, 0);
  expect(stderr).toContain('task 0 failed: ');
  if (!onPodman) expect(stderr).toContain('the sandbox of its attempt is gone');
  expect(home.log(id, 0, 1)).toEqual(['hello']);
});

test.concurrent('with --fresh-sandbox no two attempts share one', async ({ home }) => {
  const events = home.events();
  const file = home.template('fresh', {
    taskCount: 2,
    parallelism: 1,
    maxRetries: 1,
    containers: [
      {
        name: 'app',
        dependsOn: ['proxy'],
        ...sh('nc proxy 9000; [ $CLOUD_RUN_TASK_ATTEMPT$CLOUD_RUN_TASK_INDEX != 01 ]'),
      },
      { name: 'proxy', ...tcp(9000), ...sh(serve(9000)) },
    ],
  });
  const command = home.inline(['jobs', 'run', '-f', file, '--fresh-sandbox']);
  const { id } = await ended(home, command, 0);
  const attempts = [
    [0, 0],
    [1, 0],
    [1, 1],
  ] as const;
  for (const [task, attempt] of attempts) expect(home.log(id, task, attempt)).toEqual(['hello']);
  expect(await events.starts(id)).toHaveLength(6);
  expect(events.sandboxes()).toBe(3);
  const store = new Database(path.join(home.directory, 'localrun.db'), { readonly: true });
  const used = "SELECT count(DISTINCT handle ->> 'sandbox') AS used FROM attempt";
  expect(store.prepare(used).all()).toEqual([{ used: 3 }]);
  store.close();
});

test.concurrent('attempts of a slot share its sandbox', async ({ home }) => {
  const file = home.script('slot', 'readlink /proc/self/ns/net', { taskCount: 2, parallelism: 1 });
  const { id } = await run(home, file);
  expect(home.log(id, 0)).toHaveLength(1);
  expect(home.log(id, 0)).toEqual(home.log(id, 1));
});

test.concurrent('an execution can be cancelled while a dependency is awaited', async ({ home }) => {
  const events = home.events();
  const file = home.template('cancelled', {
    containers: [
      { name: 'app', dependsOn: ['proxy'], ...sh('echo started') },
      { name: 'proxy', ...tcp(9000, { failureThreshold: 60 }), ...sh(idle) },
    ],
  });
  const command = home.start(['jobs', 'run', '-f', file]);
  await command.says('proxy │ up');
  command.kill('SIGINT');
  const { id, result } = await ended(home, command, 130);
  expect(completionStatus(await home.execution(id))).toBe('EXECUTION_CANCELLED');
  expect(result).toEqual({ status: { code: 1, message: 'Cancelled by user.' } });
  expect(log(home, id, 'proxy')).toEqual(['up', 'told to stop']);
  expect(events.startOrder()).toEqual(['proxy']);
});

test.concurrent('a timeout counts from the first container, and stops them all', async ({ home }) => {
  const file = home.template('timeout', {
    timeout: '4s',
    containers: [
      { name: 'app', dependsOn: ['proxy'], ...sh('echo started') },
      { name: 'proxy', ...tcp(9000, { failureThreshold: 60 }), ...sh(idle) },
    ],
  });
  const { id, result } = await run(home, file, 1);
  expect(result).toEqual({ status: { code: 4, message: 'The configured timeout was reached.' } });
  expect(log(home, id, 'proxy')).toEqual(['up', 'told to stop']);
  await until(() => home.containers().length === 0);
});
