import { expect, test } from 'vitest';
import type { Execution, Job } from '../../src/model/schema/job.js';
import type { Operation } from '../../src/model/schema/operation.js';
import { runJob } from '../../src/service/run-job.js';
import { openStore } from '../../src/store/sqlite.js';
import { jobInput, someJobName } from '../support/jobs.js';
import { ServerWorld } from '../support/server.js';

test('a job is created, read, listed, run to its end, and deleted', async () => {
  const server = await ServerWorld.open();
  expect(await server.ask('GET', 'jobs')).toEqual({ status: 200, body: {} });
  const created = await server.ask<Operation>('POST', 'jobs?jobId=nightly', jobInput());
  expect(created).toMatchObject({
    status: 200,
    body: {
      done: true,
      response: { '@type': 'type.googleapis.com/google.cloud.run.v2.Job', latestCreatedExecution: {}, generation: '1' },
    },
  });
  const { body: job } = await server.ask<Job>('GET', 'jobs/nightly');
  expect(job).toMatchObject({ name: 'projects/p/locations/us-central1/jobs/nightly' });
  expect(job).not.toHaveProperty('executionCount');
  expect(await server.ask('GET', 'jobs')).toEqual({ status: 200, body: { jobs: [job] } });

  const { body: run } = await server.ask<Operation>('POST', 'jobs/nightly:run');
  expect(run).not.toHaveProperty('done');
  const { name } = run.metadata as unknown as Execution;
  const { body: ended } = await server.ask<Operation>('POST', `/v2/${run.name}:wait`, { timeout: '20s' });
  expect(ended).toMatchObject({ done: true, response: { name, succeededCount: 1 } });
  expect(await server.ask('GET', `/v2/${run.name}`)).toEqual({ status: 200, body: ended });
  const { body: tasks } = await server.ask<{ tasks: object[] }>('GET', `/v2/${name}/tasks`);
  expect(tasks).toMatchObject({ tasks: [{ name: `${name}/tasks/${name.slice(name.lastIndexOf('/') + 1)}-task0` }] });
  expect(tasks.tasks[0]).not.toHaveProperty('index');

  expect(await server.ask('DELETE', 'jobs/nightly')).toMatchObject({ status: 200, body: { done: true } });
  expect(await server.ask('GET', 'jobs/nightly')).toMatchObject({
    status: 404,
    body: { error: { code: 404, status: 'NOT_FOUND', message: expect.stringContaining("'nightly'") as string } },
  });
  expect(server.faults).toEqual([]);
});

test('fields selects what an answer has', async () => {
  const server = await ServerWorld.open();
  await server.ask('POST', 'jobs?jobId=nightly', jobInput());
  const named = { name: 'projects/p/locations/us-central1/jobs/nightly' };
  const template = { template: { maxRetries: 3 } };
  for (const [mask, body] of [
    ['jobs(name,template/template.maxRetries),nextPageToken', { jobs: [{ ...named, template }] }],
    ['jobs/name', { jobs: [named] }],
    ['jobs.template.template(max_retries)', { jobs: [{ template }] }],
    ['nextPageToken', {}],
  ] as const) {
    expect(await server.ask('GET', `jobs?$fields=${encodeURIComponent(mask)}`)).toEqual({ status: 200, body });
  }
  for (const mask of ['jobs(name', 'jobs(nam)', 'jobs/name/x', ',', 'jobs('.repeat(100)]) {
    expect(await server.ask('GET', `jobs?fields=${encodeURIComponent(mask)}`)).toMatchObject({
      status: 400,
      body: { error: { message: expect.stringMatching(/^Error expanding 'fields' parameter\. /) as string } },
    });
  }
});

test('only requests from this machine are answered', async () => {
  const server = await ServerWorld.open();
  const refused = { status: 403, body: { error: { code: 403, status: 'PERMISSION_DENIED' } } };
  expect(await server.ask('GET', 'jobs', undefined, { origin: 'http://example.com' })).toMatchObject(refused);
  expect(await server.ask('GET', 'jobs', undefined, { origin: server.server.url })).toMatchObject({ status: 200 });
});

test('an answer that was given before is given again only while nothing has changed, whoever may change it', async () => {
  const server = await ServerWorld.open({ work: false });
  await server.ask('POST', 'jobs?jobId=nightly', jobInput());
  const count = async (query = ''): Promise<unknown> =>
    (await server.ask<Job>('GET', `jobs/nightly${query}`)).body.executionCount;
  expect([await count(), await count(), await count('?fields=name')]).toEqual([undefined, undefined, undefined]);
  await server.ask('POST', 'jobs/nightly:run');
  expect([await count(), await count(), await count('?fields=name')]).toEqual([1, 1, undefined]);
  const other = openStore(server.world.home);
  runJob({ ...server.world.call, store: other }, { name: someJobName });
  other.close();
  expect([await count(), await count(), await count('?fields=executionCount')]).toEqual([2, 2, 2]);
  await server.ask('DELETE', 'jobs/nightly');
  expect(await server.ask('GET', 'jobs/nightly')).toMatchObject({ body: { reconciling: true } });
});
