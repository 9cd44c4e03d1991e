import { readdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { expect } from 'vitest';
import { completionStatus } from '../../src/model/execution.js';
import { docker } from '../support/client.js';
import { type Home, test } from '../support/home.js';

// What test/docker/outcomes.test.ts, which runs on podman, too, does not need: see docs/fidelity.md.

const image = 'localrun/busybox:latest';
const sh = (script: string): { image: string; command: string[] } => ({ image, command: ['sh', '-c', script] });

/** Runs a job that has to succeed, and returns its execution. */
async function succeed(home: Home, file: string, env: Record<string, string> = {}): Promise<string> {
  const command = home.inline(['jobs', 'run', '-f', file], { env });
  const { exitCode, stderr } = await command.ended;
  expect(exitCode, stderr).toBe(0);
  return command.execution();
}

test('these tests have an engine of their own', () => {
  expect(docker('info', '--format', '{{.Store.GraphRoot}}')).toBe('/var/tmp/localrun-podman/storage');
});

test.concurrent('the example runs, retries and leaves nothing', async ({ home }) => {
  const id = await succeed(home, 'examples/quickstart.yaml');
  expect(await home.execution(id)).toMatchObject({ succeededCount: 10, retriedCount: 1 });
  expect(home.log(id, 9)).toEqual(['Starting task 9 of 10, attempt 0...', 'Completed task 9.']);
  // No registry has given it one.
  expect((await home.execution(id)).template?.containers?.[0]?.image).toBe('localrun/sample:latest');
});

test.concurrent('containers share a localhost, volumes and nothing else', async ({ home }) => {
  home.config(`secrets:\n  key: { file: ./key }\n`);
  writeFileSync(home.file('key'), 'correct horse');
  const mounts = (...names: string[]): { name: string; mountPath: string }[] =>
    names.map((name) => ({ name, mountPath: `/${name}` }));
  const app = `nc proxy 9000; cat /memory/note /disk/note /secret/key; echo; echo $KEY; stat -c %a /memory /disk
    df -k /memory | tail -1 | awk '{print $1, $2}'; ls /bin2; env | grep -i proxy; nc -w 1 169.254.169.254 80 || echo rejected`;
  const proxy = `echo memory > /memory/note; echo disk > /disk/note
    trap 'echo told to stop; exit' TERM; nc -ll -p 9000 -e echo hello & wait`;
  const file = home.template('together', {
    maxRetries: 0,
    volumes: [
      { name: 'memory', emptyDir: { medium: 'MEMORY', sizeLimit: '8Mi' } },
      { name: 'disk', emptyDir: { medium: 'DISK' } },
      { name: 'secret', secret: { secret: 'key' } },
    ],
    containers: [
      {
        name: 'app',
        dependsOn: ['proxy'],
        ...sh(app),
        env: [{ name: 'KEY', valueSource: { secretKeyRef: { secret: 'key', version: 'latest' } } }],
        volumeMounts: [...mounts('memory', 'disk', 'secret'), { name: 'memory', mountPath: '/bin2' }],
      },
      {
        name: 'proxy',
        ...sh(proxy),
        startupProbe: { tcpSocket: { port: 9000 }, periodSeconds: 1 },
        volumeMounts: mounts('memory', 'disk'),
      },
    ],
  });
  const id = await succeed(home, file, { HTTPS_PROXY: 'http://of.this.machine' });
  expect(home.log(id)).toEqual([
    ...['hello', 'memory', 'disk', 'correct horse', 'correct horse', '777', '777', 'tmpfs 8192', 'note', 'rejected'],
  ]);
  expect(home.log(id, 0, 0, 'stdout', 'proxy')).toEqual(['told to stop']);
});

test.concurrent('Ctrl-C cancels, and tasks get their time to end', async ({ home }) => {
  const polite = `trap 'echo cleaning up; exit 0' TERM; echo running; sleep 60 & wait`;
  const file = home.script('polite', polite, { taskCount: 4, parallelism: 2 });
  const command = home.start(['jobs', 'run', '-f', file]);
  await command.says('│ running', 2);
  command.killGroup('SIGINT');
  const { exitCode, stderr } = await command.ended;
  expect(exitCode, stderr).toBe(130);
  const execution = await home.execution(await command.execution());
  expect(completionStatus(execution)).toBe('EXECUTION_CANCELLED');
  expect(execution).toMatchObject({ cancelledCount: 4 });
  for (const task of [0, 1]) expect(home.log(await command.execution(), task)).toEqual(['running', 'cleaning up']);
});

test.concurrent('what a run that was killed has left is brought to its end, with all its output', async ({ home }) => {
  // Podman keeps a line in parts that is long, or is written so, each with a time of its own.
  const script = `for i in $(seq 30); do printf 'line '; sleep 0.05; echo $i; sleep 0.05; done
    head -c 20000 /dev/zero | tr '\\0' x`;
  const command = home.start(['jobs', 'run', '-f', home.script('interrupted', script, { taskCount: 2 })]);
  const id = await command.execution();
  await command.says('│ line 5', 2);
  home.killProcesses();
  await command.ended;
  const elsewhere = await home.run(['jobs', 'list'], { env: { LOCALRUN_DOCKER: 'docker' } });
  expect(elsewhere.stderr).toContain(
    `Execution [${id}] began on another container engine (the local podman) than the one in use now (docker context default). It stays as it is. Try: set LOCALRUN_DOCKER=podman; `,
  );
  const { stderr } = await home.run(['jobs', 'list']);
  expect(stderr).toContain(`Execution [${id}] was orphaned; `);
  expect(await home.completed(id)).toMatchObject({ succeededCount: 2 });
  const lines = Array.from({ length: 30 }, (_, i) => `line ${i + 1}`);
  for (const task of [0, 1]) expect(home.log(id, task)).toEqual([...lines, 'x'.repeat(20_000)]);
  expect(readdirSync(os.tmpdir()).filter((name) => name.includes(id))).toEqual([]);
});

test.concurrent('a paused container is told to stop by its timeout', async ({ home }) => {
  const polite = `trap 'echo told to stop; exit' TERM; echo running; while :; do sleep 0.1; done`;
  const file = home.script('paused', polite, { maxRetries: 0, timeout: '3s' });
  const command = home.inline(['jobs', 'run', '-f', file]);
  await command.says('│ running');
  docker('pause', ...home.containers().filter((name) => name.includes('task')));
  const { exitCode, stderr } = await command.ended;
  expect(exitCode, stderr).toBe(1);
  expect(stderr).toContain(' (attempt 1 of 1)');
  expect(home.log(await command.execution())).toEqual(['running', 'told to stop']);
});

test.concurrent.for([
  [
    'engine',
    { CONTAINER_HOST: 'unix:///nonexistent.sock' },
    /No container engine answers: Cannot connect to Podman\..*\nTry: start its service, or point CONTAINER_HOST/,
  ],
  ['configuration', { CONTAINERS_CONF: '/nonexistent.conf' }, /podman info failed: .*nonexistent\.conf/],
] as const)('what is wrong with the %s is said in the words of podman', async ([, env, problem], { home }) => {
  const { exitCode, stderr } = await home.run(['jobs', 'run', '-f', home.script('idle', 'true')], { env });
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(problem);
});

test.concurrent('a working directory has to be there', async ({ home }) => {
  const file = home.script('elsewhere', 'pwd', { workingDir: '/new/directory', maxRetries: 0 });
  const { exitCode, stderr } = await home.run(['jobs', 'run', '-f', file]);
  expect(exitCode, stderr).toBe(1);
  expect(stderr).toContain('task 0 failed to start: workdir "/new/directory" does not exist on container');
});
