import { describe, expect, test } from 'vitest';
import { withDefaults } from '../../../src/model/defaults.js';
import { fieldsWithEffect } from '../../../src/model/field-effects.js';
import { createdJob, updatedJob } from '../../../src/model/job.js';
import { overridden } from '../../../src/model/overrides.js';
import { formatPath } from '../../../src/model/field-path.js';
import { jobInput, someJob, someJobName } from '../../support/jobs.js';

const later = { account: 'ops@example.com', now: '2026-11-24T08:00:00.000000Z' };

describe('defaults', () => {
  test('are those that the API fills in', () => {
    expect(withDefaults(jobInput(), '42')).toEqual({
      launchStage: 'GA',
      template: {
        taskCount: 1,
        template: {
          containers: [{ image: 'localrun/busybox:latest', resources: { limits: { cpu: '1000m', memory: '512Mi' } } }],
          maxRetries: 3,
          timeout: '600s',
          serviceAccount: '42-compute@developer.gserviceaccount.com',
          executionEnvironment: 'EXECUTION_ENVIRONMENT_GEN2',
        },
      },
    });
  });

  test('are where a Cloud SQL volume is mounted', () => {
    const containers = [{ image: 'i', volumeMounts: [{ name: 'cloudsql', mountPath: '' }] }];
    expect(withDefaults(jobInput({}, { containers }), '42').template.template.containers[0]?.volumeMounts).toEqual([
      { name: 'cloudsql', mountPath: '/cloudsql' },
    ]);
  });

  test('leave what is set: no retries are not the default number', () => {
    const { template } = withDefaults(
      jobInput(
        { taskCount: 5, parallelism: 2 },
        { maxRetries: 0, timeout: '30s', containers: [{ image: 'i', resources: { limits: { cpu: '2' } } }] },
      ),
      '42',
    );
    expect(template).toMatchObject({
      taskCount: 5,
      parallelism: 2,
      template: {
        maxRetries: 0,
        timeout: '30s',
        containers: [{ resources: { limits: { cpu: '2', memory: '512Mi' } } }],
      },
    });
  });
});

describe('a job', () => {
  test('is ready at once, at its first generation', () => {
    const job = createdJob(jobInput({ taskCount: 2 }), someJobName, 'uid-1', later);
    expect(job).toMatchObject({
      name: someJobName,
      uid: 'uid-1',
      generation: '1',
      observedGeneration: '1',
      creator: 'ops@example.com',
      lastModifier: 'ops@example.com',
      createTime: later.now,
      terminalCondition: { type: 'Ready', state: 'CONDITION_SUCCEEDED', lastTransitionTime: later.now },
    });
    expect(job).not.toHaveProperty('reconciling');
    expect(job).not.toHaveProperty('conditions');
  });

  test('gets a generation by a change, and keeps who made it', () => {
    const job = someJob();
    const changed = updatedJob(job, { ...job, template: { ...job.template, taskCount: 7 } }, later);
    expect(changed).toMatchObject({
      generation: '2',
      uid: job.uid,
      createTime: job.createTime,
      creator: 'dev@example.com',
      lastModifier: 'ops@example.com',
      updateTime: later.now,
      template: { taskCount: 7 },
    });
    expect(changed.etag).not.toBe(job.etag);
  });

  test('is the same after an update that changes nothing', () => {
    const job = someJob();
    expect(updatedJob(job, structuredClone(job), later)).toBe(job);
    expect(updatedJob(job, { ...job, uid: 'forged', creator: 'forged' }, later)).toBe(job);
  });

  test('loses by an update what the update leaves out', () => {
    const job = updatedJob(someJob(), { ...someJob(), labels: { team: 'a' } }, later);
    const { labels: _, ...without } = job;
    expect(updatedJob(job, without, later)).not.toHaveProperty('labels');
  });
});

describe('overrides', () => {
  const template = someJob(
    { taskCount: 3 },
    {
      containers: [
        {
          image: 'i',
          args: ['a'],
          env: [
            { name: 'A', value: '1' },
            { name: 'B', value: '2' },
          ],
        },
      ],
    },
  ).template;

  test('replace arguments, merge variables, keep what they do not name', () => {
    const { taskCount, task } = overridden(template, {
      taskCount: 9,
      timeout: '5s',
      containerOverrides: [
        {
          args: ['x', 'y'],
          env: [
            { name: 'B', value: '3' },
            { name: 'C', value: '4' },
          ],
        },
      ],
    });
    expect(taskCount).toBe(9);
    expect(task).toMatchObject({
      timeout: '5s',
      maxRetries: 3,
      containers: [
        {
          args: ['x', 'y'],
          env: [
            { name: 'A', value: '1' },
            { name: 'B', value: '3' },
            { name: 'C', value: '4' },
          ],
        },
      ],
    });
  });

  test('keep arguments that they leave empty, and drop them when told to', () => {
    expect(overridden(template, { containerOverrides: [{ args: [] }] }).task.containers[0]?.args).toEqual(['a']);
    expect(overridden(template, { containerOverrides: [{ clearArgs: true }] }).task.containers[0]).not.toHaveProperty(
      'args',
    );
    expect(overridden(template, {}).taskCount).toBe(3);
  });

  test('have to name a container where there are several', () => {
    const two = someJob(
      {},
      {
        containers: [
          { image: 'i', name: 'main' },
          { image: 'j', name: 'side' },
        ],
      },
    ).template;
    expect(() => overridden(two, { containerOverrides: [{ name: 'nope', args: ['x'] }] })).toThrow(
      'no container [nope]',
    );
    expect(overridden(two, { containerOverrides: [{ name: 'side', args: ['x'] }] }).task.containers).toMatchObject([
      { name: 'main' },
      { name: 'side', args: ['x'] },
    ]);
  });
});

test('fields without a local effect are found, outermost only', () => {
  const job = jobInput(
    { delayExecution: true, labels: { a: 'b' } },
    { vpcAccess: { connector: 'c' }, encryptionKey: 'k' },
  );
  expect(
    fieldsWithEffect(job, ['ignoredLocally'])
      .map((path) => formatPath(path))
      .toSorted(),
  ).toEqual(['template.delayExecution', 'template.template.encryptionKey', 'template.template.vpcAccess']);
});
