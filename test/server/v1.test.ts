import { expect, test, vi } from 'vitest';
import type { ResourceV1 } from '../../src/model/v1/write.js';
import { until } from '../support/cli.js';
import { defaultSettings } from '../../src/model/local/settings.js';
import { someExecution, someJob } from '../support/jobs.js';
import { ServerWorld } from '../support/server.js';

const image = 'localrun/busybox:latest';
const run = 'run.googleapis.com';
const namespaces = '/apis/run.googleapis.com/v1/namespaces';
const inRegion = (region: string): Record<string, string> => ({ host: `${region}-localhost` });

/** The body that gcloud sends to create a job, with its empty places (observed: gcloud 578). */
const gcloudJob = (name: string, more: object = {}): object => ({
  apiVersion: `${run}/v1`,
  kind: 'Job',
  metadata: {
    ...{ name, namespace: 'p', labels: {} },
    annotations: { [`${run}/client-name`]: 'gcloud', [`${run}/client-version`]: '578.0.0' },
  },
  spec: {
    template: {
      metadata: {
        annotations: { [`${run}/client-name`]: 'gcloud', [`${run}/client-version`]: '578.0.0' },
        labels: { 'client.knative.dev/nonce': 'lat_det_laj' },
      },
      spec: { template: { spec: { containers: [{ image, name: '' }], nodeSelector: {}, ...more } } },
    },
  },
  status: { latestCreatedExecution: {} },
});

interface List {
  metadata: { continue?: string };
  items: ResourceV1[];
}

test('gcloud creates, replaces, runs, lists, cancels and deletes', async () => {
  const server = await ServerWorld.open();
  const ask = <T>(method: string, path: string, body?: object): ReturnType<typeof server.ask<T>> =>
    server.ask<T>(method, `${namespaces}/${path}`, body, inRegion('europe-west1'));
  expect(await ask('GET', 'p/jobs')).toMatchObject({ status: 200, body: { metadata: {}, items: [] } });
  const { status, body: created } = await ask<ResourceV1>('POST', 'p/jobs?alt=json', gcloudJob('hello'));
  expect({ status, created }).toMatchObject({
    status: 200,
    created: {
      kind: 'Job',
      metadata: { name: 'hello', namespace: 'p', labels: { 'cloud.googleapis.com/location': 'europe-west1' } },
      status: {
        observedGeneration: 1,
        conditions: expect.arrayContaining([expect.objectContaining({ type: 'Ready' })]) as unknown,
      },
    },
  });
  expect(await ask('POST', 'p/jobs', gcloudJob('hello'))).toMatchObject({
    status: 409,
    body: { error: { status: 'ALREADY_EXISTS' } },
  });
  // The number of the project stands for its id. A replacement sends everything back.
  const { body: job } = await ask<ResourceV1>('GET', '123/jobs/hello');
  expect(job).toEqual(created);
  const labels = { ...job.metadata.labels, team: 'a' };
  const relabelled = { ...job, metadata: { ...job.metadata, labels } };
  expect(await ask('PUT', 'p/jobs/hello', relabelled)).toMatchObject({
    status: 200,
    body: { metadata: { generation: 2, labels: { team: 'a' } } },
  });
  expect(await ask('PUT', 'p/jobs/hello', relabelled)).toMatchObject({
    status: 409,
    body: {
      error: { status: 'ABORTED', message: expect.stringMatching(/^Conflict for resource 'hello': version/) as string },
    },
  });

  const overrides = {
    containerOverrides: [{ args: ['x'], env: [{ name: 'A', value: 'b' }], clearArgs: false }],
    taskCount: 3,
    timeoutSeconds: 90,
  };
  const { body: execution } = await ask<ResourceV1>('POST', 'p/jobs/hello:run', { overrides });
  const { name } = execution.metadata as unknown as { name: string };
  expect(execution).toMatchObject({
    kind: 'Execution',
    spec: {
      taskCount: 3,
      template: { spec: { timeoutSeconds: '90', containers: [{ args: ['x'], env: [{ name: 'A', value: 'b' }] }] } },
    },
    status: { logUri: `${server.server.url}/executions/p/europe-west1/${name}` },
  });
  const ended = await until(async () => {
    const { body } = await ask<ResourceV1>('GET', `p/executions/${name}`);
    return body.status['completionTime'] !== undefined && body;
  });
  const conditions = Object.fromEntries(
    (ended.status['conditions'] as { type: string; status: string }[]).map(({ type, status: is }) => [type, is]),
  );
  expect(conditions).toMatchObject({ ResourcesAvailable: 'True', Started: 'True', Completed: 'True' });
  expect(await ask('POST', `p/executions/${name}:cancel`, {})).toMatchObject({
    status: 400,
    body: { error: { status: 'FAILED_PRECONDITION' } },
  });

  const select = (selector: string, of = 'executions'): string =>
    `p/${of}?limit=100&labelSelector=${encodeURIComponent(selector)}`;
  const namesOf = async (path: string): Promise<unknown[]> =>
    (await ask<List>('GET', path)).body.items.map(({ metadata }) => metadata['name']);
  expect(await namesOf(select(`${run}/job = hello`))).toEqual([name]);
  expect(await namesOf(select(`${run}/job = other`))).toEqual([]);
  expect(await namesOf(select(`${run}/job = hello, ${run}/servingState = Active`))).toEqual([]);
  const tasks = [0, 1, 2].map((index) => `${name}-task${index}`);
  const listing = vi.spyOn(server.world.store, 'executions');
  expect(await namesOf(select(`${run}/execution = ${name}`, 'tasks'))).toEqual(tasks);
  expect(listing).not.toHaveBeenCalled();
  expect(
    await namesOf(select(`${run}/execution = ${name},${run}/runningState in (Succeeded,Failed)`, 'tasks')),
  ).toEqual(tasks);
  expect(
    await namesOf(select(`${run}/execution = ${name},${run}/runningState in (Running, Pending)`, 'tasks')),
  ).toEqual([]);
  expect(await namesOf(select(`${run}/execution = none`, 'tasks'))).toEqual([]);
  expect(await ask('GET', `p/tasks/${tasks[2]}`)).toMatchObject({
    body: {
      kind: 'Task',
      status: { index: 2, logUri: execution.status['logUri'] },
      metadata: { labels: { [`${run}/runningState`]: 'Succeeded' } },
    },
  });
  // Page by page, over what a selector leaves.
  const { body: first } = await ask<List>('GET', 'p/tasks?limit=2');
  expect(first.items).toHaveLength(2);
  const { body: second } = await ask<List>('GET', `p/tasks?limit=2&continue=${first.metadata.continue}`);
  expect(second).toMatchObject({ metadata: {}, items: [{ metadata: { name: tasks[2] } }] });
  expect(second.metadata).not.toHaveProperty('continue');

  const deleted = { status: 200, body: { metadata: {}, status: 'Success' } };
  expect(await ask('DELETE', `p/executions/${name}`)).toEqual(deleted);
  expect(await ask('GET', `p/executions/${name}`)).toMatchObject({ status: 404 });
  expect(await ask('DELETE', 'p/jobs/hello')).toEqual(deleted);
  expect(await ask('GET', 'p/jobs/hello')).toMatchObject({ status: 404, body: { error: { status: 'NOT_FOUND' } } });
  expect(server.faults).toEqual([]);
});

test('the host without a region lists all regions, and takes the default one for what is named', async () => {
  const server = await ServerWorld.open();
  for (const region of ['europe-west1', 'us-central1']) {
    await server.ask('POST', `${namespaces}/p/jobs`, gcloudJob('same'), inRegion(region));
  }
  const { body } = await server.ask<List>('GET', `${namespaces}/p/jobs`);
  const regionOf = ({ metadata }: ResourceV1): unknown => metadata.labels['cloud.googleapis.com/location'];
  expect(body.items.map(regionOf)).toEqual(['europe-west1', 'us-central1']);
  const { body: job } = await server.ask<ResourceV1>('GET', `${namespaces}/p/jobs/same`);
  expect(regionOf(job)).toBe('us-central1');
  const { body: locations } = await server.ask('GET', '/v1/projects/p/locations?pageSize=100');
  expect(locations).toMatchObject({ locations: [{ locationId: 'europe-west1' }, { locationId: 'us-central1' }] });
  const policy = { bindings: [{ role: 'roles/run.invoker', members: ['user:a@example.com'] }] };
  const iam = '/v1/projects/p/locations/europe-west1/jobs/same';
  expect(await server.ask('POST', `${iam}:setIamPolicy`, { policy, updateMask: 'bindings,etag' })).toMatchObject({
    status: 200,
    body: policy,
  });
  expect(await server.ask('GET', `${iam}:getIamPolicy`)).toMatchObject({ status: 200, body: policy });
  expect(await server.ask('POST', `${iam}:testIamPermissions`, { permissions: ['run.jobs.run'] })).toMatchObject({
    status: 200,
  });
});

test('what is wrong with a job is said with the paths of v1', async () => {
  const server = await ServerWorld.open();
  const wrong = async (body: object): Promise<unknown> => (await server.ask('POST', `${namespaces}/p/jobs`, body)).body;
  expect(await wrong(gcloudJob('Hello', { maxRetries: 11, timeoutSeconds: '0' }))).toMatchObject({
    error: {
      code: 400,
      status: 'INVALID_ARGUMENT',
      message: expect.stringMatching(/^metadata\.name: Resource name must use only/) as string,
      details: [
        {
          fieldViolations: [
            { field: 'metadata.name' },
            { field: 'spec.template.spec.template.spec.maxRetries', description: 'must be a number between 0 and 10' },
            { field: 'spec.template.spec.template.spec.timeoutSeconds' },
          ],
        },
      ],
    },
  });
  expect(await wrong({ ...gcloudJob('hello'), kind: 'Service', apiVersion: 'serving.knative.dev/v1' })).toMatchObject({
    error: { message: `apiVersion: must be ${run}/v1` },
  });
  expect(await wrong({ ...gcloudJob('hello'), typo: 1 })).toMatchObject({
    error: { message: `Invalid JSON payload received. Unknown name "typo" at 'job': Cannot find field.` },
  });
  expect(await wrong({})).toMatchObject({ error: { status: 'INVALID_ARGUMENT' } });
  for (const [path, problem] of [
    ['p/jobs?limit=-1', 'limit: must not be negative, got -1'],
    ['p/jobs?labelSelector=a%20in%20(b', 'labelSelector: expected )'],
    ['p/jobs?typo=1', 'Unknown name "typo"'],
    ['p/jobs?continue=x', 'page_token'],
    ['P%2F/jobs', 'Method not found.'],
    ['p/services', 'Method not found.'],
  ] as const) {
    const { body } = await server.ask('GET', `${namespaces}/${path}`);
    expect(body).toMatchObject({ error: { message: expect.stringContaining(problem) as string } });
  }
});

test('a selector that holds for few of many takes few pages, and loses none', async () => {
  const server = await ServerWorld.open({ work: false });
  const { store } = server.world;
  const job = someJob();
  store.saveJob(job);
  const chosen = [3, 4, 5, 70, 150, 151, 299];
  const ids = Array.from({ length: 300 }, (_, i) => `b${String(i).padStart(4, '0')}`);
  store.transaction(() => {
    for (const [i, id] of ids.entries()) {
      const labels = { chosen: String(chosen.includes(i)) };
      store.createExecution({ ...someExecution(job, id), labels }, defaultSettings);
    }
  });
  const listing = vi.spyOn(store, 'executions');
  const path = (limit: number, more: string): string =>
    `${namespaces}/p/executions?limit=${limit}&labelSelector=${encodeURIComponent('chosen=true')}${more}`;
  for (const limit of [1, 2, 3, 7, 8]) {
    const names: string[] = [];
    let more = '';
    do {
      const { body } = await server.ask<List>('GET', path(limit, more));
      expect(body.items.length).toBeLessThanOrEqual(limit);
      names.push(...body.items.map(({ metadata }) => String(metadata['name'])));
      more = body.metadata.continue === undefined ? '' : `&continue=${body.metadata.continue}`;
    } while (more !== '');
    expect(names.toSorted()).toEqual(chosen.map((i) => `nightly-${ids[i]}`));
  }
  listing.mockClear();
  await server.ask('GET', `${namespaces}/p/executions?limit=1&labelSelector=chosen%3Dnever`);
  expect(listing.mock.calls.length).toBeLessThan(12);
});
