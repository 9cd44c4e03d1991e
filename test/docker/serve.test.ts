import { expect } from 'vitest';
import type { Execution } from '../../src/model/schema/job.js';
import type { Operation } from '../../src/model/schema/operation.js';
import { until } from '../support/cli.js';
import { test } from '../support/home.js';

test('a job that is run through the API runs in the server, and the operation ends with it', async ({ home }) => {
  const command = home.start(['serve', '--port', '0', '--ready-fd', '1']);
  await command.says('Serving the Cloud Run Admin API on http://127.0.0.1:');
  const port = Number(await until(() => /^(\d+)\n/.exec(command.stdout)?.[1]));
  const ask = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const url = `http://127.0.0.1:${port}/v2/projects/local-project/locations/us-central1/${path}`;
    const response = await fetch(url, { method, ...(body && { body: JSON.stringify(body) }) });
    return (await response.json()) as T;
  };
  const containers = [
    { image: 'localrun/busybox:latest', command: ['sh', '-c', 'echo ran; exit $CLOUD_RUN_TASK_INDEX'] },
  ];
  const template = { taskCount: 2, template: { maxRetries: 0, containers } };
  expect(await ask('POST', 'jobs?jobId=served', { template })).toMatchObject({ done: true });
  const { name = '', metadata } = await ask<Operation>('POST', 'jobs/served:run');
  const { name: execution } = metadata as unknown as Execution;
  const id = execution.slice(execution.lastIndexOf('/') + 1);
  const operation = `operations/${name.slice(name.lastIndexOf('/') + 1)}`;
  const ended = await until(async () => {
    const polled = await ask<Operation>('GET', operation);
    return polled.done && polled;
  });
  expect(ended).toMatchObject({
    error: { code: 10, message: expect.stringContaining(`Task ${id}-task1 failed with exit code: 1`) as string },
    metadata: { succeededCount: 1, failedCount: 1 },
  });
  expect(home.log(id)).toEqual(['ran']);
  expect(home.processes().map(({ args }) => args.includes('__worker'))).not.toContain(true);
  command.kill('SIGTERM');
  expect((await command.ended).exitCode).toBe(143);
});
