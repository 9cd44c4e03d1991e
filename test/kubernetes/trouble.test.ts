import { expect } from 'vitest';
import { completionStatus } from '../../src/model/execution.js';
import type { RunningCommand } from '../support/cli.js';
import { nothingLeft, onLab } from '../support/cluster-home.js';
import { type Home, test } from '../support/home.js';
import { lab } from '../support/lab.js';

// What a cluster may refuse, in the words of the cluster.

const run = (home: Home, file: string): RunningCommand => home.inline(['jobs', 'run', '-f', file]);

test.concurrent('an image that does not exist fails the task with its name', async ({ home }) => {
  onLab(home);
  const file = home.script('no-image', 'true', { image: 'localrun/nonesuch:1', maxRetries: 0 });
  const { exitCode, stderr } = await run(home, file).ended;
  expect(exitCode).toBe(1);
  expect(stderr).toContain('localrun/nonesuch:1');
  await nothingLeft(home);
});

test.concurrent('an attempt that no node has room for waits, says why, and can be cancelled', async ({ home }) => {
  onLab(home);
  const file = home.script('huge', 'true', { resources: { limits: { cpu: '8', memory: '32Gi' } } });
  const command = run(home, file);
  const id = await command.execution();
  await command.says('Insufficient memory');
  const sentence = '0/2 nodes are available: 2 Insufficient memory.';
  const tasks = ['jobs', 'executions', 'tasks'];
  expect((await home.run([...tasks, 'list', '--execution', id])).stdout).toContain(sentence);
  expect((await home.run([...tasks, 'describe', `${id}-task0`])).stdout).toContain(sentence);
  expect((await home.run(['jobs', 'executions', 'describe', id])).stdout).toContain(sentence);
  await home.run(['jobs', 'executions', 'cancel', id, '--quiet']);
  await command.ended;
  expect(completionStatus(await home.execution(id))).toBe('EXECUTION_CANCELLED');
  await nothingLeft(home);
});

test.concurrent('attempts wait for the quota of their namespace', async ({ home }) => {
  const quota = { metadata: { name: 'two' }, spec: { hard: { pods: '2' } } };
  await lab.api('POST', '/api/v1/namespaces/other/resourcequotas', quota);
  try {
    onLab(home, { namespace: 'other' });
    const command = run(home, home.script('quota', 'sleep 1', { taskCount: 4 }));
    const { exitCode, stderr } = await command.ended;
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toContain('exceeded quota');
    await nothingLeft(home, 'other');
  } finally {
    await lab.api('DELETE', '/api/v1/namespaces/other/resourcequotas/two');
  }
});
