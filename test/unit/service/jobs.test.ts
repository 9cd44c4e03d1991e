import Database from 'libsql';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { normalize } from '../../../src/model/schema/normalize.js';
import { declaredFields } from '../../../src/model/field-effects.js';
import { type Job, type JobInput, JobMessage } from '../../../src/model/schema/job.js';
import { readJobs } from '../../../src/model/spec/read.js';
import {
  createJob,
  deleteJob,
  findJob,
  getJob,
  listJobs,
  startDeletion,
  updateJob,
} from '../../../src/service/jobs.js';
import { getExecution, listExecutions } from '../../../src/service/executions.js';
import { everyPage } from '../../../src/service/pages.js';
import { runJob } from '../../../src/service/run-job.js';
import { setIamPolicy } from '../../../src/service/iam.js';
import { setFields } from '../../support/fields.js';
import { jobInput, parent, someJobName as name } from '../../support/jobs.js';
import { day, owner, serviceError as error, ServiceWorld, someLog } from '../../support/service.js';

const create = (world: ServiceWorld, job: JobInput = jobInput(), jobId = 'nightly', more = {}): Job =>
  createJob(world.call, { parent, jobId, job, ...more });

/** What is on disk of the job, to the byte. */
const stored = (world: ServiceWorld): unknown => {
  const db = new Database(path.join(world.home, 'localrun.db'));
  const rows = db.prepare('SELECT * FROM job').raw().all();
  db.close();
  return rows;
};

describe('createJob', () => {
  test('fills in and echoes the defaults, and leaves zero values out', () => {
    const job = create(new ServiceWorld(), {
      labels: {},
      client: '',
      template: {
        parallelism: 0,
        taskCount: 0,
        template: { maxRetries: 0, volumes: [], containers: [{ image: 'i', args: [], workingDir: '' }] },
      },
    });
    expect(job).toEqual({
      name,
      uid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      generation: '1',
      observedGeneration: '1',
      createTime: '2026-11-23T12:00:00.000000Z',
      updateTime: '2026-11-23T12:00:00.000000Z',
      creator: owner,
      lastModifier: owner,
      launchStage: 'GA',
      etag: expect.stringMatching(/^"[\w-]+\/[\w-]+"$/),
      terminalCondition: {
        type: 'Ready',
        state: 'CONDITION_SUCCEEDED',
        lastTransitionTime: '2026-11-23T12:00:00.000000Z',
      },
      latestCreatedExecution: {},
      template: {
        taskCount: 1,
        template: {
          containers: [{ image: 'i', resources: { limits: { cpu: '1000m', memory: '512Mi' } } }],
          maxRetries: 0,
          timeout: '600s',
          serviceAccount: '123-compute@developer.gserviceaccount.com',
          executionEnvironment: 'EXECUTION_ENVIRONMENT_GEN2',
        },
      },
    });
  });

  test('keeps and returns every field that does not act', () => {
    const quiet = declaredFields().filter(({ effect }) => effect === 'recorded' || effect === 'ignoredLocally');
    const left = new Set(quiet.map(({ path: field }) => field.replaceAll('[]', '')));
    const world = new ServiceWorld();
    let count = 0;
    const specs = ['good', 'odd'].map((kind) => path.join(import.meta.dirname, '../../fixtures/specs', kind));
    for (const directory of specs) {
      for (const file of readdirSync(directory).filter((name) => !name.endsWith('.expected'))) {
        for (const spec of readJobs(file, readFileSync(path.join(directory, file), 'utf8')).jobs) {
          // Those that act have tests of their own.
          const { name: _, etag: _etag, startExecutionToken: _start, runExecutionToken: _run, ...job } = spec.job;
          const kept = getJob(world.call, create(world, job, `job-${++count}`).name);
          expect(kept).toMatchObject(normalize(JobMessage, job));
          for (const field of setFields(JobMessage, kept)) left.delete(field);
        }
      }
    }
    expect([...left]).toEqual([]);
  });

  test('ignores what only the service sets', () => {
    const input = { ...jobInput(), uid: 'mine', generation: '7', reconciling: true, executionCount: 9, creator: 'me' };
    input.template.template.containers = [{ image: 'i', buildInfo: { functionTarget: 'f' } }];
    const job = create(new ServiceWorld(), input);
    expect(job).toMatchObject({ generation: '1', creator: owner });
    expect(job.uid).not.toBe('mine');
    expect(job).not.toHaveProperty('reconciling');
    expect(job.executionCount).toBeUndefined();
    expect(job.template.template.containers[0]).not.toHaveProperty('buildInfo');
  });

  test('refuses a name in the body, a taken name and a wrong job', () => {
    const world = new ServiceWorld();
    expect(() => create(world, { ...jobInput(), name })).toThrow(
      error('INVALID_ARGUMENT', 'Violation in CreateJobRequest.job: job.name must be empty on CreateJobRequest.'),
    );
    expect(() => create(world, jobInput({ parallelism: -1 }))).toThrow(
      error('INVALID_ARGUMENT', 'Violation in CreateJobRequest.job.template.parallelism: must not be negative'),
    );
    create(world);
    for (const validateOnly of [false, true]) {
      expect(() => create(world, jobInput(), 'nightly', { validateOnly })).toThrow(
        error('ALREADY_EXISTS', "Resource 'nightly' already exists."),
      );
    }
  });

  test('with validateOnly answers with what would be and stores nothing', () => {
    const world = new ServiceWorld();
    const job = create(world, { ...jobInput(), startExecutionToken: 'a' }, 'nightly', { validateOnly: true });
    expect(job.template.template.timeout).toBe('600s');
    expect(findJob(world.call, name)).toBeUndefined();
    expect(world.store.openExecutions()).toEqual([]);
    expect(world.spawned).toEqual([]);
  });

  test('takes 1000 jobs in a project and region', () => {
    const world = new ServiceWorld();
    world.store.transaction(() => {
      for (let i = 0; i < 1000; i++) create(world, jobInput(), `job-${i}`);
    });
    expect(() => create(world)).toThrow(error('RESOURCE_EXHAUSTED', /1000 jobs in region us-central1/));
    createJob(world.call, { parent: { ...parent, location: 'europe-west1' }, jobId: 'nightly', job: jobInput() });
  });
});

describe('updateJob', () => {
  const update = (world: ServiceWorld, job: JobInput, more = {}): Job => updateJob(world.call, { name, job, ...more });

  test('counts a generation for a change, and none for what is the same', () => {
    const world = new ServiceWorld();
    const first = create(world);
    world.advance(1000);
    expect(update(world, { ...jobInput({ taskCount: 1 }), labels: {} })).toEqual(first);
    const second = update(world, jobInput({ taskCount: 2 }));
    expect(second).toMatchObject({
      generation: '2',
      observedGeneration: '2',
      uid: first.uid,
      createTime: first.createTime,
      updateTime: '2026-11-23T12:00:01.000000Z',
    });
    expect(second.etag).not.toBe(first.etag);
    expect(getJob(world.call, name)).toEqual(second);
  });

  test('gives each version an etag of its own even within a millisecond', () => {
    const world = new ServiceWorld();
    create(world);
    const etags = [1, 2, 3, 4].map((taskCount) => update(world, jobInput({ taskCount: taskCount + 1 })).etag);
    expect(new Set(etags).size).toBe(4);
  });

  test('replaces everything: what is left out is cleared', () => {
    const world = new ServiceWorld();
    create(world, { ...jobInput({ parallelism: 3 }), labels: { a: 'b' } });
    const job = update(world, jobInput());
    expect(job.labels).toBeUndefined();
    expect(job.template.parallelism).toBeUndefined();
  });

  test('takes a current etag and refuses a stale one', () => {
    const world = new ServiceWorld();
    const { etag } = create(world);
    const sent = (of: string | undefined): JobInput => ({ ...jobInput({ taskCount: 5 }), etag: of });
    const { generation } = update(world, sent(etag));
    expect(generation).toBe('2');
    expect(() => update(world, { ...sent(etag), labels: { a: 'b' } })).toThrow(
      error(
        'ABORTED',
        "Conflict for resource 'nightly': version '1795435200000000' was specified but current version is '1795435200000001'.",
      ),
    );
    expect(() => update(world, sent('nonsense'))).toThrow(error('ABORTED', /version 'nonsense' was specified/));
    expect(update(world, { ...jobInput(), labels: { a: 'b' } }).generation).toBe('3');
  });

  test('of a job that is not there is refused, or with allowMissing creates it', () => {
    const world = new ServiceWorld();
    const missing = "Resource 'nightly' of kind 'JOB' in region 'us-central1' in project 'p' does not exist.";
    expect(() => update(world, jobInput())).toThrow(error('NOT_FOUND', missing));
    expect(update(world, jobInput(), { allowMissing: true, validateOnly: true }).generation).toBe('1');
    expect(() => getJob(world.call, name)).toThrow(error('NOT_FOUND', missing));
    expect(update(world, jobInput(), { allowMissing: true }).generation).toBe('1');
    expect(update(world, jobInput({ taskCount: 2 }), { allowMissing: true }).generation).toBe('2');
  });

  test('with validateOnly answers with what would be and stores nothing', () => {
    const world = new ServiceWorld();
    create(world);
    const before = stored(world);
    expect(update(world, jobInput({ taskCount: 7 }), { validateOnly: true })).toMatchObject({
      generation: '2',
      template: { taskCount: 7 },
    });
    expect(stored(world)).toEqual(before);
  });

  test('that is wrong leaves the stored job byte for byte as it was', () => {
    const world = new ServiceWorld();
    const { etag } = create(world, { ...jobInput(), startExecutionToken: 'one' });
    world.advance(5000);
    update(world, { ...jobInput({ taskCount: 3 }), startExecutionToken: 'two' });
    const before = stored(world);
    const wrong: [JobInput, RegExp][] = [
      [jobInput({ taskCount: 10_001 }), /task_count/],
      [jobInput({ parallelism: -1 }), /parallelism/],
      [jobInput({}, { maxRetries: 11 }), /max_retries/],
      [jobInput({}, { containers: [] }), /at least one container/],
      [jobInput({}, { containers: [{ image: 'a b' }] }), /image/],
      [{ ...jobInput(), labels: { Bad: 'x' } }, /label/],
      [{ ...jobInput({ taskCount: 4 }), etag }, /^Conflict/],
      // Its execution is there already.
      [{ ...jobInput({ taskCount: 4 }), startExecutionToken: 'one' }, /'nightly-one' already exists/],
    ];
    for (const [job, message] of wrong) {
      expect(() => update(world, job)).toThrow(message);
      expect(stored(world)).toEqual(before);
    }
    expect(() => create(world, jobInput({ taskCount: 4 }))).toThrow(error('ALREADY_EXISTS', /nightly/));
    expect(stored(world)).toEqual(before);
  });
});

describe('deleteJob', () => {
  test('keeps the job for those who ask for deleted ones, for exactly 30 days', async () => {
    const world = new ServiceWorld();
    const { uid } = create(world);
    world.advance(1500);
    const deleted = await deleteJob(world.call, { name, etag: 'stale ones are not looked at' });
    expect(deleted).toMatchObject({
      uid,
      generation: '2',
      observedGeneration: '2',
      deleteTime: '2026-11-23T12:00:01.500000Z',
      expireTime: '2026-12-23T12:00:01.500000Z',
      terminalCondition: { type: 'Ready', state: 'CONDITION_SUCCEEDED' },
    });
    expect(deleted).not.toHaveProperty('reconciling');
    expect(() => getJob(world.call, name)).toThrow(error('NOT_FOUND', /kind 'JOB'/));
    expect(getJob(world.call, name, { showDeleted: true })).toEqual(deleted);
    expect(listJobs(world.call, { project: 'p' }).items).toEqual([]);
    expect(listJobs(world.call, { project: 'p', showDeleted: true }).items).toHaveLength(1);
    world.advance(30 * day - 1);
    expect(listJobs(world.call, { project: 'p', showDeleted: true }).items).toHaveLength(1);
    world.advance(1);
    expect(listJobs(world.call, { project: 'p', showDeleted: true }).items).toEqual([]);
    expect(() => getJob(world.call, name, { showDeleted: true })).toThrow(error('NOT_FOUND', /nightly/));
    create(world, jobInput(), 'other');
    const db = new Database(path.join(world.home, 'localrun.db'));
    expect(db.prepare('SELECT * FROM tombstone').all()).toEqual([]);
    db.close();
  });

  test('frees the name at once, also that of its executions', async () => {
    const world = new ServiceWorld({ work: true });
    const uids: string[] = [];
    for (let round = 0; round < 3; round++) {
      const job = create(world, { ...jobInput(), runExecutionToken: 'v1' });
      uids.push(job.uid);
      expect(job).toMatchObject({ generation: '1', executionCount: 1 });
      await deleteJob(world.call, { name });
      world.advance(1000);
    }
    create(world);
    const jobs = listJobs(world.call, { project: 'p', showDeleted: true }).items;
    expect(jobs.map(({ uid }) => uid).slice(1)).toEqual(uids.toReversed());
    expect(getJob(world.call, name, { showDeleted: true })).not.toHaveProperty('deleteTime');
    const executions = listExecutions(world.call, { parent: name, showDeleted: true }).items;
    expect(executions.map(({ deleteTime }) => deleteTime?.slice(11, 19))).toEqual(['12:00:02', '12:00:01', '12:00:00']);
  });

  test('ends its executions first, and takes their logs and its policy away', async () => {
    const world = new ServiceWorld({ work: true });
    create(world);
    await setIamPolicy(world.call, {
      resource: name,
      policy: { bindings: [{ role: 'roles/run.invoker', members: ['allUsers'] }] },
    });
    const { name: execution } = runJob(world.call, { name });
    someLog(world.logs, execution);
    const deleted = await deleteJob(world.call, { name });
    expect(deleted.latestCreatedExecution).toMatchObject({ name: execution.split('/').at(-1) });
    const gone = getExecution(world.call, parent, execution.split('/').at(-1) ?? '', { showDeleted: true });
    expect(gone).toMatchObject({ deleteTime: expect.any(String), completionTime: expect.any(String) });
    expect(() => getExecution(world.call, parent, execution.split('/').at(-1) ?? '')).toThrow(
      error('NOT_FOUND', /kind 'EXECUTION'/),
    );
    expect(world.store.tasks(execution)).toEqual([]);
    create(world);
    expect(world.store.policy(name)).toBeUndefined();
  });

  test('without a wait is finished by the next write', async () => {
    const world = new ServiceWorld();
    create(world);
    const { name: execution } = runJob(world.call, { name });
    const doomed = startDeletion(world.call, { name });
    expect(doomed).toMatchObject({
      generation: '2',
      observedGeneration: '1',
      reconciling: true,
      terminalCondition: { type: 'Ready', state: 'CONDITION_PENDING' },
    });
    expect(getJob(world.call, name)).toMatchObject({ deleteTime: doomed.deleteTime });
    const being = error('FAILED_PRECONDITION', "Job 'nightly' is being deleted.");
    expect(() => runJob(world.call, { name })).toThrow(being);
    expect(() => updateJob(world.call, { name, job: jobInput({ taskCount: 2 }) })).toThrow(being);
    expect(() => create(world)).toThrow(error('ALREADY_EXISTS', /nightly/));
    expect(world.store.cancelRequested(execution)).toBe(true);
    await world.run(execution);
    expect(create(world).generation).toBe('1');
  });

  test('with validateOnly deletes nothing', async () => {
    const world = new ServiceWorld();
    create(world);
    const { name: execution } = runJob(world.call, { name });
    const before = stored(world);
    const answer = await deleteJob(world.call, { name, validateOnly: true });
    expect(answer).toMatchObject({ generation: '2', deleteTime: expect.any(String) });
    expect(stored(world)).toEqual(before);
    expect(world.store.cancelRequested(execution)).toBe(false);
  });

  test('of a job that is not there is refused', async () => {
    await expect(deleteJob(new ServiceWorld().call, { name })).rejects.toEqual(error('NOT_FOUND', /'nightly'/));
  });
});

describe('listJobs', () => {
  test('gives pages, newest first, that do not change while jobs come and go', async () => {
    const world = new ServiceWorld();
    for (let i = 0; i < 7; i++) create(world, jobInput(), `job-${i}`);
    const query = { project: 'p', location: 'us-central1' };
    const first = listJobs(world.call, { ...query, pageSize: 3 });
    expect(first.items.map((job) => job.name.slice(-5))).toEqual(['job-6', 'job-5', 'job-4']);
    await deleteJob(world.call, { name: `${name.slice(0, -7)}job-4` });
    create(world, jobInput(), 'job-7');
    const second = listJobs(world.call, { ...query, pageSize: 3, pageToken: first.nextPageToken });
    expect(second.items.map((job) => job.name.slice(-5))).toEqual(['job-3', 'job-2', 'job-1']);
    const third = listJobs(world.call, { ...query, pageSize: 3, pageToken: second.nextPageToken });
    expect(third).toEqual({ items: [expect.objectContaining({ name: `${name.slice(0, -7)}job-0` })] });
    expect(everyPage((page) => listJobs(world.call, { ...query, ...page }))).toHaveLength(7);
  });

  test('has 100 on a page by default, and refuses what is no token of its own', () => {
    const world = new ServiceWorld();
    world.store.transaction(() => {
      for (let i = 0; i < 101; i++) create(world, jobInput(), `job-${i}`);
    });
    const { items, nextPageToken } = listJobs(world.call, { project: 'p' });
    expect(items).toHaveLength(100);
    const wrong = error('INVALID_ARGUMENT', /^page_token/);
    expect(() => listJobs(world.call, { project: 'q', pageToken: nextPageToken })).toThrow(wrong);
    expect(() => listJobs(world.call, { project: 'p', showDeleted: true, pageToken: nextPageToken })).toThrow(wrong);
    expect(() => listJobs(world.call, { project: 'p', pageToken: 'x' })).toThrow(wrong);
    expect(() => listJobs(world.call, { project: 'p', pageSize: -1 })).toThrow(error('INVALID_ARGUMENT', /negative/));
    expect(everyPage((page) => listJobs(world.call, { project: 'p', ...page }))).toHaveLength(101);
  });
});
