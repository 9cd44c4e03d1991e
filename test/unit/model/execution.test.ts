import { describe, expect, test } from 'vitest';
import {
  cancelling,
  completed,
  completionStatus,
  conditionOf,
  counted,
  imported,
  importFailed,
  referenceTo,
  started,
} from '../../../src/model/execution.js';
import { attempted, cancelledTask, running, scheduled, taskResource } from '../../../src/model/task.js';
import { someExecution, someJob, someTask, someTime } from '../../support/jobs.js';

const at = (second: number): string => `2026-11-23T12:00:${String(second).padStart(2, '0')}.000000Z`;
const created = someExecution(someJob({ taskCount: 4, parallelism: 2 }, { maxRetries: 1 }));
const ready = imported(created, created.template, true, at(2));
const running1 = started(ready, at(5), at(6));

describe('an execution', () => {
  test('is created pending, a frozen copy of its job, with the effective parallelism', () => {
    expect(created).toMatchObject({
      name: 'projects/p/locations/us-central1/jobs/nightly/executions/nightly-x7k2p',
      job: 'nightly',
      taskCount: 4,
      parallelism: 2,
      reconciling: true,
      generation: '1',
      conditions: [{ type: 'Completed', state: 'CONDITION_PENDING', lastTransitionTime: someTime }],
    });
    expect(completionStatus(created)).toBe('EXECUTION_PENDING');
    expect(someExecution(someJob({ taskCount: 4 })).parallelism).toBe(4);
    expect(someExecution(someJob({ taskCount: 4, parallelism: 9 })).parallelism).toBe(4);
  });

  test('says how long its image took and that it waits to start', () => {
    expect(ready.startTime).toBe(at(2));
    expect(conditionOf(ready, 'ContainerReady')).toEqual({
      type: 'ContainerReady',
      state: 'CONDITION_SUCCEEDED',
      message: 'Imported container image in 2s.',
      lastTransitionTime: at(2),
    });
    expect(conditionOf(ready, 'Started')?.message).toBe('Waiting for execution to start.');
    expect(completionStatus(ready)).toBe('EXECUTION_PENDING');
    expect(conditionOf(imported(created, created.template, false, at(2)), 'ContainerReady')?.message).toBe(
      'Imported container image.',
    );
  });

  test('says when its first container started, and only of the first', () => {
    expect(conditionOf(running1, 'Started')).toMatchObject({
      message: 'Started deployed execution in 3s.',
      lastTransitionTime: at(5),
    });
    expect(conditionOf(running1, 'Completed')?.message).toBe('Waiting for execution to complete.');
    expect(started(running1, at(8), at(9))).toBe(running1);
    expect(completionStatus(running1)).toBe('EXECUTION_RUNNING');
  });

  test('succeeds with the time from its start to the end of its last task', () => {
    const done = completed(running1, { cancelled: false, time: at(40) }, at(41));
    expect(done.completionTime).toBe(at(40));
    expect(done).not.toHaveProperty('reconciling');
    expect(conditionOf(done, 'Completed')).toEqual({
      type: 'Completed',
      state: 'CONDITION_SUCCEEDED',
      message: 'Execution completed successfully in 38s.',
      lastTransitionTime: at(40),
    });
    expect(referenceTo(done)).toEqual({
      name: 'nightly-x7k2p',
      createTime: someTime,
      completionTime: at(40),
      completionStatus: 'EXECUTION_SUCCEEDED',
    });
  });

  test.each([
    [
      { status: { code: 10, message: 'The container exited with an error.' }, exitCode: 3 },
      'failed with exit code: 3 and message: The container exited with an error.',
      'NON_ZERO_EXIT_CODE',
    ],
    [
      { status: { code: 4, message: 'The configured timeout was reached.' } },
      'failed with exit code: 0 and message: The configured timeout was reached.',
      undefined,
    ],
    [
      { status: { code: 10, message: 'The container was terminated on signal 9.' }, termSignal: 9 },
      'failed with exit code: 0 and message: The container was terminated on signal 9.',
      'NON_ZERO_EXIT_CODE',
    ],
  ])('fails with the first failed task: %j', (lastAttemptResult, text, reason) => {
    const failed = someTask(1, { state: 'Failed', lastAttemptResult });
    const done = completed(running1, { cancelled: false, failed, time: at(40) }, at(40));
    expect(conditionOf(done, 'Completed')).toMatchObject({
      state: 'CONDITION_FAILED',
      message: `Task nightly-x7k2p-task1 ${text}`,
    });
    expect(conditionOf(done, 'Completed')?.executionReason).toBe(reason);
    expect(completionStatus(done)).toBe('EXECUTION_FAILED');
  });

  test('is cancelled in two steps, with a new generation, and never reads as success', () => {
    const asked = cancelling(running1, at(10));
    expect(asked).toMatchObject({ generation: '2', observedGeneration: '2' });
    expect(conditionOf(asked, 'Completed')).toMatchObject({
      state: 'CONDITION_RECONCILING',
      message: 'Waiting for execution to be cancelled.',
      executionReason: 'CANCELLING',
    });
    expect(cancelling(asked, at(11))).toBe(asked);
    const done = completed(asked, { cancelled: true, time: at(12) }, at(12));
    expect(conditionOf(done, 'Completed')).toMatchObject({
      state: 'CONDITION_FAILED',
      message: 'Cancelled by user.',
      executionReason: 'CANCELLED',
    });
    expect(completionStatus(done)).toBe('EXECUTION_CANCELLED');
    expect(conditionOf(started(asked, at(11), at(11)), 'Completed')?.executionReason).toBe('CANCELLING');
  });

  test('fails when its image is missing', () => {
    const done = importFailed(created, { reason: 'CONTAINER_MISSING', message: "Image 'x' not found." }, at(1));
    expect(conditionOf(done, 'ContainerReady')).toMatchObject({
      state: 'CONDITION_FAILED',
      reason: 'CONTAINER_MISSING',
    });
    expect(conditionOf(done, 'Completed')?.message).toBe("Image 'x' not found.");
    expect(done.startTime).toBeUndefined();
    expect(completionStatus(done)).toBe('EXECUTION_FAILED');
  });
});

describe('the counters', () => {
  const failure = { code: 10, message: 'The container exited with an error.', exitCode: 1 };
  const step = { maxRetries: 1, cancelled: false, end: at(8), now: at(9) };

  test('follow a task through a retry to its end, and are absent at zero', () => {
    const pending = someTask(0);
    const waiting = scheduled(pending, at(3));
    const first = running(waiting, at(4), at(4));
    const retry = attempted(first, failure, step);
    const second = running(scheduled(retry, at(9)), at(10), at(10));
    const failed = attempted(second, failure, step);
    let execution = counted(created, pending, waiting, at(3));
    expect(execution).not.toHaveProperty('runningCount');
    execution = counted(execution, waiting, first, at(4));
    expect(execution.runningCount).toBe(1);
    execution = counted(execution, first, retry, at(9));
    expect(execution).not.toHaveProperty('runningCount');
    expect(execution).toMatchObject({ retriedCount: 1 });
    expect(retry).toMatchObject({ state: 'Pending', retried: 1, lastAttemptResult: { exitCode: 1 } });
    execution = counted(execution, retry, second, at(10));
    execution = counted(execution, second, failed, at(11));
    expect(execution).toMatchObject({ failedCount: 1, retriedCount: 1 });
    expect(failed).toMatchObject({ state: 'Failed', retried: 1, completionTime: at(8) });
  });

  test('a cancelled execution retries nothing', () => {
    const task = attempted(someTask(0, { state: 'Running' }), failure, { ...step, cancelled: true });
    expect(task).toMatchObject({
      state: 'Cancelled',
      lastAttemptResult: { status: { code: 1, message: 'Cancelled by user.' } },
    });
    expect(task.lastAttemptResult).not.toHaveProperty('exitCode');
  });

  test('success keeps its empty status', () => {
    const task = attempted(someTask(0, { state: 'Running' }), { code: 0, message: '' }, step);
    expect(task).toMatchObject({ state: 'Succeeded', lastAttemptResult: { status: {} } });
  });
});

describe('a task resource', () => {
  test('has the template flattened and zeros left out', () => {
    const resource = JSON.parse(JSON.stringify(taskResource(running1, someTask(0)))) as object;
    expect(resource).toMatchObject({
      name: `${created.name}/tasks/nightly-x7k2p-task0`,
      job: 'nightly',
      execution: 'nightly-x7k2p',
      containers: [{ image: 'localrun/busybox:latest' }],
      maxRetries: 1,
      timeout: '600s',
      reconciling: true,
      conditions: [{ type: 'Completed', state: 'CONDITION_PENDING' }],
    });
    for (const field of ['index', 'retried', 'template', 'startTime']) expect(resource).not.toHaveProperty(field);
  });

  test('tells in its conditions how it ended', () => {
    const failed = someTask(3, {
      state: 'Failed',
      retried: 1,
      startTime: at(4),
      completionTime: at(8),
      lastAttemptResult: { status: { code: 10, message: 'The container exited with an error.' }, exitCode: 1 },
    });
    expect(taskResource(running1, failed)).toMatchObject({
      index: 3,
      retried: 1,
      conditions: [
        {
          type: 'Completed',
          state: 'CONDITION_FAILED',
          message: 'The container exited with an error.',
          executionReason: 'NON_ZERO_EXIT_CODE',
          lastTransitionTime: at(8),
        },
        { type: 'Started', state: 'CONDITION_SUCCEEDED', lastTransitionTime: at(4) },
      ],
    });
    expect(taskResource(running1, cancelledTask(someTask(1), at(9))).conditions?.[0]).toMatchObject({
      message: 'Cancelled by user.',
      executionReason: 'CANCELLED',
    });
  });
});
