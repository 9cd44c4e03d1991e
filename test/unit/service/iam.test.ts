import { describe, expect, test } from 'vitest';
import { type Permission, permissions } from '../../../src/model/iam/permissions.js';
import type { Binding, PolicyInput } from '../../../src/model/iam/policy.js';
import { cancelExecution, deleteExecution, getExecution, listExecutions } from '../../../src/service/executions.js';
import { getIamPolicy, setIamPolicy, testIamPermissions } from '../../../src/service/iam.js';
import { createJob, deleteJob, getJob, listJobs, updateJob } from '../../../src/service/jobs.js';
import { runJob } from '../../../src/service/run-job.js';
import type { Call } from '../../../src/service/service.js';
import { getTask, listTasks } from '../../../src/service/tasks.js';
import { jobInput, parent, someJobName as resource } from '../../support/jobs.js';
import { serviceError as error, ServiceWorld } from '../../support/service.js';

const invoker = (...members: string[]): Binding => ({ role: 'roles/run.invoker', members });
const until2030 = { title: 'until 2030', expression: 'request.time < timestamp("2030-01-01T00:00:00Z")' };

function worldWithJob(): ServiceWorld {
  const world = new ServiceWorld();
  createJob(world.call, { parent, jobId: 'nightly', job: jobInput() });
  return world;
}

describe('getIamPolicy', () => {
  test('answers for a job that never had a policy, and not for one that is not there', () => {
    const world = worldWithJob();
    expect(getIamPolicy(world.call, { resource })).toEqual({ etag: 'ACAB' });
    expect(() => getIamPolicy(world.call, { resource: `${resource}x` })).toThrow(error('NOT_FOUND', /kind 'JOB'/));
    expect(() => getIamPolicy(world.call, { resource, requestedPolicyVersion: 2 })).toThrow(
      error('INVALID_ARGUMENT', /must be 0, 1 or 3, got 2/),
    );
  });

  test('shows conditions to those only who ask for version 3', async () => {
    const world = worldWithJob();
    const bindings = [invoker('user:a@b.c'), { ...invoker('user:a@b.c'), condition: until2030 }];
    const { etag } = await setIamPolicy(world.call, { resource, policy: { version: 3, bindings } });
    expect(getIamPolicy(world.call, { resource, requestedPolicyVersion: 3 })).toEqual({ version: 3, bindings, etag });
    const older = getIamPolicy(world.call, { resource, requestedPolicyVersion: 1 });
    expect(older).toEqual({
      version: 1,
      bindings: [
        invoker('user:a@b.c'),
        { role: expect.stringMatching(/^roles\/run\.invoker_withcond_[0-9a-f]{20}$/), members: ['user:a@b.c'] },
      ],
      etag,
    });
    await expect(setIamPolicy(world.call, { resource, policy: older })).rejects.toEqual(
      error('INVALID_ARGUMENT', /bindings\[1\]\.role: stands for a conditional binding/),
    );
  });
});

describe('setIamPolicy', () => {
  const set = (world: ServiceWorld, policy: PolicyInput, updateMask?: string) =>
    setIamPolicy(world.call, { resource, policy, updateMask });

  test('normalises what it keeps', async () => {
    const world = worldWithJob();
    const policy = await set(world, {
      bindings: [
        { role: 'roles/run.viewer', members: ['allUsers'] },
        invoker('user:Zoe@Example.com', 'group:devs@example.com'),
        { role: 'roles/run.developer', members: [] },
        invoker('user:zoe@example.com', 'domain:Example.com'),
      ],
    });
    expect(policy).toEqual({
      version: 1,
      bindings: [
        invoker('domain:example.com', 'group:devs@example.com', 'user:zoe@example.com'),
        { role: 'roles/run.viewer', members: ['allUsers'] },
      ],
      etag: expect.stringMatching(/^Bw[\w+/]+=$/),
    });
    expect(getIamPolicy(world.call, { resource })).toEqual(policy);
    expect(await set(world, { bindings: [] })).toEqual({ etag: expect.any(String) });
  });

  test('refuses a stale etag, unless the mask leaves the etag out', async () => {
    const world = worldWithJob();
    const first = await set(world, { bindings: [invoker('user:a@b.c')], etag: 'ACAB' });
    const second = await set(world, { bindings: [invoker('user:b@b.c')], etag: first.etag });
    expect(second.etag > first.etag).toBe(true);
    await expect(set(world, { bindings: [], etag: first.etag })).rejects.toEqual(
      error('ABORTED', /^There were concurrent policy changes\..*did not match the current policy's ETag/),
    );
    expect(getIamPolicy(world.call, { resource })).toEqual(second);
    await set(world, { bindings: [], etag: first.etag }, 'bindings');
    expect(getIamPolicy(world.call, { resource })).not.toHaveProperty('bindings');
  });

  test('replaces only what the mask names', async () => {
    const world = worldWithJob();
    const auditConfigs = [{ service: 'run.googleapis.com', auditLogConfigs: [{ logType: 'DATA_READ' as const }] }];
    const input = { bindings: [invoker('user:a@b.c')], auditConfigs };
    expect(await set(world, input)).not.toHaveProperty('auditConfigs');
    expect(await set(world, input, 'bindings,audit_configs')).toMatchObject(input);
    expect(await set(world, { bindings: [] }, 'auditConfigs')).toMatchObject({ bindings: input.bindings });
    expect(await set(world, {}, 'etag')).toMatchObject({ bindings: input.bindings });
    await expect(set(world, {}, 'members')).rejects.toEqual(
      error('INVALID_ARGUMENT', 'update_mask: a policy has no field members'),
    );
  });

  test.each<[PolicyInput, string]>([
    [{ version: 2 }, 'version: must be 0, 1 or 3, got 2'],
    [{ bindings: [{ role: 'invoker', members: [] }] }, 'bindings[0].role: Invalid role: invoker'],
    [
      { bindings: [invoker('a@b.c')] },
      'bindings[0].members[0]: The member a@b.c is of an unknown type. Please set a valid type prefix for the member.',
    ],
    [{ bindings: [invoker('user:a')] }, 'bindings[0].members[0]: The member user:a is malformed.'],
    [{ bindings: [invoker('domain:a@b.c')] }, 'bindings[0].members[0]: The member domain:a@b.c is malformed.'],
    [{ bindings: [invoker('principal:x')] }, 'bindings[0].members[0]: The member principal:x is malformed.'],
    [{ bindings: [invoker('deleted:user:a@b.c')] }, 'bindings[0].members[0]: The member deleted:user:a@b.c is of an'],
    [
      { version: 1, bindings: [{ ...invoker('allUsers'), condition: until2030 }] },
      'version: must be 3 in a policy that has conditions',
    ],
    [
      { version: 3, bindings: [{ ...invoker('allUsers'), condition: { title: 't', expression: '1 +' } }] },
      'bindings[0].condition.expression: Invalid expression: Unexpected token: EOF',
    ],
    [
      { version: 3, bindings: [{ ...invoker('allUsers'), condition: { title: 't', expression: '"x"' } }] },
      'bindings[0].condition.expression: Invalid expression: it is string, not bool',
    ],
    [
      { version: 3, bindings: [{ ...invoker('allUsers'), condition: { expression: 'true' } }] },
      'bindings[0].condition.title: must not be empty',
    ],
    [
      { bindings: [invoker(...Array.from({ length: 1501 }, (_, i) => `user:u${i}@b.c`))] },
      'bindings: must have at most 1500 members, got 1501',
    ],
    [
      { bindings: [invoker(...Array.from({ length: 251 }, (_, i) => `group:g${i}@b.c`))] },
      'bindings: must have at most 250 groups, got 251',
    ],
  ])('refuses %j', async (policy, message) => {
    const world = worldWithJob();
    await expect(set(world, policy)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(`Violation in SetIamPolicyRequest.policy.${message}`),
    });
    expect(getIamPolicy(world.call, { resource })).toEqual({ etag: 'ACAB' });
  });

  test('takes every kind of member and role', async () => {
    const members = [
      'allAuthenticatedUsers',
      'allUsers',
      'deleted:serviceAccount:a@p.iam.gserviceaccount.com?uid=123',
      'domain:example.com',
      'group:g@example.com',
      'principal://iam.googleapis.com/locations/global/workforcePools/p/subject/s',
      'principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/*',
      'serviceAccount:a@p.iam.gserviceaccount.com',
      'serviceAccount:p.svc.id.goog[ns/sa]',
      'user:a@example.com',
    ];
    const world = worldWithJob();
    const bindings = [{ role: 'projects/p/roles/my.role', members }, invoker('allUsers')];
    expect((await set(world, { bindings })).bindings).toEqual(bindings);
  });
});

describe('testIamPermissions', () => {
  const test3 = (call: Call, asked: readonly string[] = permissions): Promise<Permission[]> =>
    testIamPermissions(call, { resource, permissions: asked });

  test.each<[string, Permission[]]>([
    ['roles/run.invoker', ['run.jobs.run']],
    [
      'roles/run.jobsExecutor',
      [
        'run.executions.get',
        'run.executions.list',
        'run.jobs.get',
        'run.jobs.list',
        'run.jobs.run',
        'run.operations.get',
      ],
    ],
    ['roles/run.admin', [...permissions]],
    ['roles/storage.admin', []],
    ['projects/p/roles/mine', []],
  ])('knows %s', async (role, granted) => {
    const world = worldWithJob();
    await setIamPolicy(world.call, { resource, policy: { bindings: [{ role, members: ['user:a@b.c'] }] } });
    expect(await test3({ ...world.call, account: 'a@b.c' })).toEqual(granted);
    expect(await test3({ ...world.call, account: 'z@b.c' })).toEqual([]);
    expect(await test3(world.call)).toEqual(permissions);
  });

  test.each<[string, string, boolean]>([
    ['roles/run.developer', 'run.jobs.setIamPolicy', false],
    ['roles/run.developer', 'run.jobs.runWithOverrides', true],
    ['roles/run.viewer', 'run.jobs.getIamPolicy', true],
    ['roles/run.viewer', 'run.jobs.run', false],
    ['roles/run.jobsExecutorWithOverrides', 'run.executions.cancel', true],
    ['roles/editor', 'run.jobs.setIamPolicy', false],
    ['roles/owner', 'run.jobs.setIamPolicy', true],
  ])('says of %s and %s: %s', async (role, permission, granted) => {
    const world = worldWithJob();
    await setIamPolicy(world.call, { resource, policy: { bindings: [{ role, members: ['allUsers'] }] } });
    expect(await test3({ ...world.call, account: 'a@b.c' }, [permission])).toEqual(granted ? [permission] : []);
  });

  test.each<[member: string, account: string, granted: boolean]>([
    ['domain:b.c', 'a@b.c', true],
    ['domain:b.c', 'a@x.b.c', false],
    ['user:A@B.c', 'a@b.C', true],
    ['serviceAccount:s@p.iam.gserviceaccount.com', 's@p.iam.gserviceaccount.com', true],
    ['group:a@b.c', 'a@b.c', false],
    ['principal://iam.googleapis.com/x/subject/s', 'principal://iam.googleapis.com/x/subject/s', true],
    ['deleted:user:a@b.c?uid=1', 'a@b.c', false],
  ])('takes %s for %s: %s', async (member, account, granted) => {
    const world = worldWithJob();
    await setIamPolicy(world.call, { resource, policy: { bindings: [invoker(member)] } });
    expect(await test3({ ...world.call, account }, ['run.jobs.run'])).toHaveLength(granted ? 1 : 0);
  });

  test.each<[expression: string, granted: boolean]>([
    ['request.time < timestamp("2030-01-01T00:00:00Z")', true],
    ['request.time < timestamp("2020-01-01T00:00:00Z")', false],
    ['resource.name.endsWith("/jobs/nightly") && resource.type == "run.googleapis.com/Job"', true],
    ['resource.name.extract("jobs/{name}") == "nightly"', true],
    ['resource.name.extract("locations/{l}/") == "us-central1"', true],
    ['resource.nothing == 1', false],
  ])('evaluates %s', async (expression, granted) => {
    const world = worldWithJob();
    const bindings = [{ ...invoker('allUsers'), condition: { title: 't', expression } }];
    await setIamPolicy(world.call, { resource, policy: { version: 3, bindings } });
    expect(await test3({ ...world.call, account: 'a@b.c' }, ['run.jobs.run'])).toHaveLength(granted ? 1 : 0);
  });

  test('refuses what is no permission on a job, and knows none on a job that is not there', async () => {
    const world = worldWithJob();
    for (const permission of ['run.*', 'storage.buckets.get']) {
      await expect(test3(world.call, [permission])).rejects.toEqual(
        error('INVALID_ARGUMENT', `Permission ${permission} is not valid for this resource.`),
      );
    }
    expect(await testIamPermissions(world.call, { resource: `${resource}x`, permissions: ['run.jobs.run'] })).toEqual(
      [],
    );
  });
});

describe('enforcement', () => {
  const denied = (permission: string, on = resource): unknown =>
    error('PERMISSION_DENIED', `Permission '${permission}' denied on resource '${on}' (or resource may not exist).`);

  test('covers every method', async () => {
    const world = worldWithJob();
    const { name } = runJob(world.call, { name: resource });
    const id = name.slice(name.lastIndexOf('/') + 1);
    const mallory = world.as('mallory@example.com');
    const parentOf = 'projects/p/locations/us-central1';
    const calls: [() => unknown, string, string?][] = [
      [() => createJob(mallory, { parent, jobId: 'x', job: jobInput() }), 'run.jobs.create', parentOf],
      [() => updateJob(mallory, { name: resource, job: jobInput({ taskCount: 2 }) }), 'run.jobs.update'],
      [() => getJob(mallory, resource), 'run.jobs.get'],
      [() => listJobs(mallory, { project: 'p', location: 'us-central1' }), 'run.jobs.list', parentOf],
      [() => deleteJob(mallory, { name: resource }), 'run.jobs.delete'],
      [() => runJob(mallory, { name: resource }), 'run.jobs.run'],
      [() => getIamPolicy(mallory, { resource }), 'run.jobs.getIamPolicy'],
      [() => setIamPolicy(mallory, { resource, policy: {} }), 'run.jobs.setIamPolicy'],
      [() => getExecution(mallory, parent, id), 'run.executions.get', name],
      [() => listExecutions(mallory, { parent: resource }), 'run.executions.list'],
      [() => cancelExecution(mallory, { name }), 'run.executions.cancel', name],
      [() => deleteExecution(mallory, { name }), 'run.executions.delete', name],
      [() => getTask(mallory, parent, `${id}-task0`), 'run.tasks.get', name],
      [() => listTasks(mallory, { parent: name }), 'run.tasks.list', name],
    ];
    for (const [call, permission, on] of calls) {
      await expect((async () => await call())()).rejects.toEqual(denied(permission, on));
    }
    const members = ['user:mallory@example.com'];
    await setIamPolicy(world.call, { resource, policy: { bindings: [{ role: 'roles/run.admin', members }] } });
    // On the parent only the project's owner has permissions.
    const allowed = calls.filter(([, permission, on]) => on !== parentOf && !/delete|cancel|setIam/.test(permission));
    for (const [call] of allowed) await call();
  });

  test('lets an invoker run the job, but not with overrides', async () => {
    const world = worldWithJob();
    await setIamPolicy(world.call, { resource, policy: { bindings: [invoker('user:ci@example.com')] } });
    const ci = world.as('ci@example.com');
    expect(runJob(ci, { name: resource }).creator).toBe('ci@example.com');
    for (const overrides of [{ taskCount: 2 }, { timeout: '5s' }, { containerOverrides: [{ args: ['x'] }] }]) {
      expect(() => runJob(ci, { name: resource, overrides })).toThrow(denied('run.jobs.runWithOverrides'));
    }
    expect(() => getJob(ci, resource)).toThrow(denied('run.jobs.get'));
    expect(() => runJob(ci, { name: `${resource}2` })).toThrow(denied('run.jobs.run', `${resource}2`));
  });

  test('needs both permissions for an update that may create, and stops when a condition does', async () => {
    const world = worldWithJob();
    const condition = { title: 't', expression: 'request.time < timestamp("2026-11-24T00:00:00Z")' };
    const bindings = [{ role: 'roles/run.developer', members: ['user:a@b.c'], condition }];
    await setIamPolicy(world.call, { resource, policy: { version: 3, bindings } });
    const a = world.as('a@b.c');
    expect(() => updateJob(a, { name: resource, job: jobInput(), allowMissing: true })).toThrow(
      denied('run.jobs.create', 'projects/p/locations/us-central1'),
    );
    expect(getJob(a, resource).name).toBe(resource);
    world.advance(24 * 3_600_000);
    expect(() => getJob(a, resource)).toThrow(denied('run.jobs.get'));
  });

  test('is off by default', () => {
    const world = worldWithJob();
    expect(getJob({ ...world.call, account: 'mallory@example.com' }, resource).name).toBe(resource);
  });
});
