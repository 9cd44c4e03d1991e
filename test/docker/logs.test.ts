import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { expect } from 'vitest';
import { repository } from '../support/cli.js';
import { client } from '../support/client.js';
import { test } from '../support/home.js';

test.concurrent('a last line without a newline is kept and shown', async ({ home }) => {
  const command = home.inline([
    'jobs',
    'run',
    '-f',
    home.script('unfinished', 'echo first; printf last', { taskCount: 2 }),
  ]);
  const { stderr } = await command.ended;
  const id = await command.execution();
  for (const task of [0, 1]) {
    expect(home.log(id, task)).toEqual(['first', 'last']);
    expect(stderr).toContain(`task ${task} │ last\n`);
  }
});

test.concurrent.for([
  ['by the process that runs it', false],
  ['by one that has taken it over', true],
] as const)('so is one of a task that goes on, %s', async ([, killed], { home }) => {
  const script = 'echo first; printf last; printf last >&2; sleep 2';
  const command = home.start(['jobs', 'run', '-f', home.script('unfinished', script)]);
  await command.says('│ first');
  if (killed) command.kill('SIGKILL');
  await command.ended;
  await home.run(['jobs', 'executions', 'list']);
  const id = await command.execution();
  await home.completed(id);
  expect(home.log(id)).toEqual(['first', 'last']);
  expect(home.log(id, 0, 0, 'stderr')).toEqual(['last']);
});

test.concurrent('a line of 1 MB is kept and shown whole, and what follows it', async ({ home }) => {
  const script = `head -c 500000 /dev/zero | tr '\\0' a; head -c 500000 /dev/zero | tr '\\0' b; echo; echo next`;
  const command = home.inline(['jobs', 'run', '-f', home.script('long', script)]);
  const { stderr } = await command.ended;
  const line = 'a'.repeat(500_000) + 'b'.repeat(500_000);
  const kept = home.log(await command.execution());
  expect(kept.map(({ length }) => length)).toEqual([1_000_000, 4]);
  expect(kept[0] === line).toBe(true);
  expect(stderr.includes(`task 0 │ ${line}\ntask 0 │ next\n`)).toBe(true);
});

test.concurrent('a long line of letters beyond ASCII is whole', async ({ home }) => {
  const script = `printf x; yes zażółć | head -n 20000 | tr -d '\\n'; echo; echo next`;
  const command = home.inline(['jobs', 'run', '-f', home.script('letters', script)]);
  await command.ended;
  const [line = '', next] = home.log(await command.execution());
  expect(next).toBe('next');
  expect(line === `x${'zażółć'.repeat(20_000)}`).toBe(true);
});

test.concurrent('bytes that are no text do no harm', async ({ home }) => {
  const script = `printf 'before\\n\\377\\376\\0\\033[31m\\200mid\\r\\nafter\\n'; head -c 100000 /dev/urandom; printf '\\nend\\n'`;
  const command = home.inline(['jobs', 'run', '-f', home.script('binary', script)]);
  const { exitCode, stderr } = await command.ended;
  expect(exitCode).toBe(0);
  const kept = home.log(await command.execution());
  expect(kept.slice(0, 3)).toEqual(['before', '\u{fffd}\u{fffd}\0\u{1b}[31m\u{fffd}mid\r', 'after']);
  expect(kept.at(-1)).toBe('end');
  expect(stderr).toContain('task 0 │ before\n');
  expect(stderr).toContain('task 0 │ end\n');
});

test.concurrent('both streams of every task are shown with the task, and kept apart', async ({ home }) => {
  const script = 'for i in $(seq 50); do echo out $i; echo err $i >&2; done';
  const command = home.inline(['jobs', 'run', '-f', home.script('streams', script, { taskCount: 11, parallelism: 4 })]);
  const { exitCode, stdout, stderr } = await command.ended;
  expect(exitCode).toBe(0);
  expect(stdout).not.toContain('out 1');
  const id = await command.execution();
  const lines = stderr.split('\n');
  for (let task = 0; task < 11; task++) {
    for (const [stream, word] of [
      ['stdout', 'out'],
      ['stderr', 'err'],
    ] as const) {
      const written = Array.from({ length: 50 }, (_, i) => `${word} ${i + 1}`);
      expect(home.log(id, task, 0, stream)).toEqual(written);
      const prefix = `task ${String(task).padStart(2)} │ ${word} `;
      expect(lines.filter((line) => line.startsWith(prefix)).map((line) => line.slice(10))).toEqual(written);
    }
  }
});

test.concurrent('lines are shown while the task runs', async ({ home }) => {
  const command = home.start(['jobs', 'run', '-f', home.script('live', 'echo now; sleep 60')]);
  await command.says('task 0 │ now');
  expect(home.containers().filter((name) => !name.includes('-sandbox'))).toHaveLength(1);
  command.kill('SIGINT');
  await command.says('Press Ctrl-C again');
  command.kill('SIGINT');
  await command.ended;
});

test.concurrent('why tasks failed is said once at the end, with the last lines of one of them', async ({ home }) => {
  const script =
    'for i in $(seq 20); do echo line $i; done; echo "task $CLOUD_RUN_TASK_INDEX: no such shard" >&2; exit 4';
  const file = home.script('reasons', script, { taskCount: 5, maxRetries: 0 });
  const { stdout, stderr } = await home.run(['jobs', 'run', '-f', file]);
  expect(stdout).toMatch(/COMPLETION STATUS +EXECUTION_FAILED\n/);
  const end = stderr.slice(stderr.indexOf('\n✗ '));
  // Memory is only known where the engine's cgroups can be read.
  const known = end.replaceAll(/ {3}peak .*/g, '').replaceAll(/ +[\d.]+s\b/g, ' SPAN');
  expect(known.replaceAll(/reasons-\w{5}/g, 'ID')).toBe(`
✗ exit code 4: task 0: no such shard
  task 0   1 attempt SPAN
  task 1   1 attempt SPAN
  task 2   1 attempt SPAN
  task 3   1 attempt SPAN
  task 4   1 attempt SPAN
  last lines of task 0:
${Array.from({ length: 9 }, (_, i) => `  │ line ${i + 12}\n`).join('')}  │ task 0: no such shard

✗ All 5 tasks failed · ID · SPAN
  again  localrun jobs run reasons --failed-of ID
  logs   localrun jobs executions logs read ID --task 0
`);
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
