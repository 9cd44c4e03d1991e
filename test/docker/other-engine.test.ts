import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { completionStatus } from '../../src/model/execution.js';
import type { Check } from '../../src/service/doctor/check.js';
import { until } from '../support/cli.js';
import { contexts, useContext } from '../support/contexts.js';
import { test } from '../support/engines.js';
import type { Home } from '../support/home.js';
import type { PrivateEngine } from '../support/private-engine.js';

const taskCount = 2;
const script = 'echo began; until [ -e /shared/go ]; do sleep 0.1; done; echo ended';

/** A job whose tasks wait for a file, and how to make it. */
function waiting(home: Home): { spec: string; go: () => void } {
  const work = home.scratch('work');
  home.config(`buckets: { work: ${work} }`);
  const spec = home.template('waiting', {
    ...{ taskCount, maxRetries: 0 },
    containers: [{ command: ['sh', '-c', script], volumeMounts: [{ name: 'work', mountPath: '/shared' }] }],
    volumes: [{ name: 'work', gcs: { bucket: 'work' } }],
  });
  return { spec, go: () => writeFileSync(path.join(work, 'go'), '') };
}

/** An execution on this engine whose process is killed once all its tasks run. */
async function abandoned(home: Home, spec: string, { host }: PrivateEngine): Promise<string> {
  const command = home.start(['jobs', 'run', '-f', spec], { env: { DOCKER_HOST: host } });
  await command.says('│ began', taskCount);
  command.kill('SIGKILL');
  await command.ended;
  return command.execution();
}

/** Every task ran once, and both of its lines are there. */
async function ranOnce(home: Home, id: string): Promise<void> {
  expect(await home.execution(id)).toMatchObject({ succeededCount: taskCount });
  for (const { retried = 0 } of await home.tasks(id)) expect(retried).toBe(0);
  for (let task = 0; task < taskCount; task++) expect(home.log(id, task)).toEqual(['began', 'ended']);
}

/** What the doctor says, by what it has looked at. */
async function doctor(home: Home, args: string[], env = {}): Promise<Map<string, Check>> {
  const { stdout } = await home.run(['doctor', '--format=json', ...args], { env });
  return new Map((JSON.parse(stdout) as Check[]).map((check) => [check.name, check]));
}

const workers = (home: Home): object[] => home.processes().filter(({ args }) => args.includes('__worker'));

const executions = (...words: string[]): string[] => ['jobs', 'executions', ...words, '--quiet'];

test('an execution is left alone where another engine is asked, and goes on where its own is', async ({
  home,
  sharedEngine: other,
}) => {
  const { spec, go } = waiting(home);
  const id = await abandoned(home, spec, other);
  const containers = other.leftovers();
  const why = `Execution [${id}] began on another container engine (DOCKER_HOST=${other.host}) than the one in use now (docker context default).`;
  const fix = `set DOCKER_HOST=${other.host}; if that engine is gone for good: localrun jobs executions delete ${id}`;

  for (const words of [['list'], ['describe', id], ['tasks', 'list', '--execution', id]]) {
    const { exitCode, stderr } = await home.run(executions(...words));
    expect({ exitCode, stderr: stderr.replace(/^Using .*\n/, '') }).toEqual({
      exitCode: 0,
      stderr: `${why} It stays as it is. Try: ${fix}\n`,
    });
    expect(workers(home)).toEqual([]);
  }
  for (const command of ['wait', 'adopt', 'cancel']) {
    const { exitCode, stderr } = await home.run(executions(command, id));
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/ERROR: \(localrun\.jobs\.executions\.\w+\) FAILED_PRECONDITION: /);
    expect(stderr).toContain(`${why}\nTry: ${fix}\n`);
  }
  const told = await doctor(home, ['--fix']);
  expect(told.get('other engines')).toMatchObject({
    state: 'warning',
    found: `left by a process that is gone: ${id} (DOCKER_HOST=${other.host})`,
    fix: expect.stringContaining(`set DOCKER_HOST=${other.host}; if that is gone for good: `),
  });
  expect(told.get('executions')).toMatchObject({ state: 'ok', found: 'none is under way' });
  // The next run goes its own way.
  expect((await home.run(['jobs', 'run', '-f', home.script('here', 'echo here')])).exitCode).toBe(0);
  // Nor does one stay that was sent to carry it on while no engine answered.
  const name = `projects/local-project/locations/us-central1/jobs/waiting/executions/${id}`;
  const worker = await home.run(['__worker', name, 'token']);
  expect(worker).toMatchObject({ exitCode: 1, stdout: '' });
  expect(worker.stderr).toContain(`${why}\nTry: ${fix}\n`);
  expect(workers(home)).toEqual([]);
  expect(other.leftovers()).toEqual(containers);

  go();
  const { exitCode, stderr } = await home.run(executions('adopt', id), { env: { DOCKER_HOST: other.host } });
  expect(exitCode, stderr).toBe(0);
  expect(stderr).toContain(`Resuming ${taskCount} orphaned attempts of another process.`);
  await ranOnce(home, id);
  expect(other.leftovers()).toEqual([]);
  expect((await doctor(home, [])).get('other engines')).toMatchObject({ state: 'ok' });
});

test('one whose engine is not asked can be deleted, and says what that leaves, which the doctor removes there', async ({
  home,
  sharedEngine: other,
}) => {
  const { spec } = waiting(home);
  const id = await abandoned(home, spec, other);
  const containers = other.leftovers();
  const { exitCode, stderr } = await home.run(executions('delete', id));
  expect(exitCode, stderr).toBe(0);
  expect(stderr).toContain(
    `Execution [${id}] began on another container engine (DOCKER_HOST=${other.host}): what it left there stays; localrun doctor finds it on that engine.\nDeleting [${id}]...\ndone.\nDeleted execution [${id}].\n`,
  );
  expect(await home.executions()).toEqual([]);
  // A worker has closed it in the store.
  await until(() => workers(home).length === 0);
  expect(other.leftovers()).toEqual(containers);
  const fixed = await doctor(home, ['--fix'], { DOCKER_HOST: other.host });
  expect(fixed.get('engine orphans')?.done).toBe(`${containers.length} orphans removed`);
  expect(other.leftovers()).toEqual([]);
});

test('containers that were kept on another engine are not said to be removed', async ({
  home,
  sharedEngine: other,
}) => {
  const env = { DOCKER_HOST: other.host };
  const run = home.inline(['jobs', 'run', '-f', home.script('keeper', 'true'), '--keep'], { env });
  expect((await run.ended).exitCode).toBe(0);
  const kept = other.leftovers();
  expect(kept).toHaveLength(2);
  const { exitCode, stderr } = await home.run(['prune', '--quiet']);
  expect(exitCode).toBe(0);
  expect(stderr).toContain(
    `The kept containers of [${await run.execution()}] were not removed: they are on another container engine (DOCKER_HOST=${other.host}).\n`,
  );
  expect(other.leftovers()).toEqual(kept);
  expect((await doctor(home, ['--fix'], env)).get('engine orphans')?.done).toBe('2 orphans removed');
  expect(other.leftovers()).toEqual([]);
});

test('who runs an execution keeps to its engine when another context is put to use', async ({
  home,
  sharedEngine: other,
}) => {
  const { spec, go } = waiting(home);
  const config = contexts(home, other.host, true);
  const command = home.inline(['jobs', 'run', '-f', spec], { env: { DOCKER_CONFIG: config } });
  await command.says('│ began', taskCount);
  useContext(config, undefined);
  // Others do not mind where it is, as long as somebody runs it.
  const wait = home.inline(executions('wait', await command.execution()), { env: { DOCKER_CONFIG: config } });
  await wait.says('Running execution');
  go();
  const { exitCode, stderr } = await command.ended;
  expect(exitCode, stderr).toBe(0);
  expect(await wait.ended).toMatchObject({ exitCode: 0 });
  const id = await command.execution();
  await ranOnce(home, id);
  expect(completionStatus(await home.execution(id))).toBe('EXECUTION_SUCCEEDED');
  await until(() => other.leftovers().length === 0);
});
