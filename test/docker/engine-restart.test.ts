import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { sleep } from '../../src/runtime/sleep.js';
import { until } from '../support/cli.js';
import { test } from '../support/engines.js';

const away = 'Waiting until it is available; nothing is lost.';
const back = 'The container engine answers again.';

const taskCount = 3;
/** As long as `go` is not there, an attempt waits. A line on each stream, before and after. */
const script = `trap 'exit 143' TERM
  echo began $CLOUD_RUN_TASK_ATTEMPT; echo began >&2
  until [ -e /shared/go ]; do sleep 0.1; done
  echo ended $CLOUD_RUN_TASK_ATTEMPT; echo ended >&2`;

const lines = (stderr: string, text: string): string[] =>
  stderr.split('\n').filter((line) => line.startsWith('task ') && line.endsWith(`│ ${text}`));

test.concurrent.for([
  // The next dockerd ends what it finds running.
  ['', [], true],
  [', with containers that outlive it,', ['--live-restore'], false],
] as const)(
  'a dockerd that is stopped and started, and killed and started again%s loses nothing',
  async ([, flags, ends], { home, engine }) => {
    const work = home.scratch('work');
    home.config(`buckets: { work: ${work} }`);
    const file = home.template('restarted', {
      ...{ taskCount, parallelism: 2, maxRetries: 2 },
      containers: [{ command: ['sh', '-c', script], volumeMounts: [{ name: 'work', mountPath: '/shared' }] }],
      volumes: [{ name: 'work', gcs: { bucket: 'work' } }],
    });
    const dockerd = await engine(...flags);
    const command = home.inline(['jobs', 'run', '-f', file], { env: { DOCKER_HOST: dockerd.host } });
    for (const [round, signal] of (['SIGTERM', 'SIGKILL'] as const).entries()) {
      // Two attempts run, for whichever tasks.
      const began = ends ? 2 + 2 * round : 2;
      await command.says('│ began ', began);
      await command.says('│ began\n', began);
      await dockerd.end(signal);
      await command.says(away, round + 1);
      await dockerd.start();
      await command.says(back, round + 1);
    }
    writeFileSync(path.join(work, 'go'), '');
    const { exitCode, stderr } = await command.ended;
    expect(exitCode, stderr).toBe(0);
    expect(stderr.split(away)).toHaveLength(3);
    expect(stderr.split(back)).toHaveLength(3);
    const ended = /(?:was terminated on signal (?:15|9)|failed with exit code 255) \(attempt [12] of 3\); retrying/;
    expect(stderr.split(ended), stderr).toHaveLength(ends ? 5 : 1);

    const id = await command.execution();
    const execution = await home.execution(id);
    expect(execution).toMatchObject({ succeededCount: taskCount });
    const retries = (await home.tasks(id)).map(({ retried = 0 }) => retried);
    expect(retries.reduce((sum, retried) => sum + retried)).toBe(ends ? 4 : 0);
    expect(execution.retriedCount).toBe(retries.filter((retried) => retried > 0).length || undefined);
    for (const [task, last] of retries.entries()) {
      for (let attempt = 0; attempt < last; attempt++) {
        expect(home.log(id, task, attempt)).toEqual([`began ${attempt}`]);
        expect(home.log(id, task, attempt, 'stderr')).toEqual(['began']);
      }
      expect(home.log(id, task, last)).toEqual([`began ${last}`, `ended ${last}`]);
      expect(home.log(id, task, last, 'stderr')).toEqual(['began', 'ended']);
    }
    // The live view has shown every line once, too, and nothing else of tasks.
    const attempts = retries.reduce((sum, retried) => sum + retried, taskCount);
    expect(lines(stderr, 'began')).toHaveLength(attempts);
    expect(lines(stderr, 'ended')).toHaveLength(taskCount);
    expect(stderr.split(' │ ')).toHaveLength(1 + 2 * (attempts + taskCount));
    await until(() => home.processes().length === 0);
    expect(dockerd.leftovers()).toEqual([]);
  },
);

test.concurrent(
  'what ends while its engine is away has its result, and that its log may lack something is said',
  async ({ home, engine }) => {
    const work = home.scratch('work');
    home.config(`buckets: { work: ${work} }`);
    const file = home.template('unheard', {
      maxRetries: 0,
      containers: [
        {
          command: ['sh', '-c', `${script}; touch /shared/over`],
          volumeMounts: [{ name: 'work', mountPath: '/shared' }],
        },
      ],
      volumes: [{ name: 'work', gcs: { bucket: 'work' } }],
    });
    const dockerd = await engine('--live-restore');
    const command = home.inline(['jobs', 'run', '-f', file], { env: { DOCKER_HOST: dockerd.host } });
    await command.says('│ began 0');
    await command.says('│ began\n');
    await dockerd.end('SIGKILL');
    await command.says(away);
    writeFileSync(path.join(work, 'go'), '');
    await until(() => existsSync(path.join(work, 'over')));
    await sleep(500);
    await dockerd.start();
    const { exitCode, stderr } = await command.ended;
    expect(exitCode, stderr).toBe(0);
    const why = 'may be missing: the container engine was away when the container ended, or could not return its log.';
    expect(stderr.split('\n')).toContain(`The end of the log of task 0 attempt 0 ${why}`);
    const id = await command.execution();
    const read = await home.run(['jobs', 'executions', 'logs', 'read', id]);
    const [last, but] = read.stdout.trimEnd().split('\n').toReversed();
    expect(last).toMatch(/ Container called exit\(0\)\.$/);
    expect(but?.endsWith(` The end of this log ${why}`), read.stdout).toBe(true);
  },
);
