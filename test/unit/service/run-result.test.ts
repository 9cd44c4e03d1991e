import { mkdirSync, writeFileSync } from 'node:fs';
import { beforeEach, expect, test } from 'vitest';
import { defaultSettings } from '../../../src/model/local/settings.js';
import type { Execution, TaskAttemptResult } from '../../../src/model/schema/job.js';
import { timestamp } from '../../../src/model/time.js';
import { failureTail, runResult } from '../../../src/service/run-result.js';
import { someExecution, someJob, someTask, someTime } from '../../support/jobs.js';
import { ServiceWorld } from '../../support/service.js';

const at = (ms: number): string => timestamp(Date.parse(someTime) + ms);
const exited = (exitCode: number): TaskAttemptResult => ({
  status: { code: 10, message: 'The container exited with an error.' },
  exitCode,
});

let world: ServiceWorld;
let execution: Execution;
beforeEach(() => {
  world = new ServiceWorld();
  const containers = [
    { image: 'localrun/busybox:latest', name: 'main' },
    { image: 'localrun/busybox:latest', name: 'proxy' },
  ];
  const job = someJob({ taskCount: 1000 }, { containers, timeout: '4s' });
  world.store.saveJob(job);
  execution = someExecution(job);
  world.store.createExecution(execution, defaultSettings);
  mkdirSync(world.logs.directory(execution.name), { recursive: true });
});

/** A task that has failed after so many retries, each of which took a second. */
function fail(index: number, lastAttemptResult: TaskAttemptResult, retried = 0): void {
  const { store } = world;
  for (let attempt = 0; attempt <= retried; attempt++) {
    const startTime = at(attempt * 1000);
    const named = { name: `task${index}`, handle: '', createTime: startTime };
    store.saveAttempt(execution.name, { task: index, attempt, ...named, startTime });
  }
  const completionTime = at(retried * 1000 + 500);
  const started = { startTime: at(retried * 1000), completionTime };
  store.saveTask(execution.name, someTask(index, { state: 'Failed', retried, ...started, lastAttemptResult }));
}

const say = (
  task: number,
  lines: readonly string[],
  { attempt = 0, container = undefined as string | undefined } = {},
): void =>
  writeFileSync(
    world.logs.file(execution.name, { task, attempt, container }, 'stderr'),
    lines.map((line) => `${someTime} ${line}\n`).join(''),
  );

const reasons = (): [reason: string, tasks: number[]][] =>
  runResult(world.call, execution).failures.map(({ reason, tasks }) => [
    reason,
    tasks.map(({ record }) => record.index),
  ]);

test('the time of a task is that of all its attempts', () => {
  fail(0, exited(1), 2);
  world.store.saveTask(execution.name, someTask(1, { state: 'Abandoned', completionTime: at(9) }));
  expect(runResult(world.call, execution).tasks.map(({ ms }) => ms)).toEqual([2500, undefined]);
});

test('tasks with the same reason are together, the reason of most of them first', () => {
  fail(0, exited(1));
  say(0, ['ERROR no space left on device']);
  for (const index of [3, 10, 17]) {
    fail(index, exited(2), 1);
    say(index, ['ERROR of the attempt before']);
    say(index, [`ERROR checksum mismatch in gs://acme/part-${index}.parquet`], { attempt: 1 });
  }
  fail(20, exited(1));
  say(20, ['ERROR checksum mismatch in gs://acme/part-20.parquet']);
  expect(reasons()).toEqual([
    ['exit code 2: ERROR checksum mismatch in gs://acme/part-3.parquet', [3, 10, 17]],
    ['exit code 1: ERROR no space left on device', [0]],
    ['exit code 1: ERROR checksum mismatch in gs://acme/part-20.parquet', [20]],
  ]);
});

test('only a program that has ended by itself has said why with its last words', () => {
  const results: Record<string, TaskAttemptResult> = {
    'exit code 1: giving up': exited(1),
    'timed out after 4 s': { status: { code: 4, message: 'The configured timeout was reached.' } },
    'ran out of memory': { status: { code: 8, message: 'The configured memory limit was reached.' } },
    'failed to start: no such file': { status: { code: 10, message: 'Application failed to start: no such file' } },
  };
  for (const [index, result] of Object.values(results).entries()) {
    fail(index, result);
    say(index, ['giving up']);
  }
  expect(reasons().map(([reason]) => reason)).toEqual(Object.keys(results));
  say(1, ['ERROR the database does not answer', 'waiting']);
  expect(reasons()[1]).toEqual(['timed out after 4 s: ERROR the database does not answer', [1]]);
});

test('a sidecar that has failed says why, and its lines are the last of the task', () => {
  const message = 'Container "proxy" exited with code 3 before the task had ended.';
  fail(0, { status: { code: 10, message }, exitCode: 3 });
  say(0, ['1', '2', '3', '4', 'ERROR in main']);
  say(0, ['{"severity":"ERROR","message":"bind failed\\nport 80"}'], { container: 'proxy' });
  expect(reasons()).toEqual([[`${message.slice(0, -1)}: bind failed`, [0]]]);
  const [task = someTask(0)] = world.store.tasks(execution.name);
  const tail = failureTail(world.call, execution, task, 10);
  expect(tail.map(({ container, text, severity }) => [container, text, severity])).toEqual([
    [undefined, '3', undefined],
    [undefined, '4', undefined],
    [undefined, 'ERROR in main', undefined],
    ['proxy', 'bind failed', 'ERROR'],
    ['proxy', 'port 80', 'ERROR'],
  ]);
});

test('of hundreds of failures a part of the logs is read, and the others are with those that ended alike', () => {
  const { store } = world;
  store.transaction(() => {
    for (let index = 0; index < 400; index++) fail(index, exited(index % 4 === 3 ? 4 : 2));
  });
  for (let index = 0; index < 400; index++) {
    if (index % 4 === 3) say(index, [`ERROR ${['a', 'b'][(index >> 2) % 2]}`]);
    else say(index, [index < 300 ? 'ERROR mismatch' : 'ERROR never read']);
  }
  expect(reasons().map(([reason, { length }]) => [reason, length])).toEqual([
    ['exit code 2: ERROR mismatch', 300],
    ['exit code 4: ERROR a', 38],
    ['exit code 4: ERROR b', 37],
    ['exit code 4', 25],
  ]);
});
