import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import type { Execution, Task, TaskAttemptResult } from '../../src/model/schema/job.js';
import { repository } from '../support/cli.js';
import { docker, onPodman } from '../support/client.js';
import { type Home, test } from '../support/home.js';
import { buildImage, removeImage } from '../support/images.js';
import { Registry } from '../support/registry.js';

/** What an execution and its task say of how they ended; the execution's name is EXECUTION, what it took is SPAN. */
interface Outcome {
  exitCode: number | null;
  task?: unknown;
  execution: unknown;
}

const golden = JSON.parse(readFileSync(path.join(repository, 'test/fixtures/outcomes.json'), 'utf8')) as Record<
  string,
  Outcome
>;

const registry = new Registry();
let address = '';
beforeAll(async () => void (address = await registry.open()));
afterAll(() => registry.close());

function completed({ conditions }: Execution | Task): unknown {
  const { state, reason, executionReason, message } = conditions?.find(({ type }) => type === 'Completed') ?? {};
  return { state, reason, executionReason, message };
}

async function outcome(home: Home, file: string): Promise<Outcome> {
  const command = home.inline(['jobs', 'run', '-f', file]);
  const { exitCode } = await command.ended;
  const id = await command.execution();
  const execution = await home.execution(id);
  const [task] = await home.tasks(id);
  const found: Outcome = {
    exitCode,
    ...(task && { task: { completed: completed(task), retried: task.retried, ...task.lastAttemptResult } }),
    execution: {
      completed: completed(execution),
      succeededCount: execution.succeededCount,
      failedCount: execution.failedCount,
      retriedCount: execution.retriedCount,
    },
  };
  const text = JSON.stringify(found)
    .replaceAll(id, 'EXECUTION')
    .replaceAll(address, 'REGISTRY')
    .replace(/successfully in [\dms.]+s/g, 'successfully in SPAN');
  return JSON.parse(text) as Outcome;
}

const once = { maxRetries: 0 };
/** The job of each outcome. */
const jobs: Record<string, (home: Home) => string> = {
  success: (home) => home.script('ok', 'exit 0'),
  'exit code': (home) => home.script('ends', 'exit 3', once),
  'success after a retry': (home) => home.script('retried', 'exit $((1 - CLOUD_RUN_TASK_ATTEMPT))', { maxRetries: 1 }),
  'out of retries': (home) => home.script('fails', 'exit $((CLOUD_RUN_TASK_ATTEMPT + 5))', { maxRetries: 1 }),
  timeout: (home) => home.script('slow', `trap 'exit 7' TERM; sleep 60 & wait`, { timeout: '1s', ...once }),
  'timeout of one that exits 0': (home) =>
    home.script('polite', `trap 'exit 0' TERM; sleep 60 & wait`, { timeout: '1s', ...once }),
  'out of memory': (home) => home.script('hungry', 'exec dd if=/dev/zero of=/dev/null bs=600M count=1', once),
  'SIGTERM to itself': (home) => home.script('terminated', `trap 'exit 143' TERM; kill -TERM $$; sleep 5`, once),
  'SIGKILL to its program': (home) => home.script('killed', `sh -c 'kill -KILL $$'; exit $?`, once),
  'SIGSEGV to its program': (home) => home.script('crashed', `sh -c 'kill -SEGV $$'; exit $?`, once),
  'missing image': (home) => home.spec('no-image', { image: `${address}/p/r/none`, command: ['true'], ...once }),
  'missing command': (home) => home.spec('no-command', { command: ['/nonesuch'], ...once }),
  'missing command in PATH': (home) => home.spec('not-in-path', { command: ['nonesuch'], ...once }),
  'a command that is no program': (home) => home.spec('no-program', { command: ['/etc/hosts'], ...once }),
};

test.concurrent.for(Object.entries(jobs))('%s', async ([name, job], { home }) => {
  expect(await outcome(home, job(home))).toEqual(golden[name]);
});

test('every outcome of the file has its job', () => {
  expect(Object.keys(golden)).toEqual(Object.keys(jobs));
});

const foreign =
  'The program is for another architecture (`docker build --platform linux/amd64`), or a script without a first line such as #!/bin/sh.';
const uninterpreted =
  'The file exists, but the interpreter in its first line does not, as with Windows line ends (CRLF) or in an image without that shell; or the program needs another C library.';

test.concurrent.for([
  ['a file of garbage', Buffer.from([0, 1, 2, 3, 255, 254]), 'exec format error', foreign],
  ['a script without a first line', 'echo ran\n', 'exec format error', foreign],
  ['a script with Windows line ends', '#!/bin/sh\r\necho ran\r\n', 'no such file or directory', uninterpreted],
  ['a script without its interpreter', '#!/bin/nonesuch\n', 'no such file or directory', uninterpreted],
] as const)('%s is an application that has failed to start', async ([, content, why, hint], { home }) => {
  const file = path.join(home.scratch('programs'), 'program');
  writeFileSync(file, content);
  chmodSync(file, 0o755);
  home.config('buckets: { programs: ./programs }');
  const spec = home.template('unstartable', {
    ...once,
    volumes: [{ name: 'programs', gcs: { bucket: 'programs' } }],
    containers: [{ command: ['/programs/program'], volumeMounts: [{ name: 'programs', mountPath: '/programs' }] }],
  });
  const command = home.inline(['jobs', 'run', '-f', spec]);
  expect((await command.ended).exitCode).toBe(1);
  const id = await command.execution();
  const [task] = await home.tasks(id);
  const message = `Application failed to start: exec /programs/program: ${why}. ${hint}`;
  // Engines differ in the code: 1, or 255 since Docker 23.
  expect(task?.lastAttemptResult).toEqual({
    status: { code: 10, message },
    exitCode: expect.toSatisfy((code: number) => [1, 255].includes(code)),
  });
  const { stdout } = await home.run(['jobs', 'executions', 'logs', 'read', id, '--severity=ERROR']);
  expect(stdout).toContain(message);
});

test.concurrent('a secret where the container needs files of its own says so', async ({ home }) => {
  writeFileSync(home.file('key'), 'value');
  home.config('secrets: { key: { file: ./key } }');
  const spec = home.template('hiding', {
    ...once,
    volumes: [{ name: 'key', secret: { secret: 'key' } }],
    containers: [{ command: ['true'], volumeMounts: [{ name: 'key', mountPath: '/etc' }] }],
  });
  const command = home.inline(['jobs', 'run', '-f', spec]);
  expect((await command.ended).exitCode).toBe(1);
  const [task] = await home.tasks(await command.execution());
  expect(task?.lastAttemptResult?.status?.message).toMatch(
    /^Application failed to start: what is mounted at \/etc leaves no place for \/etc\/(?:resolv\.conf|hosts|hostname), which the container needs: read-only file system\. Mount it elsewhere$/,
  );
});

/** Runs a job of one attempt that has to fail. */
async function failing(home: Home, file: string): Promise<{ result: TaskAttemptResult | undefined; stderr: string }> {
  const command = home.inline(['jobs', 'run', '-f', file, '--max-retries', '0']);
  const { exitCode, stderr } = await command.ended;
  expect(exitCode, stderr).toBe(1);
  const [task] = await home.tasks(await command.execution());
  return { result: task?.lastAttemptResult, stderr };
}

const signal9 = { status: { code: 10, message: 'The container was terminated on signal 9.' }, termSignal: 9 };
/** A process that takes 600 MB. */
const eat = 'dd if=/dev/zero of=/dev/null bs=600M count=1';

test.concurrent('what a task says or does on its way is not taken for how it ends', async ({ home }) => {
  const script = `case $CLOUD_RUN_TASK_INDEX in
    0) ${eat}; exit 5 ;;
    1) ${eat} || echo went on ;;
    2) exit 137 ;;
    3) echo begun; echo "exec /x: exec format error" >&2; exit 1 ;;
  esac`;
  const file = home.script('various', script, { taskCount: 4, parallelism: 1, ...once });
  const command = home.inline(['jobs', 'run', '-f', file]);
  const { exitCode, stderr } = await command.ended;
  expect(exitCode, stderr).toBe(1);
  const id = await command.execution();
  const results = (await home.tasks(id)).map(({ lastAttemptResult }) => lastAttemptResult);
  expect(results).toEqual([
    // Out of memory of a child that makes the task fail is the reason.
    { status: { code: 8, message: 'The configured memory limit was reached.' } },
    // Without that child the task has gone on.
    { status: {} },
    // That is how a signal is told, and no want of memory.
    signal9,
    // It has started, whatever it says.
    { status: { code: 10, message: 'The container exited with an error.' }, exitCode: 1 },
  ]);
  expect(home.log(id, 1)).toEqual(['went on']);
});

test.concurrent('a container that is killed by hand was terminated on that signal', async ({ home }) => {
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

test.concurrent('the limits are those of the container, which may use all its memory', async ({ home }) => {
  const script = `cd /sys/fs/cgroup
    cat memory.max 2>/dev/null || cat memory/memory.limit_in_bytes
    cat cpu.max 2>/dev/null || cat cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us
    ${eat} 2>/dev/null`;
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
  const image = buildImage('no-such-user', 'USER nonesuch');
  onTestFinished(() => removeImage(image));
  const file = home.script('no-user', 'id -u; echo $CLOUD_RUN_TASK_INDEX', { image, taskCount: 2, parallelism: 1 });
  const command = home.inline(['jobs', 'run', '-f', file]);
  expect((await command.ended).exitCode, command.stderr).toBe(0);
  const id = await command.execution();
  for (const task of [0, 1]) {
    expect(home.log(id, task)).toEqual(['0', String(task)]);
    expect(home.log(id, task, 0, 'stderr')).toEqual([]);
  }
});
