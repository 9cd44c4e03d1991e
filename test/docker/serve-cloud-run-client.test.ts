import { v2 } from '@google-cloud/run';
import { credentials } from '@grpc/grpc-js';
import { PassThroughClient } from 'google-auth-library';
import { describe, expect } from 'vitest';
import { test } from '../support/home.js';
import { ServerProcess } from '../support/server-process.js';

const parent = 'projects/local-project/locations/us-central1';

const job = (command: string) => ({
  template: {
    taskCount: 2,
    template: {
      maxRetries: 0,
      containers: [{ image: 'localrun/busybox:latest', command: ['sh', '-c', command] }],
    },
  },
});

/** How the clients of @google-cloud/run are pointed at a server, and the codes that their errors have. */
const transports = {
  grpc: { options: { sslCreds: credentials.createInsecure() }, aborted: 10, notFound: 5 },
  rest: {
    options: { fallback: true, protocol: 'http', authClient: new PassThroughClient() },
    ...{ aborted: 409, notFound: 404 },
  },
};

describe.each(['grpc', 'rest'] as const)('@google-cloud/run, unmodified, over %s', (transport) => {
  test.concurrent('creates, lists, changes, runs, cancels and deletes', async ({ home }) => {
    const { command, port } = await ServerProcess.start(home);
    const { options, aborted, notFound } = transports[transport];
    const at = { apiEndpoint: '127.0.0.1', port, ...options };
    const jobs = new v2.JobsClient(at);
    const executions = new v2.ExecutionsClient(at);
    const tasks = new v2.TasksClient(at);

    const names = ['one', 'two', 'three'].map((id) => `${parent}/jobs/${id}`);
    const [name = ''] = names;
    for (const id of ['one', 'two', 'three']) {
      const [operation] = await jobs.createJob({ parent, jobId: id, job: job('eval "$SCRIPT"') });
      const [created] = await operation.promise();
      expect(created.name).toBe(`${parent}/jobs/${id}`);
    }
    const listed = [];
    for await (const { name: one } of jobs.listJobsAsync({ parent, pageSize: 1 })) listed.push(one);
    expect(new Set(listed)).toEqual(new Set(names));

    const [before] = await jobs.getJob({ name });
    const [update] = await jobs.updateJob({ job: { ...before, labels: { team: 'a' } } });
    const [after] = await update.promise();
    expect(after.labels).toEqual({ team: 'a' });
    await expect(jobs.updateJob({ job: before })).rejects.toMatchObject({ code: aborted });

    const run = async (script: string) => {
      const env = [{ name: 'SCRIPT', value: script }];
      const [operation] = await jobs.runJob({ name, overrides: { taskCount: 1, containerOverrides: [{ env }] } });
      return operation;
    };
    const succeeding = await run('exit 0');
    const failing = await run('exit 3');
    const endless = await run('trap "exit 1" TERM; sleep 1000 & wait');
    const { name: running } = endless.metadata as { name: string };
    const [cancellation] = await executions.cancelExecution({ name: running });
    await cancellation.promise();
    const [cancelled] = await endless.promise();
    expect(cancelled).toMatchObject({ name: running, cancelledCount: 1 });
    const [succeeded] = await succeeding.promise();
    expect(succeeded).toMatchObject({ succeededCount: 1, taskCount: 1 });
    await expect(failing.promise()).rejects.toMatchObject({
      message: expect.stringContaining('failed with exit code: 3') as string,
    });
    const failed = (failing.metadata as { name: string }).name;
    const [[task]] = await tasks.listTasks({ parent: failed });
    expect(task).toMatchObject({ lastAttemptResult: { exitCode: 3 } });
    expect((await tasks.getTask({ name: task?.name ?? '' }))[0].uid).toBe(task?.uid);

    const [all] = await executions.listExecutions({ parent: name });
    expect(new Set(all.map((execution) => execution.name))).toEqual(new Set([succeeded.name, failed, running]));
    const [deletion] = await executions.deleteExecution({ name: failed });
    await deletion.promise();
    await expect(executions.getExecution({ name: failed })).rejects.toMatchObject({ code: notFound });

    const bindings = [{ role: 'roles/run.invoker', members: ['user:a@example.com'] }];
    await jobs.setIamPolicy({ resource: name, policy: { bindings } });
    const [policy] = await jobs.getIamPolicy({ resource: name });
    expect(policy).toMatchObject({ bindings });
    const [{ permissions }] = await jobs.testIamPermissions({ resource: name, permissions: ['run.jobs.run'] });
    expect(permissions).toEqual(['run.jobs.run']);

    const [deleting] = await jobs.deleteJob({ name });
    await deleting.promise();
    await expect(jobs.getJob({ name })).rejects.toMatchObject({ code: notFound });
    await Promise.all([jobs.close(), executions.close(), tasks.close()]);
    command.kill('SIGTERM');
    expect((await command.ended).exitCode).toBe(143);
    expect(command.stderr).not.toContain('ERROR');
  });
});
