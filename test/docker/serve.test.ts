import path from 'node:path';
import Database from 'libsql';
import { expect } from 'vitest';
import { completionStatus } from '../../src/model/execution.js';
import type { Execution } from '../../src/model/schema/job.js';
import { until } from '../support/cli.js';
import { type Home, test } from '../support/home.js';
import { ServerProcess } from '../support/server-process.js';

const busybox = (script: string, spec: object = {}): object => ({
  template: {
    ...spec,
    template: {
      maxRetries: 0,
      containers: [{ image: 'localrun/busybox:latest', command: ['sh', '-c', script] }],
    },
  },
});

test.concurrent('a job that is run through the API runs, and the operation ends with it', async ({ home }) => {
  const server = await ServerProcess.start(home);
  const job = busybox('echo ran; exit $CLOUD_RUN_TASK_INDEX', { taskCount: 2 });
  expect(await server.ok('POST', 'jobs?jobId=served', job)).toMatchObject({ done: true });
  const { operation, id } = await server.runJob('served');
  expect(await server.ended(operation)).toMatchObject({
    error: { code: 10, message: expect.stringContaining(`Task ${id}-task1 failed with exit code: 1`) as string },
    metadata: { succeededCount: 1, failedCount: 1 },
  });
  expect(home.log(id)).toEqual(['ran']);
  expect(home.processes().map(({ args }) => args.includes('__worker'))).not.toContain(true);
  server.command.kill('SIGTERM');
  const { exitCode, stderr } = await server.command.ended;
  expect(exitCode).toBe(143);
  expect(stderr.split('\n')).toHaveLength(2);
});

const taskCount = 3;

/** Every task of an execution has run once, whoever saw to it. */
async function ranOnce(home: Home, id: string): Promise<void> {
  const execution = await home.execution(id);
  expect(completionStatus(execution)).toBe('EXECUTION_SUCCEEDED');
  expect(execution).toMatchObject({ succeededCount: taskCount });
  expect((await home.events().starts(id)).toSorted()).toEqual(
    Array.from({ length: taskCount }, (_, task) => `task${task}-attempt0`),
  );
  for (let task = 0; task < taskCount; task++) expect(home.log(id, task)).toEqual(['ran']);
}

test.concurrent(
  'several servers share one state, and what one leaves, however it ends, another brings to its end',
  async ({ home }) => {
    home.events();
    const [first, second] = await Promise.all([ServerProcess.start(home), ServerProcess.start(home)]);
    await first.ok('POST', 'jobs?jobId=shared', busybox('sleep 2; echo ran', { taskCount, parallelism: 2 }));

    const run = await first.runJob('shared');
    await home.events().started(1);
    const since = Date.now();
    first.command.kill('SIGTERM');
    const { exitCode, stderr } = await first.command.ended;
    expect(exitCode).toBe(143);
    expect(Date.now() - since).toBeLessThan(10_000);
    expect(stderr).toContain(`[${run.id}] will go on with the next localrun command.\n`);
    expect(await second.ended(run.operation)).toMatchObject({ response: { name: run.execution } });
    await ranOnce(home, run.id);

    // Nobody is there until a command comes, or another server.
    const next = await second.runJob('shared');
    await until(async () => ((await home.execution(next.id)).runningCount ?? 0) > 0);
    const holder = (): number | undefined => {
      const store = new Database(path.join(home.directory, 'localrun.db'), { readonly: true, timeout: 10_000 });
      const { pid } = store.prepare('SELECT pid FROM execution WHERE name = ?').get(next.execution) as { pid?: number };
      store.close();
      return pid ?? undefined;
    };
    const before = holder();
    second.command.kill('SIGKILL');
    expect((await second.command.ended).exitCode).toBeNull();
    const third = await ServerProcess.start(home);
    // The process beside it that runs executions dies, too.
    const runner = await until(() => (holder() === before ? undefined : holder()));
    expect(home.processes().find(({ pid }) => pid === runner)?.args).toContain('__runner');
    process.kill(runner, 'SIGKILL');
    expect(await third.ended(next.operation)).toMatchObject({ response: { name: next.execution } });
    await ranOnce(home, next.id);
    const { executions } = await third.ok<{ executions: Execution[] }>('GET', 'jobs/shared/executions');
    expect(executions.map(({ name }) => name)).toEqual([next.execution, run.execution]);
    third.command.kill('SIGTERM');
    const { stderr: said } = await third.command.ended;
    expect(said).toContain('The process that runs executions has ended. It is started again.\n');
    expect(said).not.toContain('will go on');
  },
);

test.concurrent('without a container engine all is answered but runs', async ({ home }) => {
  const nowhere = { env: { DOCKER_HOST: 'tcp://127.0.0.1:1', CONTAINER_HOST: 'tcp://127.0.0.1:1' } };
  const server = await ServerProcess.start({ start: (args) => home.start(args, nowhere) });
  await server.ok('POST', 'jobs?jobId=idle', busybox('true'));
  expect(await server.ask('POST', 'jobs/idle:run')).toMatchObject({
    status: 503,
    body: { error: { code: 503, status: 'UNAVAILABLE' } },
  });
  expect(await server.ok('GET', 'jobs/idle')).toMatchObject({ latestCreatedExecution: {} });
  expect(await server.ok('GET', 'jobs/idle/executions')).toEqual({});
  expect(await server.ok('POST', 'jobs/idle:run', { validateOnly: true })).toMatchObject({ done: true });
  server.command.kill('SIGINT');
  expect(await server.command.ended).toMatchObject({ exitCode: 130 });
});

test.concurrent(
  'a command runs beside the server, gets its signals, and decides about the exit code',
  async ({ home }) => {
    const serve = (...command: string[]) => home.start(['serve', '--port', '0', '--', ...command]);
    const script = `fetch(process.env.LOCALRUN_SERVER + '/v2/projects/p/locations/l/jobs')
    .then((answer) => answer.json())
    .then((jobs) => { console.log(JSON.stringify([jobs, process.argv.slice(1)])); process.exit(7); });`;
    expect(await serve(process.execPath, '-e', script, 'a', '--port').ended).toMatchObject({
      exitCode: 7,
      stdout: '[{},["a","--port"]]\n',
    });
    expect(await serve('true').ended).toMatchObject({ exitCode: 0 });
    const missing = await serve('/nowhere/to/be/found').ended;
    expect(missing).toMatchObject({ exitCode: 127, stderr: expect.stringContaining('/nowhere/to/be/found') as string });
    const stopped = serve('sh', '-c', 'trap "echo got TERM; exit 3" TERM; echo ready; while :; do sleep 0.1; done');
    await until(() => stopped.stdout === 'ready\n');
    stopped.kill('SIGTERM');
    expect(await stopped.ended).toMatchObject({ exitCode: 3, stdout: 'ready\ngot TERM\n' });
  },
);
