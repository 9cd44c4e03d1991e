import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import type { Execution, Task } from '../../src/model/schema/job.js';
import { repository } from '../support/cli.js';
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
  'The file is there, and what its first line names is not, as with Windows line ends (CRLF) or in an image without that shell; or the program is for another C library.';

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

test.concurrent('a program that says that it cannot execute another has not failed to start', async ({ home }) => {
  const script = 'echo begun; echo "exec /x: exec format error" >&2; exit 1';
  const command = home.inline(['jobs', 'run', '-f', home.script('begun', script, once)]);
  expect((await command.ended).exitCode).toBe(1);
  const [task] = await home.tasks(await command.execution());
  expect(task?.lastAttemptResult?.status?.message).toBe('The container exited with an error.');
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

test.concurrent('a user that the image does not have is root', async ({ home, onTestFinished }) => {
  const image = buildImage('no-such-user', 'USER nonesuch');
  onTestFinished(() => removeImage(image));
  const command = home.inline(['jobs', 'run', '-f', home.script('no-user', 'id -u', { image, ...once })]);
  const { exitCode, stderr } = await command.ended;
  expect(exitCode, stderr).toBe(0);
  expect(home.log(await command.execution())).toEqual(['0']);
});
