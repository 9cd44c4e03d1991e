import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { completionStatus } from '../../src/model/execution.js';
import { signal } from '../support/cli.js';
import { type Home, test } from '../support/home.js';

/**
 * `LOCALRUN_KILLS` says how many executions are killed, `LOCALRUN_SEED` at which moments: a failure names its own, so
 * that it can be seen again, as far as chance goes.
 */
const kills = Number(process.env['LOCALRUN_KILLS'] ?? 2);
const firstSeed = Number(process.env['LOCALRUN_SEED'] ?? Date.now() % 1_000_000);

/** Numbers from 0 to 1 that follow from a seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const taskCount = 5;
const failsOnce = (task: number): boolean => task % 3 === 1;
/** Each attempt notes that it has begun, outside. Lines on both streams, some of them long. */
const script = `echo "task$CLOUD_RUN_TASK_INDEX-attempt$CLOUD_RUN_TASK_ATTEMPT" >> /shared/attempts
  for i in 1 2 3 4; do echo line $i; echo error $i >&2; sleep 0.1; done
  [ $CLOUD_RUN_TASK_ATTEMPT != 0 ] || [ $((CLOUD_RUN_TASK_INDEX % 3)) != 1 ]`;
const attempts = Array.from({ length: taskCount }, (_, task) =>
  (failsOnce(task) ? [0, 1] : [0]).map((attempt) => ({ task, attempt })),
).flat();

/** The longest time from a command's start until it is killed, in ms: about what the whole execution takes. */
const longest = 3500;

const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const ways = ['alone', 'with their groups', 'with the clients of the engine'] as const;

/** Ends all commands and workers of a home. */
function strike(home: Home, way: (typeof ways)[number] | undefined): void {
  for (const { pid, args } of home.processes()) {
    const client = !args.some((arg) => arg.endsWith('localrun.js'));
    if (client && way !== 'with the clients of the engine') continue;
    signal(way === 'with their groups' ? -pid : pid, 'SIGKILL');
  }
}

/** What is on record, in the engine's events, in the logs, and outside, tells of one run of every attempt. */
async function ranOnce(home: Home, id: string, notes: string): Promise<void> {
  const execution = await home.completed(id);
  expect(completionStatus(execution)).toBe('EXECUTION_SUCCEEDED');
  expect(execution).toMatchObject({ succeededCount: taskCount, retriedCount: attempts.length - taskCount });
  for (const none of ['runningCount', 'failedCount', 'cancelledCount', 'reconciling']) {
    expect(execution).not.toHaveProperty(none);
  }
  expect(
    (await home.tasks(id)).map(({ retried = 0, lastAttemptResult }) => ({ retried, ...lastAttemptResult })),
  ).toEqual(Array.from({ length: taskCount }, (_, task) => ({ retried: failsOnce(task) ? 1 : 0, status: {} })));
  const names = attempts.map(({ task, attempt }) => `task${task}-attempt${attempt}`);
  expect(await home.events().starts(id)).toEqual(names);
  expect(readFileSync(notes, 'utf8').trim().split('\n').toSorted()).toEqual(names);
  for (const { task, attempt } of attempts) {
    expect(home.log(id, task, attempt)).toEqual([1, 2, 3, 4].map((line) => `line ${line}`));
    expect(home.log(id, task, attempt, 'stderr')).toEqual([1, 2, 3, 4].map((line) => `error ${line}`));
  }
}

const seeds = Array.from({ length: kills }, (_, i) => firstSeed + i);

test.concurrent.for(seeds)(
  'seed %i: kill -9 at some moment, and again, loses and doubles nothing',
  async (seed, { home }) => {
    const next = random(seed);
    const work = home.scratch('work');
    home.config(`buckets: { work: ${work} }`);
    const file = home.template('struck', {
      ...{ taskCount, parallelism: 3, maxRetries: 2 },
      containers: [{ command: ['sh', '-c', script], volumeMounts: [{ name: 'work', mountPath: '/shared' }] }],
      volumes: [{ name: 'work', gcs: { bucket: 'work' } }],
    });
    home.events();
    expect((await home.run(['jobs', 'create', '-f', file])).exitCode).toBe(0);
    const verb = next() < 0.5 ? ['run', 'struck'] : ['execute', 'struck'];
    const command = home.start(['jobs', ...verb]);
    const id = await command.execution();
    await after(next() * longest);
    strike(home, ways[Math.floor(next() * 3)]);
    for (let again = next() < 0.5; again; again = next() < 0.3) {
      // The next command takes the execution up, until it is struck as well.
      home.start(['jobs', 'executions', 'list']);
      await after(next() * longest);
      strike(home, ways[Math.floor(next() * 3)]);
    }
    const racing = Array.from({ length: 1 + Math.floor(next() * 4) }, () => home.start(['jobs', 'executions', 'list']));
    for (const { exitCode, stderr } of await Promise.all(racing.map(({ ended }) => ended)))
      expect(exitCode, stderr).toBe(0);
    await ranOnce(home, id, path.join(work, 'attempts'));
  },
);
