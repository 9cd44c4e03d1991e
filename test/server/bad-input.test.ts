import { describe, expect, test } from 'vitest';
import type { Execution, Job } from '../../src/model/schema/job.js';
import type { Operation } from '../../src/model/schema/operation.js';
import { runJob } from '../../src/service/run-job.js';
import { FakeEngine } from '../support/fake-engine.js';
import { jobInput, someJobName as nightly } from '../support/jobs.js';
import { type Answer, ServerWorld } from '../support/server.js';

interface Failure {
  error: { code: number; message: string; status: string; details?: { fieldViolations: { field: string }[] }[] };
}

const invalid = (message: string | RegExp): Answer => ({
  status: 400,
  body: {
    error: expect.objectContaining({
      code: 400,
      status: 'INVALID_ARGUMENT',
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    }) as unknown,
  },
});

const container = (more: object): object => ({ template: { template: { containers: [{ image: 'a', ...more }] } } });
const payload = (text: string): string => `Invalid JSON payload received. ${text}`;

/** Bodies of create requests, and what the API says of each. */
const bodies: [what: string, body: string | object, message: string | RegExp][] = [
  ['cut JSON', '{"template": {', /^Invalid JSON payload received\. /],
  ['a list', '[]', /^Invalid value at 'job' \(type.googleapis.com\/google.cloud.run.v2.Job\), \[…\]/],
  ['text', 'jobId=nightly', /^Invalid JSON payload received\. /],
  ['no UTF-8', '', payload('It is not valid UTF-8.')],
  ['a key twice', '{"labels": {}, "labels": {}}', 'is set twice'],
  ['a key in both spellings', '{"launchStage": "GA", "launch_stage": "GA"}', /is set twice \(as launchStage and/],
  ['depth', `{"labels": ${'{"a":'.repeat(1000)}1${'}'.repeat(1001)}`, /nested deeper, than any request/],
  ['an unknown name', { typo: 1 }, payload(`Unknown name "typo" at 'job': Cannot find field.`)],
  ['a name', { name: nightly, ...jobInput() }, /job\.name must be empty on CreateJobRequest\.$/],
  [
    'a wrong type',
    jobInput({ taskCount: 'x' as unknown as number }),
    /^Invalid value at 'job.template.task_count' \(TYPE_INT32\), "x"$/,
  ],
  [
    'a number that is too large',
    jobInput({ taskCount: 2 ** 40 }),
    /^Invalid value at 'job.template.task_count' \(TYPE_INT32\)/,
  ],
  ['a bad duration', jobInput({}, { timeout: '2m' }), /Illegal duration format; duration must end with 's'$/],
  [
    'an unknown enum',
    { launchStage: 'SOON' },
    `Invalid value at 'job.launch_stage' (type.googleapis.com/google.api.LaunchStage), "SOON"`,
  ],
  [
    'both of a oneof',
    { startExecutionToken: 'a', runExecutionToken: 'b' },
    /oneof field 'create_execution' is already set/,
  ],
  [
    'too many tasks',
    jobInput({ taskCount: 10_001 }),
    'Violation in CreateJobRequest.job.template.task_count: must be a number between 0 and 10000',
  ],
  ['retries', jobInput({}, { maxRetries: 11 }), /template\.template\.max_retries: must be a number between 0 and 10$/],
  ['no template', {}, /has no task template$/],
  [
    'a reserved variable',
    container({ env: [{ name: 'PORT', value: '1' }] }),
    /^spec\.template\.spec\.containers\[0\]\.env: The following reserved env names were provided: PORT\./,
  ],
  ['a liveness probe', container({ livenessProbe: { httpGet: {} } }), /does not support liveness probe/],
];

test.for(bodies)('a body with %s is refused', async ([what, body, message]) => {
  const server = await ServerWorld.open();
  const text = what === 'no UTF-8' ? '\u00ff' : typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await server.raw<Failure>(
    'POST',
    '/v2/projects/p/locations/us-central1/jobs?jobId=nightly',
    {},
    Buffer.from(text, 'latin1'),
  );
  expect(answer).toEqual(invalid(message));
  expect(server.world.store.job(nightly)).toBeUndefined();
  expect(server.faults).toEqual([]);
});

const root = '/v2/projects/p/locations/us-central1';
const notFound: Answer = {
  status: 404,
  body: { error: expect.objectContaining({ code: 404, status: 'NOT_FOUND' }) as unknown },
};

/** Requests that are wrong without their body. */
const requests: [what: string, method: string, path: string, answer: Answer][] = [
  [
    'a job id in capitals',
    'POST',
    `${root}/jobs?jobId=Nightly`,
    invalid(/^metadata\.name: Resource name must use only lowercase/),
  ],
  ['no job id', 'POST', `${root}/jobs`, invalid(/^metadata\.name: /)],
  [
    'a wildcard where a job is made',
    'POST',
    '/v2/projects/p/locations/-/jobs?jobId=a',
    invalid(/^Invalid resource name/),
  ],
  [
    'a wildcard where a job is changed',
    'PATCH',
    '/v2/projects/p/locations/-/jobs/a?allowMissing=true',
    invalid(/^Invalid resource name/),
  ],
  ['a directory for a project', 'GET', '/v2/projects/../locations/us-central1/jobs', invalid(/^Invalid resource name/)],
  ['an escaped directory', 'GET', '/v2/projects/%2e%2e/locations/us-central1/jobs', invalid(/^Invalid resource name/)],
  ['an escaped slash', 'GET', `${root}/jobs/%2e%2e%2f%2e%2e%2fetc%2fpasswd`, notFound],
  ['an escape that is none', 'GET', `${root}/jobs/%zz`, notFound],
  ['a NUL', 'GET', `${root}/jobs/a%00`, notFound],
  ['a long name', 'GET', `${root}/jobs/${'a'.repeat(8192)}`, invalid(/^Invalid resource name \[projects.*…\]\.$/)],
  ['an unknown verb', 'POST', `${root}/jobs/a:start`, notFound],
  ['an unknown collection', 'GET', `${root}/services`, notFound],
  ['another method', 'PUT', `${root}/jobs/a`, notFound],
  [
    'an unknown parameter',
    'GET',
    `${root}/jobs?pagesize=1`,
    invalid(
      payload(
        `Unknown name "pagesize": Cannot bind query parameter. Field 'pagesize' could not be found in request message.`,
      ),
    ),
  ],
  [
    'a parameter inside a scalar',
    'GET',
    `${root}/jobs?pageSize.x=1`,
    invalid(/Unknown name "pageSize\.x": Cannot bind/),
  ],
  [
    'a message as a parameter',
    'GET',
    `${root}/jobs/a:getIamPolicy?options=1`,
    invalid(/Unknown name "options": Cannot bind/),
  ],
  [
    'a prototype as a parameter',
    'GET',
    `${root}/jobs?__proto__.x=1&constructor=2`,
    invalid(/Unknown name "__proto__\.x"/),
  ],
  [
    'a page size that is none',
    'GET',
    `${root}/jobs?pageSize=ten`,
    invalid(`Invalid value at 'page_size' (TYPE_INT32), "ten"`),
  ],
  ['a negative page size', 'GET', `${root}/jobs?pageSize=-1`, invalid('page_size: must not be negative, got -1')],
  ['a page token that is none', 'GET', `${root}/jobs?pageToken=abc`, invalid(/^page_token: /)],
  [
    'a made-up page token',
    'GET',
    `${root}/jobs?pageToken=${Buffer.from('["x",{"key":{}}]').toString('base64url')}`,
    invalid(/^page_token: /),
  ],
  [
    'a flag that is none',
    'GET',
    `${root}/jobs?showDeleted=maybe`,
    invalid(`Invalid value at 'show_deleted' (TYPE_BOOL), "maybe"`),
  ],
  ['another format', 'GET', `${root}/jobs?alt=proto`, invalid(/^Invalid value at 'alt'/)],
  [
    'a filter of operations',
    'GET',
    `${root}/operations?filter=name:x`,
    invalid(/^filter: must be empty, done:true or done:false/),
  ],
  [
    'a policy version',
    'GET',
    `${root}/jobs/a:getIamPolicy?options.requestedPolicyVersion=2`,
    invalid(/requested_policy_version: must be 0, 1 or 3, got 2/),
  ],
];

test.for(requests)('a request with %s is refused', async ([, method, path, answer]) => {
  const server = await ServerWorld.open();
  const body = method === 'POST' || method === 'PATCH' ? JSON.stringify(jobInput()) : '';
  expect(await server.raw(method, path, {}, body)).toEqual(answer);
  expect(server.faults).toEqual([]);
  expect(await server.ask('GET', 'jobs')).toEqual({ status: 200, body: {} });
});

describe('what does not fit the state of a resource', () => {
  test('is refused by its code', async () => {
    const runtime = new FakeEngine(() => ({ ms: 60_000 }));
    const server = await ServerWorld.open({ runtime });
    const { body: created } = await server.ask<Operation>('POST', 'jobs?jobId=nightly', jobInput());
    const { etag } = created.response as unknown as Job;
    expect(await server.ask('POST', 'jobs?jobId=nightly', jobInput())).toMatchObject({
      status: 409,
      body: { error: { code: 409, status: 'ALREADY_EXISTS', message: "Resource 'nightly' already exists." } },
    });
    server.world.advance(1000);
    const change = { ...jobInput({ taskCount: 2 }), etag };
    expect(await server.ask('PATCH', 'jobs/nightly', change)).toMatchObject({ status: 200 });
    expect(await server.ask('PATCH', 'jobs/nightly', { ...change, ...jobInput({ taskCount: 3 }) })).toMatchObject({
      status: 409,
      body: {
        error: {
          code: 409,
          status: 'ABORTED',
          message: expect.stringMatching(/^Conflict for resource 'nightly': version '\d+' was/) as string,
        },
      },
    });

    const { body: run } = await server.ask<Operation>('POST', 'jobs/nightly:run');
    const { name } = run.metadata as unknown as Execution;
    expect(await server.ask('POST', `/v2/${name}:cancel`)).toMatchObject({ status: 200 });
    await server.ask('POST', `/v2/${run.name}:wait`, { timeout: '30s' });
    expect(await server.ask('POST', `/v2/${name}:cancel`)).toMatchObject({
      status: 400,
      body: {
        error: {
          code: 400,
          status: 'FAILED_PRECONDITION',
          message: expect.stringMatching(/because it is not running\.$/) as string,
        },
      },
    });

    server.world.work = false;
    runJob(server.world.call, { name: nightly });
    expect(await server.ask('DELETE', 'jobs/nightly')).not.toHaveProperty('body.done');
    expect(await server.ask('POST', 'jobs/nightly:run')).toMatchObject({
      status: 400,
      body: { error: { status: 'FAILED_PRECONDITION', message: "Job 'nightly' is being deleted." } },
    });
    expect(server.faults).toEqual([]);
  });

  test('is refused with a page token of another listing', async () => {
    const server = await ServerWorld.open();
    for (const id of ['a', 'b', 'c']) await server.ask('POST', `jobs?jobId=${id}`, jobInput());
    const { body: first } = await server.ask<{ jobs: Job[]; nextPageToken: string }>('GET', 'jobs?pageSize=2');
    expect(first.jobs).toHaveLength(2);
    const rest = await server.ask<{ jobs: Job[] }>('GET', `jobs?page_token=${first.nextPageToken}`);
    expect(rest.body.jobs.map(({ name }) => name)).toEqual([expect.stringMatching(/\/a$/)]);
    expect(await server.ask('GET', `jobs?showDeleted=true&pageToken=${first.nextPageToken}`)).toEqual(
      invalid(/^page_token: /),
    );
  });
});
