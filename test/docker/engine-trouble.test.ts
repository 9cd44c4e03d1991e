import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import type { Execution } from '../../src/model/schema/job.js';
import { EngineProxy } from '../support/engine-proxy.js';
import { type Home, test } from '../support/home.js';

const unreachable = { DOCKER_HOST: 'unix:///nonexistent.sock' };

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
  ['run', 'no client', { LOCALRUN_DOCKER: 'nonesuch' }, 'The command nonesuch was not found.', 'install it, or name'],
] as const)('`%s` with %s says so and leaves nothing half made', async ([verb, , env, problem, fix], { home }) => {
  expect((await home.run(['jobs', 'create', '-f', home.script('idle', 'true')])).exitCode).toBe(0);
  const { exitCode, stdout, stderr } = await home.run(['jobs', verb, 'idle'], { env });
  expect(exitCode).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toContain(`ERROR: (localrun.jobs.${verb})`);
  expect(stderr).toContain(problem);
  expect(stderr).toContain(`Try: ${fix}`);
  expect(stderr.trim().split('\n').length).toBeLessThan(verb === 'execute' ? 6 : 4);
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
  const command = home.inline(['jobs', 'run', '-f', file], { env: { DOCKER_HOST: proxy.host } });
  for (const round of [1, 2]) {
    await command.says('│ began', round === 1 ? 1 : 4);
    proxy.cut();
    await command.says('Waiting until it is available; nothing is lost.', round);
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

test.concurrent(
  'what containers do while the engine is away for longer than they run is known afterwards',
  async ({ home, onTestFinished }) => {
    const proxy = new EngineProxy(path.join(home.scratch('proxy'), 'docker.sock'));
    onTestFinished(() => proxy.cut());
    await proxy.open();
    const script = 'echo began; echo began >&2; sleep 8; echo ended; echo ended >&2; exit 1';
    const file = home.script('alone', script, { taskCount: 2, maxRetries: 0 });
    const command = home.inline(['jobs', 'run', '-f', file], { env: { DOCKER_HOST: proxy.host } });
    await command.says('│ began', 4);
    proxy.cut();
    await new Promise((resolve) => setTimeout(resolve, 12_000));
    await proxy.open();
    const { exitCode, stderr } = await command.ended;
    expect(exitCode, stderr).toBe(1);
    for (const once of ['Waiting until it is available; nothing is lost.', 'The container engine answers again.']) {
      expect(stderr.split(once)).toHaveLength(2);
    }
    expect(stderr.match(/^task \d failed with exit code 1 \(attempt 1 of 1\)$/gm)).toHaveLength(2);
    const id = await command.execution();
    const lines = ['began', 'ended'];
    const shown = stderr.split('\n').filter((line) => /^task \d │/.test(line));
    expect(shown.toSorted()).toEqual(
      [0, 1].flatMap((task) => lines.flatMap((it) => Array(2).fill(`task ${task} │ ${it}`))),
    );
    for (const task of [0, 1]) {
      for (const stream of ['stdout', 'stderr'] as const) expect(home.log(id, task, 0, stream)).toEqual(lines);
    }
  },
);

/** A docker client that does what a script says before it becomes docker. */
function scripted(home: Home, script: string): Record<string, string> {
  const client = path.join(home.scratch('client'), 'docker');
  writeFileSync(client, `#!/bin/sh\n${script}\nexec docker "$@"`, { mode: 0o755 });
  return { LOCALRUN_DOCKER: client };
}

/** A docker client that does something else than docker, so many times, when its arguments hold `word`. */
function troubled(home: Home, times: number, word: string, instead: string): Record<string, string> {
  const done = path.join(home.file('client'), 'done');
  const script = `case " $* " in *" ${word} "*)
      for time in $(seq ${times}); do if mkdir ${done}$time 2> /dev/null; then ${instead}; fi; done ;;
    esac`;
  return scripted(home, script);
}

test.concurrent.for([
  [
    'refuses a sandbox for a while',
    2,
    '--detach',
    "echo 'docker: Error response from daemon: transport is closing.' >&2; exit 125",
  ],
  [
    'goes away while a container fails for want of its sandbox',
    1,
    '--sig-proxy=false',
    `for word; do case $word in container:*) docker kill \${word#container:} > /dev/null; esac; done
     docker "$@" > /dev/null 2>&1; echo 'error during connect: EOF' >&2; exit 125`,
  ],
  ['breaks off before there is a container', 1, '--sig-proxy=false', 'echo "unexpected EOF" >&2; exit 1'],
  ['cannot tell of a container for a while', 2, 'inspect', 'echo "Error response from daemon: busy" >&2; exit 1'],
  ['cannot remove a container for a while', 2, 'rm', 'echo "Error response from daemon: busy" >&2; exit 1'],
] as const)('an engine that %s costs no attempt', async ([, times, word, instead], { home }) => {
  const file = home.script('patient', 'echo ran', { maxRetries: 0 });
  const command = home.inline(['jobs', 'run', '-f', file], { env: troubled(home, times, word, instead) });
  const { exitCode, stderr } = await command.ended;
  expect(exitCode, stderr).toBe(0);
  expect(home.log(await command.execution())).toEqual(['ran']);
  expect(existsSync(path.join(home.file('client'), `done${times}`))).toBe(true);
});

test.concurrent(
  'a container that is gone costs its own attempt, and none of those asked about with it',
  async ({ home }) => {
    const done = path.join(home.file('client'), 'done');
    // Asked about several at once, the engine has lost the first one, and is too busy for the others.
    const script = `if [ "$1 $2" = "container inspect" ] && [ $# -gt 5 ] && mkdir ${done}; then
      docker rm --force "$5" > /dev/null
      echo "Error: No such container: $5" >&2
      echo "Error response from daemon: busy" >&2
      exit 1
    fi`;
    const file = home.script('several', 'sleep 1; echo ran', { taskCount: 4, maxRetries: 1 });
    const command = home.inline(['jobs', 'run', '-f', file], { env: scripted(home, script) });
    const { exitCode, stderr } = await command.ended;
    expect(exitCode, stderr).toBe(0);
    expect(existsSync(done)).toBe(true);
    expect(
      stderr.split('The container was removed before its result was known (attempt 1 of 2); retrying'),
    ).toHaveLength(2);
    expect(await home.execution(await command.execution())).toMatchObject({ succeededCount: 4, retriedCount: 1 });
  },
);

test.concurrent.for([
  ['refuses to start anything without a word', 'exit 1', 'no reason given'],
  [
    'says each time that the name is taken',
    `echo 'docker: Error response from daemon: Conflict. The container name "/x" is already in use by container "0".' >&2; exit 125`,
    'there is a container of its name each time, which does not start',
  ],
  [
    'says each time that the sandbox is gone',
    "echo 'docker: Error response from daemon: cannot join network of a non running container: 0.' >&2; exit 125",
    'its sandbox goes away as soon as it is made',
  ],
] as const)('an engine that %s ends the attempt, which counts', async ([, instead, reason], { home }) => {
  const file = home.script('refused', 'echo ran', { maxRetries: 0 });
  const script = `case " $* " in *" --sig-proxy=false "*) ${instead} ;; esac`;
  const command = home.inline(['jobs', 'run', '-f', file], { env: scripted(home, script) });
  const { exitCode, stderr } = await command.ended;
  expect(exitCode).toBe(1);
  expect(stderr).toContain(`failed to start: ${reason} (attempt 1 of 1)`);
});

test.concurrent('a timeout is not said of what has ended, however late its client says so', async ({ home }) => {
  const script = `case " $* " in *" --sig-proxy=false "*) docker "$@"; code=$?; sleep 6; exit $code ;; esac`;
  const file = home.script('late', 'echo ran', { maxRetries: 0, timeout: '4s' });
  const command = home.inline(['jobs', 'run', '-f', file], { env: scripted(home, script) });
  const { exitCode, stderr } = await command.ended;
  expect(exitCode, stderr).toBe(0);
  expect(stderr).not.toContain('timeout');
  const { stdout } = await home.run(['jobs', 'executions', 'logs', 'read', await command.execution()]);
  expect(stdout).toMatch(/ran\n.*Container called exit\(0\)\.\n$/);
});

test.concurrent('an engine that cannot give the log of what has ended does not keep the attempt', async ({ home }) => {
  // The client that is attached breaks off, and no other one gets the log.
  const script = `case " $* " in
      *" --sig-proxy=false "*) docker "$@" > /dev/null 2>&1; exit 125 ;;
      *" logs "*) echo 'Error response from daemon: error from daemon in stream' >&2; exit 1 ;;
    esac`;
  const file = home.script('silent', 'echo ran; exit 3', { maxRetries: 0 });
  const command = home.inline(['jobs', 'run', '-f', file], { env: scripted(home, script) });
  const { exitCode, stderr } = await command.ended;
  expect(exitCode).toBe(1);
  expect(stderr).toContain('The end of the log of task 0 attempt 0 may be missing');
  expect(stderr).toContain('failed with exit code 3');
});
