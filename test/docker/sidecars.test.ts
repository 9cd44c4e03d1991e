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
  result: TaskAttemptResult | undefined;
}

async function ended(home: Home, command: RunningCommand, exitCode: number): Promise<Ended> {
  const { stderr, exitCode: code } = await command.ended;
  expect(code, stderr).toBe(exitCode);
  const id = await command.execution();
  const [task] = await home.tasks(id);
  return { id, stderr, result: task?.lastAttemptResult };
}

/** Runs a job of one attempt to its end. */
const run = (home: Home, file: string, exitCode = 0): Promise<Ended> =>
  ended(home, home.inline(['jobs', 'run', '-f', file, '--max-retries', '0']), exitCode);

const log = (home: Home, id: string, container: string): string[] => home.log(id, 0, 0, 'stdout', container);

/** A proxy that takes a second to come up, by the protocol of its probe, on localhost only. */
const proxies: [protocol: string, probe: Probe, script: string][] = [
  [
    'http',
    { httpGet: { path: '/ready', port: 9000, httpHeaders: [{ name: 'X-Probe', value: 'yes' }] } },
    `require('node:http').createServer(({ url, headers }, answer) => {
      const well = url === '/ready' && headers['x-probe'] === 'yes' && process.uptime() > 2;
      answer.writeHead(well ? 204 : 503).end();
      console.log(well ? 'ready' : 'not ready');
    }).listen(9000, '127.0.0.1')`,
  ],
  [
    'tcp',
    { tcpSocket: { port: 9000 } },
    `setTimeout(() => require('node:net').createServer((socket) => socket.end()).listen(9000, '127.0.0.1', () => {
      console.log('ready');
    }), 1000)`,
  ],
  [
    'grpc',
    { grpc: { port: 9000, service: 'orders' } },
    `require('node:http2').createServer().on('stream', (stream, headers) => {
      const request = [];
      stream.on('data', (chunk) => request.push(chunk)).on('end', () => {
        const asked = Buffer.concat(request).subarray(5).toString('latin1') === '\\n\\x06orders';
        const well = headers[':path'] === '/grpc.health.v1.Health/Check' && asked && process.uptime() > 2;
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end(Buffer.from([0, 0, 0, 0, 2, 8, well ? 1 : 2]));
        console.log(well ? 'ready' : 'not ready');
      });
    }).listen(9000, '127.0.0.1')`,
  ],
];

test.concurrent.for(proxies)(
  'main starts once the proxy is up, by an %s probe that needs nothing in the image',
  async ([protocol, probe, script], { home }) => {
    const file = home.template(`proxy-${protocol}`, {
      containers: [
        { name: 'app', dependsOn: ['proxy'], ...sh('nc 127.0.0.1 9000 </dev/null >/dev/null && echo connected') },
        {
          name: 'proxy',
          startupProbe: { ...probe, periodSeconds: 1, timeoutSeconds: 5, failureThreshold: 60 },
          ...js(script),
        },
      ],
    });
    const events = home.events();
    const { id } = await run(home, file);
    expect(home.log(id)).toEqual(['connected']);
    expect(log(home, id, 'proxy')).toContain('ready');
    expect(events.startOrder()).toEqual(['proxy', 'main']);
  },
);

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

test.concurrent.for<[what: string, script: string, detail: string]>([
  [
    'answers with an error',
    `require('node:http').createServer((_, answer) => answer.writeHead(500).end()).listen(9000)`,
    'status code 500',
  ],
  ['does not answer', `require('node:net').createServer(() => {}).listen(9000)`, 'no answer within 2s'],
  ['hangs up', `require('node:net').createServer((socket) => socket.destroy()).listen(9000)`, 'socket hang up'],
])('a proxy that %s is not up', async ([, script, detail], { home }) => {
  const startupProbe = {
    httpGet: { port: 9000 },
    initialDelaySeconds: 2,
    timeoutSeconds: 2,
    periodSeconds: 2,
    // On a busy machine the program listens late.
    failureThreshold: 3,
  };
  const file = home.template('not-up', {
    containers: [
      { name: 'app', dependsOn: ['proxy'], ...sh('echo started') },
      { name: 'proxy', startupProbe, ...js(script) },
    ],
  });
  const { result } = await run(home, file, 1);
  expect(result?.status?.message).toBe(
    `STARTUP HTTP (port 9000, path /) probe failed 3 times consecutively for container "proxy": ${detail}. The instance was not started.`,
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
    for (const pause of [second - first, third - second]) {
      expect(pause).toBeGreaterThan(1.5);
      expect(pause).toBeLessThan(8);
    }
  },
);

test.concurrent('a sidecar that exits 0 early is done', async ({ home }) => {
  const file = home.template('done', {
    containers: [
      { name: 'app', ...sh('sleep 1; echo done') },
      { name: 'setup', ...sh('echo set up') },
    ],
  });
  const { id } = await run(home, file);
  expect(home.log(id)).toEqual(['done']);
  expect(log(home, id, 'setup')).toEqual(['set up']);
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

test.concurrent.for<[how: string, script: string, result: TaskAttemptResult]>([
  [
    'exits with an error',
    'exit 4',
    { status: { code: 10, message: 'Container "side" exited with code 4 before the task had ended.' }, exitCode: 4 },
  ],
  [
    'is killed',
    'exit 137',
    {
      status: { code: 10, message: 'Container "side" was terminated on signal 9 before the task had ended.' },
      termSignal: 9,
    },
  ],
  [
    'is out of memory',
    'exec dd if=/dev/zero of=/dev/null bs=600M count=1',
    { status: { code: 8, message: 'Container "side": The configured memory limit was reached.' } },
  ],
  [
    'cannot be started',
    '',
    {
      status: {
        code: 10,
        message:
          'Container "side": Application failed to start: exec: "nonesuch": executable file not found in $PATH. The image has no program of that name.',
      },
      exitCode: 127,
    },
  ],
])('a sidecar that %s fails the attempt', async ([, script, expected], { home }) => {
  const side = script ? sh(`sleep 1; ${script}`) : { command: ['nonesuch'] };
  const file = home.template('failing', {
    containers: [
      { name: 'app', ...sh(idle) },
      { name: 'side', ...side },
    ],
  });
  const { result } = await run(home, file, 1);
  expect(result).toEqual(expected);
});

test.concurrent('the attempt ends with its main container; the others are told to stop', async ({ home }) => {
  const file = home.template('main-first', {
    containers: [
      { name: 'app', ...sh('sleep 1; echo done') },
      { name: 'side', ...sh(idle) },
    ],
  });
  const { id, result, stderr } = await run(home, file);
  expect(result).toEqual({ status: {} });
  expect(log(home, id, 'side')).toEqual(['up', 'told to stop']);
  expect(stderr).toContain('task 0 side │ told to stop');
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
  expect(sideDied - mainDied).toBeLessThan(16_000);
});

test.concurrent('a failing main container fails the attempt, whatever the others do', async ({ home }) => {
  const file = home.template('main-fails', {
    containers: [
      { name: 'app', ...sh('sleep 1; exit 3') },
      { name: 'side', ...sh('exit 0') },
    ],
  });
  const { result } = await run(home, file, 1);
  expect(result).toEqual({ status: { code: 10, message: 'The container exited with an error.' }, exitCode: 3 });
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

test.concurrent('two unnamed containers: the first is the main one', async ({ home }) => {
  const file = home.template('unnamed', { containers: [sh('sleep 1; echo main'), sh(idle)] });
  const { id } = await run(home, file);
  expect(home.log(id)).toEqual(['main']);
  expect(log(home, id, 'container-1')).toEqual(['up', 'told to stop']);
});

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
  // At the end it is said once more which one failed the task, and what each wrote last.
  const words = stderr.slice(stderr.indexOf('\nX '));
  expect(words).toContain(`X task 0 failed: ${message.replace(/\.$/, '')} (attempt 1 of 1)\n  │ up\n`);
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

test.concurrent.for([
  ['killed', ['kill']],
  // Podman removes a sandbox only with what is in it.
  ...(onPodman ? [] : [['removed', ['rm', '--force']] as const]),
] as const)('a sandbox that was %s by hand is made anew', async ([, destroy], { home }) => {
  const file = home.script('homeless', 'echo here; [ $CLOUD_RUN_TASK_INDEX != 0 ] || sleep 4', {
    taskCount: 3,
    parallelism: 1,
  });
  const command = home.inline(['jobs', 'run', '-f', file]);
  await command.says('│ here');
  const [sandbox = ''] = sandboxes(home);
  docker(...destroy, sandbox);
  const { id } = await ended(home, command, 0);
  expect(await home.execution(id)).toMatchObject({ succeededCount: 3 });
  expect(await home.execution(id)).not.toHaveProperty('retriedCount');
});

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
    taskCount: 3,
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
    [2, 0],
  ] as const;
  for (const [task, attempt] of attempts) expect(home.log(id, task, attempt)).toEqual(['hello']);
  expect(await events.starts(id)).toHaveLength(8);
  expect(events.sandboxes()).toBe(4);
  const store = new Database(path.join(home.directory, 'localrun.db'), { readonly: true });
  const used = "SELECT count(DISTINCT handle ->> 'sandbox') AS used FROM attempt";
  expect(store.prepare(used).all()).toEqual([{ used: 4 }]);
  store.close();
});

test.concurrent('attempts of a slot share its sandbox', async ({ home }) => {
  const file = home.script('slot', 'readlink /proc/self/ns/net', { taskCount: 3, parallelism: 1 });
  const { id } = await run(home, file);
  expect(new Set([0, 1, 2].map((task) => home.log(id, task).join())).size).toBe(1);
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
