import type { ServiceError } from '@grpc/grpc-js';
import { fromJson, type JsonValue } from '@bufbuild/protobuf';
import http2 from 'node:http2';
import { describe, expect, test, vi } from 'vitest';
import { StatusError } from '../../src/model/errors.js';
import type { Operation } from '../../src/model/schema/operation.js';
import { messageNamed, methodNamed, read, registry, written } from '../../src/server/grpc/messages.js';
import { grpcStatus } from '../../src/server/grpc/status.js';
import { methods } from '../../src/server/methods/methods.js';
import { framed, GrpcClient } from '../support/grpc.js';
import { jobInput } from '../support/jobs.js';
import { type Answer, ServerWorld } from '../support/server.js';

const parent = 'projects/p/locations/us-central1';
const nightly = `${parent}/jobs/nightly`;

/** The error of a call, as REST answers it. */
async function refused(answer: Promise<unknown>): Promise<{ code: number; message: string; details?: JsonValue }> {
  const {
    code,
    details: message,
    metadata,
  } = await answer.then(
    (value) => expect.fail(`It answered ${JSON.stringify(value).slice(0, 200)}.`),
    (error: unknown) => error as ServiceError,
  );
  const [bytes] = metadata.get('grpc-status-details-bin');
  const status = bytes === undefined ? undefined : read(messageNamed('google.rpc.Status'), bytes as Buffer);
  const { details, ...same } = status ?? { code, message };
  expect(same).toEqual({ code, message });
  return { code, message, ...(details && { details }) };
}

test('every read of the API answers as over REST, in messages of Google', async () => {
  const server = await ServerWorld.open();
  const grpc = new GrpcClient(server.server.port);
  const created = await grpc.ask<Operation>('CreateJob', { parent, jobId: 'nightly', job: jobInput({ taskCount: 3 }) });
  expect(created).toMatchObject({ done: true, response: { name: nightly } });
  const run = await grpc.ask<Operation>('RunJob', { name: nightly, overrides: { taskCount: 2 } });
  expect(run.done).toBeUndefined();
  const waited = await grpc.ask<Operation>('google.longrunning.Operations.WaitOperation', { name: run.name });
  const { name: execution } = waited.response as unknown as { name: string };
  expect(waited).toMatchObject({ done: true, response: { succeededCount: 2, taskCount: 2 } });
  await grpc.ask('SetIamPolicy', {
    resource: nightly,
    policy: { bindings: [{ role: 'roles/run.invoker', members: ['user:a@example.com'] }] },
  });
  const task = `${execution}/tasks/${execution.slice(execution.lastIndexOf('/') + 1)}-task0`;
  const reads: [rpc: string, request: object, path: string][] = [
    ['Jobs.GetJob', { name: nightly }, nightly],
    ['Jobs.ListJobs', { parent }, `${parent}/jobs`],
    ['Jobs.GetIamPolicy', { resource: nightly }, `${nightly}:getIamPolicy`],
    ['Executions.GetExecution', { name: execution }, execution],
    ['Executions.ListExecutions', { parent: nightly }, `${nightly}/executions`],
    ['Tasks.GetTask', { name: task }, task],
    ['Tasks.ListTasks', { parent: execution, pageSize: 1 }, `${execution}/tasks?pageSize=1`],
    ['google.longrunning.Operations.GetOperation', { name: run.name }, run.name ?? ''],
    ['google.longrunning.Operations.ListOperations', { name: parent }, `${parent}/operations`],
  ];
  const gets = methods.filter(({ http }) => http.verb === 'GET');
  expect(reads.map(([rpc]) => rpc.slice(rpc.lastIndexOf('.') + 1)).toSorted()).toEqual(
    gets.map(({ rpc }) => rpc).toSorted(),
  );
  for (const [rpc, request, path] of reads) {
    const name = rpc.startsWith('google.') ? rpc : `google.cloud.run.v2.${rpc}`;
    const { output } = methodNamed(name.slice(0, name.lastIndexOf('.')), name.slice(name.lastIndexOf('.') + 1));
    const rest: Answer<object> = await server.ask('GET', `/v2/${path}`);
    // Strictly: no field and no value that the protos lack.
    fromJson(output, rest.body as JsonValue, { registry });
    expect({ rpc, ...(await grpc.ask(name, request)) }).toEqual({ rpc, ...read(output, written(output, rest.body)) });
  }
  expect(server.faults).toEqual([]);
});

test('errors have the code, the message and the details of REST', async () => {
  const server = await ServerWorld.open();
  const grpc = new GrpcClient(server.server.port);
  const invalid = jobInput({ taskCount: -1 }, { maxRetries: 99 });
  const { body } = await server.ask<{ error: { message: string; details: object } }>('POST', 'jobs?jobId=x', invalid);
  expect(await refused(grpc.ask('CreateJob', { parent, jobId: 'x', job: invalid }))).toEqual({
    ...{ code: 3, message: body.error.message, details: body.error.details },
  });
  expect(JSON.stringify(body.error.details)).toContain('fieldViolations');

  // What URLs, headers and UTF-16 make of messages.
  for (const id of ['50%3A zürich #?&+ 職', 'a\nb\u0000']) {
    const { message } = await refused(grpc.ask('GetJob', { name: `${parent}/jobs/${id}` }));
    expect(message).toContain(`'${id}'`);
  }
  expect(grpcStatus(new StatusError('ABORTED', 'lone \ud800'))).toMatchObject({ code: 10, details: 'lone \ufffd' });
  const many = {
    containers: [{ image: 'i', env: Array.from({ length: 400 }, (_, i) => ({ name: '', value: `${i} ü` })) }],
  };
  const long = await refused(grpc.ask('CreateJob', { parent, jobId: 'x', job: { template: { template: many } } }));
  expect(long).toMatchObject({ code: 3, details: [{ fieldViolations: expect.anything() as unknown }] });

  await grpc.ask('CreateJob', { parent, jobId: 'nightly', job: jobInput() });
  const stale = { ...jobInput(), name: nightly, etag: '"old"' };
  const patch = await server.ask<{ error: { message: string } }>('PATCH', 'jobs/nightly', stale);
  const { code, message } = await refused(grpc.ask('UpdateJob', { job: stale }));
  expect({ code, message }).toEqual({ code: 10, message: patch.body.error.message });
  expect(server.faults).toEqual([]);
});

test('what is no request of a method is refused, and unknown fields are ignored', async () => {
  const server = await ServerWorld.open();
  const grpc = new GrpcClient(server.server.port);
  for (const path of ['/google.cloud.run.v2.Jobs/No', '/google.cloud.run.v2.Services/ListServices', '/x', '/%ff']) {
    expect(await refused(grpc.bytes(path, Buffer.alloc(0)))).toMatchObject({ code: 12 });
  }
  const getJob = '/google.cloud.run.v2.Jobs/GetJob';
  for (const bytes of [Buffer.from([0xff]), Buffer.from([10, 200]), Buffer.from([10, 2, 0xc3, 0x28])]) {
    expect(await refused(grpc.bytes(getJob, bytes))).toMatchObject({ code: 3 });
  }
  const { input } = methodNamed('google.cloud.run.v2.Jobs', 'CreateJob');
  const create = written(input, { parent, jobId: 'nightly', job: jobInput() });
  // Field 1000 with the value 1.
  await grpc.ask('CreateJob', Buffer.concat([create, Buffer.from([0xc0, 0x3e, 1])]));
  const large = (size: number): object => ({ parent, job: { annotations: { a: 'a'.repeat(size) } } });
  expect(await refused(grpc.ask('CreateJob', large(9 << 20)))).toMatchObject({ code: 3 });
  expect(await refused(grpc.ask('CreateJob', large(10 << 20)))).toMatchObject({ code: 8 });
  expect(await grpc.ask('GetJob', { name: nightly })).toMatchObject({ name: nightly });
  expect(server.faults).toEqual([]);
});

test('only calls from this machine are answered, and only with the token if there is one', async () => {
  const server = await ServerWorld.open();
  const { port } = server.server;
  const check = 'grpc.health.v1.Health.Check';
  expect(await new GrpcClient(port, { authority: 'us-central1-localhost:1' }).ask(check)).toEqual({
    status: 'SERVING',
  });
  for (const refusedCall of [
    new GrpcClient(port, { authority: 'example.com' }).ask(check),
    new GrpcClient(port).ask('ListJobs', { parent }, { metadata: { origin: 'http://example.com' } }),
    new GrpcClient(port).ask('ListJobs', { parent }, { metadata: { 'sec-fetch-site': 'cross-site' } }),
  ]) {
    expect(await refused(refusedCall)).toMatchObject({ code: 7 });
  }
  const guarded = new GrpcClient((await ServerWorld.open({ token: 's3cret' })).server.port, {
    authority: 'any.example',
  });
  expect(await refused(guarded.ask('ListJobs', { parent }))).toMatchObject({ code: 16 });
  const wrong = { metadata: { authorization: 'Bearer other' } };
  expect(await refused(guarded.ask('ListJobs', { parent }, wrong))).toMatchObject({ code: 16 });
  expect(await guarded.ask('ListJobs', { parent }, { metadata: { authorization: 'Bearer s3cret' } })).toEqual({});
});

describe('a wait', () => {
  async function waiting(): Promise<{ server: ServerWorld; grpc: GrpcClient; name: string; signals: AbortSignal[] }> {
    const server = await ServerWorld.open({ work: false });
    const grpc = new GrpcClient(server.server.port);
    await grpc.ask('CreateJob', { parent, jobId: 'nightly', job: jobInput() });
    const { name = '' } = await grpc.ask<Operation>('RunJob', { name: nightly });
    const signals: AbortSignal[] = [];
    const { changes } = server.world.call;
    const watch = changes.watch.bind(changes);
    vi.spyOn(changes, 'watch').mockImplementation((options = {}) => {
      if (options.signal) signals.push(options.signal);
      return watch(options);
    });
    return { server, grpc, name, signals };
  }
  const wait = 'google.longrunning.Operations.WaitOperation';

  test('ends with its timeout, with the operation as it is', async () => {
    const { grpc, name } = await waiting();
    const answer = await grpc.ask<Operation>(wait, { name, timeout: '0.2s' });
    expect(answer).toMatchObject({ name, metadata: { taskCount: 1 } });
    expect(answer.done).toBeUndefined();
  });

  test('ends with the deadline, with the cancellation and with the end of the connection of its client', async () => {
    const { server, grpc, name, signals } = await waiting();
    expect(await refused(grpc.ask(wait, { name }, { deadline: 300 }))).toMatchObject({ code: 4 });
    const cancelled = new AbortController();
    const second = refused(grpc.ask(wait, { name }, { signal: cancelled.signal }));
    await vi.waitFor(() => expect(signals).toHaveLength(2));
    cancelled.abort();
    expect(await second).toMatchObject({ code: 1 });
    const session = http2.connect(server.server.url).on('error', () => {});
    const { input } = methodNamed('google.longrunning.Operations', 'WaitOperation');
    session
      .request({ ':method': 'POST', ':path': `/${wait.replace('.Wait', '/Wait')}`, 'content-type': 'application/grpc' })
      .on('error', () => {})
      .end(framed(written(input, { name })));
    await vi.waitFor(() => expect(signals).toHaveLength(3));
    session.destroy();
    await vi.waitFor(() => expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, true]));
    expect(server.faults).toEqual([]);
  });

  test('is answered when the server closes', async () => {
    const { server, grpc, name, signals } = await waiting();
    const answer = grpc.ask<Operation>(wait, { name });
    await vi.waitFor(() => expect(signals).toHaveLength(1));
    const from = performance.now();
    await server.server.close();
    expect(performance.now() - from).toBeLessThan(4000);
    expect(await answer).toMatchObject({ name });
  });
});
