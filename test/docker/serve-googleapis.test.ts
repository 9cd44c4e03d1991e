import { run, type run_v1, type run_v2 } from '@googleapis/run';
import { expect } from 'vitest';
import { until } from '../support/cli.js';
import { test } from '../support/home.js';
import { ServerProcess } from '../support/server-process.js';

/** What the client throws. */
interface Refused {
  status: number;
  message: string;
}
const refusal = async (request: Promise<unknown>): Promise<Refused> => {
  try {
    await request;
  } catch (error) {
    const { status, message } = error as Refused;
    return { status, message };
  }
  throw new Error('The request was not refused.');
};

const containers = [
  { image: 'localrun/busybox:latest', command: ['sh', '-c'], args: ['trap exit TERM; sleep 100 & wait'] },
];
const policy = { bindings: [{ role: 'roles/run.invoker', members: ['user:a@example.com'] }] };

test('the client of googleapis works on v2 and on v1 as it is', async ({ home }) => {
  const served = await ServerProcess.start(home);
  const { url } = served;
  const v2 = run({ version: 'v2', rootUrl: url });
  const { jobs, operations } = v2.projects.locations;
  const { executions } = jobs;
  const { tasks } = executions;
  const parent = 'projects/local-project/locations/us-central1';
  const name = `${parent}/jobs/first`;

  const job: run_v2.Schema$GoogleCloudRunV2Job = {
    template: { taskCount: 2, template: { maxRetries: 0, containers } },
  };
  for (const jobId of ['first', 'second', 'third']) {
    const { data } = await jobs.create({ parent, jobId, requestBody: job });
    expect(data).toMatchObject({ done: true, response: { name: `${parent}/jobs/${jobId}`, generation: '1' } });
  }
  expect(await refusal(jobs.create({ parent, jobId: 'first', requestBody: job }))).toMatchObject({
    status: 409,
    message: "Resource 'first' already exists.",
  });
  expect(await refusal(jobs.get({ name: `${parent}/jobs/none` }))).toMatchObject({ status: 404 });
  const pages: string[][] = [];
  let pageToken: string | undefined;
  do {
    const { data } = await jobs.list({ parent, pageSize: 2, ...(pageToken && { pageToken }) });
    pages.push((data.jobs ?? []).map((of) => of.name ?? ''));
    pageToken = data.nextPageToken ?? undefined;
  } while (pageToken);
  expect(pages).toEqual([['third', 'second'].map((id) => `${parent}/jobs/${id}`), [name]]);
  const { data: before } = await jobs.get({ name });
  const { data: patched } = await jobs.patch({ name, requestBody: { ...before, labels: { a: 'b' } } });
  expect(patched).toMatchObject({ done: true, response: { labels: { a: 'b' }, generation: '2' } });
  expect(await refusal(jobs.patch({ name, requestBody: { ...before, labels: {} } }))).toMatchObject({
    status: 409,
    message: expect.stringMatching(/^Conflict for resource 'first': version '\d+' was specified but/) as string,
  });
  expect(await refusal(jobs.patch({ name, requestBody: { template: {} } }))).toMatchObject({ status: 400 });

  // One execution ends, and one that v1 has begun is cancelled.
  const overrides = {
    taskCount: 3,
    containerOverrides: [{ args: ['echo $A $CLOUD_RUN_TASK_INDEX'], env: [{ name: 'A', value: 'b' }] }],
  };
  let { data: operation } = await jobs.run({ name, requestBody: { overrides } });
  expect(operation).not.toHaveProperty('done');
  const execution = operation.metadata as run_v2.Schema$GoogleCloudRunV2Execution & { name: string };
  const id = execution.name.slice(execution.name.lastIndexOf('/') + 1);
  const v1 = run({ version: 'v1', rootUrl: url }).namespaces;
  const namespace = 'namespaces/100000000000';
  const { data: begun } = await v1.jobs.run({ name: `${namespace}/jobs/second`, requestBody: {} });
  const cancelled = `${begun.metadata?.name}`;
  while (!operation.done)
    ({ data: operation } = await operations.wait({ name: operation.name ?? '', requestBody: { timeout: '20s' } }));
  expect(operation).toMatchObject({
    response: { name: execution.name, succeededCount: 3, logUri: `${url}/executions/local-project/us-central1/${id}` },
  });
  expect(home.log(id, 2)).toEqual(['b 2']);
  expect(await refusal(executions.cancel({ name: execution.name, requestBody: {} }))).toMatchObject({
    status: 400,
    message: `Execution '${id}' cannot be cancelled because it is not running.`,
  });
  const { data: listed } = await tasks.list({ parent: execution.name });
  expect(listed.tasks?.map(({ index = 0 }) => index)).toEqual([0, 1, 2]);
  expect((await tasks.get({ name: listed.tasks?.[1]?.name ?? '' })).data).toMatchObject({
    index: 1,
    job: 'first',
    execution: id,
  });

  // Until the tasks run, as gcloud waits.
  const conditionsOf = async (): Promise<Record<string, string>> => {
    const { data } = await v1.executions.get({ name: `${namespace}/executions/${cancelled}` });
    return Object.fromEntries((data.status?.conditions ?? []).map(({ type, status }) => [type, status]));
  };
  await until(async () => (await conditionsOf())['Started'] === 'True');
  expect(
    (await v1.executions.cancel({ name: `${namespace}/executions/${cancelled}`, requestBody: {} })).data,
  ).toMatchObject({ kind: 'Execution' });
  await until(async () => (await conditionsOf())['Completed'] === 'False');
  const { data: ofSecond } = await v1.executions.list({
    parent: namespace,
    labelSelector: 'run.googleapis.com/job = second',
    limit: 100,
  });
  expect(ofSecond).toMatchObject({ metadata: {}, items: [{ metadata: { name: cancelled } }] });
  const { data: inState } = await v1.tasks.list({
    parent: namespace,
    labelSelector: `run.googleapis.com/execution = ${cancelled},run.googleapis.com/runningState in (Cancelled,Abandoned)`,
  });
  expect(inState.items).toHaveLength(2);
  const { data: second } = await v1.jobs.get({ name: `${namespace}/jobs/second` });
  const relabelled: run_v1.Schema$Job = { ...second, metadata: { ...second.metadata, labels: { c: 'd' } } };
  expect((await v1.jobs.replaceJob({ name: `${namespace}/jobs/second`, requestBody: relabelled })).data).toMatchObject({
    metadata: { generation: 2, labels: { c: 'd' } },
  });
  expect(
    await refusal(v1.jobs.replaceJob({ name: `${namespace}/jobs/second`, requestBody: relabelled })),
  ).toMatchObject({ status: 409 });

  const resource = name;
  expect((await jobs.setIamPolicy({ resource, requestBody: { policy } })).data).toMatchObject(policy);
  expect(
    (await run({ version: 'v1', rootUrl: url }).projects.locations.jobs.getIamPolicy({ resource })).data,
  ).toMatchObject(policy);
  expect((await jobs.testIamPermissions({ resource, requestBody: { permissions: ['run.jobs.run'] } })).data).toEqual({
    permissions: ['run.jobs.run'],
  });

  expect((await executions.delete({ name: execution.name })).data).toMatchObject({ done: true });
  expect(await refusal(executions.get({ name: execution.name }))).toMatchObject({ status: 404 });
  expect((await jobs.delete({ name })).data).toMatchObject({ done: true });
  expect((await v1.jobs.delete({ name: `${namespace}/jobs/second` })).data).toEqual({
    metadata: {},
    status: 'Success',
  });
  expect((await v1.jobs.list({ parent: namespace })).data.items).toMatchObject([{ metadata: { name: 'third' } }]);
  await served.close();
});
