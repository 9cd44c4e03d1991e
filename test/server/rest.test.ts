import { gzipSync } from 'node:zlib';
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
    ['jobs(name,template/*/maxRetries)', { jobs: [{ ...named, template }] }],
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

test('a request whose fields do not exist does nothing', async () => {
  const server = await ServerWorld.open({ work: false });
  for (const mask of ['metadat', 'done/x', 'name(', 'response/name,']) {
    const query = `fields=${encodeURIComponent(mask)}`;
    expect(await server.ask('POST', `jobs?jobId=nightly&${query}`, jobInput())).toMatchObject({ status: 400 });
  }
  expect(await server.ask('GET', 'jobs')).toEqual({ status: 200, body: {} });
});

test('a body may be compressed, and must fit in once it is not', async () => {
  const server = await ServerWorld.open({ work: false });
  const create = (id: string, body: Buffer, encoding = 'gzip'): Promise<unknown> =>
    server.raw('POST', `/v2/projects/p/locations/us-central1/jobs?jobId=${id}`, { 'content-encoding': encoding }, body);
  const refused = (message: string): unknown => ({
    status: 400,
    body: { error: { code: 400, message, status: 'INVALID_ARGUMENT' } },
  });
  const job = Buffer.from(JSON.stringify(jobInput()));
  expect(await create('a', gzipSync(job))).toMatchObject({ status: 200 });
  expect(await create('b', job, 'identity')).toMatchObject({ status: 200 });
  expect(await create('c', gzipSync(Buffer.alloc(11 * 2 ** 20, 32)))).toEqual(
    refused('Request payload size exceeds the limit: 10485760 bytes.'),
  );
  expect(await create('d', job)).toEqual(refused('The body is no gzip: incorrect header check'));
  expect(await create('e', job, 'br')).toEqual(refused('The content encoding "br" is not supported.'));
  expect(server.faults).toEqual([]);
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

test('names, enums and standard parameters are taken in all their spellings', async () => {
  const server = await ServerWorld.open();
  const body = {
    launch_stage: 3,
    template: { task_count: '2', template: { max_retries: 0, containers: [{ image: 'a' }] } },
  };
  const created = await server.ask<Operation>(
    'POST',
    'jobs?job_id=nightly&alt=json&key=x&quotaUser=me&%24.xgafv=2',
    body,
  );
  expect(created).toMatchObject({
    status: 200,
    body: { response: { launchStage: 'BETA', template: { taskCount: 2 } } },
  });
  expect(created.body.response).toMatchObject({ template: { template: { maxRetries: 0 } } });
  const jobs = '/v2/projects/p/locations/us-central1/jobs';
  for (const alt of [
    '$alt=json%3Benum-encoding=int',
    '%24alt=json%3Benum-encoding%3Dint',
    '$alt=json;enum-encoding=int',
  ]) {
    const { body: job } = await server.raw<Job>('GET', `${jobs}/nightly?${alt}`);
    expect(job).toMatchObject({ launchStage: 3, terminalCondition: { state: 4 } });
  }
  const named = { name: 'projects/p/locations/us-central1/jobs/nightly', launchStage: 'BETA' };
  expect(await server.ask('GET', 'jobs/nightly?alt=json')).toMatchObject({ body: named });
  expect(await server.ask('GET', '/v2/projects/123/locations/us-central1/jobs/nightly')).toMatchObject({ body: named });
  expect(await server.ask('GET', '/v2/projects/p/locations/-/jobs')).toMatchObject({ body: { jobs: [named] } });
  expect(await server.ask('POST', 'jobs/nightly', '', { 'x-http-method-override': 'GET' })).toMatchObject({
    body: named,
  });

  // What clients send along with nothing to say.
  const json = { 'content-type': 'application/json' };
  expect(await server.ask('GET', 'jobs/nightly', undefined, json)).toMatchObject({ body: named });
  const { body: run } = await server.ask<Operation>('POST', 'jobs/nightly:run', '', { 'content-type': 'text/plain' });
  await server.ask('POST', `/v2/${run.name}:wait`, {});
  for (const parent of ['locations/-/jobs/nightly', 'locations/us-central1/jobs/-', 'locations/-/jobs/-']) {
    const { body: found } = await server.ask<{ executions: object[] }>('GET', `/v2/projects/p/${parent}/executions`);
    expect(found.executions).toHaveLength(1);
    const below = `/v2/projects/p/${parent}/executions/-/tasks?pageSize=1`;
    const { body: first } = await server.ask<{ tasks: object[]; nextPageToken: string }>('GET', below);
    expect(first.tasks).toHaveLength(1);
    const { body: rest } = await server.ask<object>('GET', `${below}&pageToken=${first.nextPageToken}`);
    expect(rest).toMatchObject({ tasks: [{ index: 1 }] });
    expect(rest).not.toHaveProperty('nextPageToken');
  }
  const done = await server.ask<{ operations: object[] }>('GET', 'operations?filter=done:true');
  expect(done.body.operations).toHaveLength(2);
  expect(await server.ask('GET', 'operations?filter=done:false')).toEqual({ status: 200, body: {} });
  expect(await server.ask('DELETE', `/v2/${run.name}`, undefined, json)).toEqual({ status: 200, body: {} });
  expect(await server.ask('GET', `/v2/${run.name}`)).toMatchObject({ status: 404 });

  const valid = await server.ask<Operation>('POST', 'jobs?jobId=b&validateOnly=true', jobInput());
  expect(valid).toMatchObject({ body: { done: true, response: { template: { taskCount: 1 } } } });
  expect(await server.ask('GET', `/v2/${valid.body.name}`)).toMatchObject({ status: 404 });
  expect(await server.ask('GET', 'jobs/b')).toMatchObject({ status: 404 });
});
