import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { completionStatus } from '../../src/model/execution.js';
import type { RunningCommand } from '../support/cli.js';
import { type Home, test } from '../support/home.js';
import { lab } from '../support/lab.js';

interface Labelled {
  metadata: { name: string };
}

/** Has the commands of a home use the lab. */
function onLab(home: Home, namespace = 'jobs'): void {
  home.config(`runtime: { kind: kubernetes, namespace: ${namespace}, imagesOnNodes: true }`);
}

const homeIdOf = (home: Home): string => readFileSync(path.join(home.directory, 'id'), 'utf8').trim();

async function objects(home: Home, kind: string, namespace = 'jobs'): Promise<Labelled[]> {
  if (!existsSync(path.join(home.directory, 'id'))) return [];
  const selector = `labelSelector=dev.localrun.home%3D${homeIdOf(home)}`;
  return (await lab.api('GET', `/api/v1/namespaces/${namespace}/${kind}?${selector}`)).items;
}

async function nothingLeft(home: Home, namespace = 'jobs'): Promise<void> {
  const left = ['pods', 'secrets', 'configmaps'].map((kind) => objects(home, kind, namespace));
  expect((await Promise.all(left)).flat().map(({ metadata }) => metadata.name)).toEqual([]);
}

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
  await home.run(['jobs', 'executions', 'cancel', id, '--quiet']);
  await command.ended;
  expect(completionStatus(await home.execution(id))).toBe('EXECUTION_CANCELLED');
  await nothingLeft(home);
});

test.concurrent('attempts wait for the quota of their namespace', async ({ home }) => {
  const quota = { metadata: { name: 'two' }, spec: { hard: { pods: '2' } } };
  await lab.api('POST', '/api/v1/namespaces/other/resourcequotas', quota);
  try {
    onLab(home, 'other');
    const command = run(home, home.script('quota', 'sleep 1', { taskCount: 4 }));
    const { exitCode, stderr } = await command.ended;
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toContain('exceeded quota');
    await nothingLeft(home, 'other');
  } finally {
    await lab.api('DELETE', '/api/v1/namespaces/other/resourcequotas/two');
  }
});
