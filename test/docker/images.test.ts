import { afterAll, beforeAll, expect } from 'vitest';
import { completionStatus, conditionOf } from '../../src/model/execution.js';
import { test } from '../support/home.js';
import { Registry, type Repository } from '../support/registry.js';

const registry = new Registry();
let address = '';
beforeAll(async () => void (address = await registry.open()));
afterAll(() => registry.close());

const denied = (image: string): string =>
  `Permission to read the image, ${image}, was denied. Ensure that the provided container image URL is correct and that your account has permission to access the image. To sign in: \`docker login ${address}\`.`;
const no = (image: string, why: string): string => `Image '${image}' ${why}`;

test.concurrent.for<[Repository | undefined, reason: string, message: (image: string) => string]>([
  ['none', 'CONTAINER_MISSING', (image) => no(image, 'not found.')],
  ['nowhere', 'CONTAINER_MISSING', (image) => no(image, 'not found.')],
  ['denied', 'CONTAINER_PERMISSION_DENIED', denied],
  ['stranger', 'CONTAINER_PERMISSION_DENIED', denied],
  ['unauthenticated', 'CONTAINER_PERMISSION_DENIED', denied],
  ['unauthorized', 'CONTAINER_PERMISSION_DENIED', denied],
  [
    'limited',
    'CONTAINER_MISSING',
    (image) =>
      no(
        image,
        `cannot be pulled: ${address} has handed out as much as it does for now. Wait, or sign in: \`docker login ${address}\`.`,
      ),
  ],
  [
    'broken',
    'CONTAINER_MISSING',
    (image) => no(image, 'cannot be pulled: received unexpected HTTP status: 500 Internal Server Error.'),
  ],
  [
    'arm',
    'CONTAINER_MISSING',
    (image) =>
      no(
        image,
        'does not support linux/amd64: no matching manifest for linux/amd64 in the manifest list entries. Build it with `docker build --platform linux/amd64`, or run it as it is with --platform any.',
      ),
  ],
  [
    undefined,
    'CONTAINER_MISSING',
    (image) =>
      no(
        image,
        'cannot be pulled: localhost:1 does not answer (connection refused). Check the network and the proxy of the container engine.',
      ),
  ],
])('an image that cannot be had says why: %s', async ([repository, reason, message], { home }) => {
  const image = repository ? `${address}/p/r/${repository}` : 'localhost:1/none';
  const command = home.inline(['jobs', 'run', '-f', home.spec('imageless', { image })]);
  const { exitCode, stderr } = await command.ended;
  expect(exitCode).toBe(1);
  expect(stderr).toContain(`Cannot get ${image}: `);
  expect(stderr).toContain(`✗ ${message(image)}\n`);
  const execution = await home.execution(await command.execution());
  const failure = { state: 'CONDITION_FAILED', reason, message: message(image) };
  expect(conditionOf(execution, 'ContainerReady')).toMatchObject(failure);
  expect(conditionOf(execution, 'Completed')).toMatchObject(failure);
});

test.concurrent('an image that is there for another platform says so', async ({ home }) => {
  const file = home.spec('foreign', { command: ['true'] });
  const { exitCode, stderr } = await home.run(['jobs', 'run', '-f', file, '--platform', 'linux/arm64']);
  expect(exitCode).toBe(1);
  expect(stderr).toContain(
    "✗ Image 'localrun/busybox:latest' does not support linux/arm64: it is there for linux/amd64, and linux/arm64 is wanted. Build it with `docker build --platform linux/arm64`, or run it as it is with --platform any.\n",
  );
});

test.concurrent(
  'an image that cannot be had fails the execution, wherever one looks, and not the job',
  async ({ home }) => {
    const image = `${address}/p/r/none`;
    const file = home.spec('imageless', { image, taskCount: 2 });
    expect((await home.run(['jobs', 'create', '-f', file])).exitCode).toBe(0);
    const { exitCode, stderr } = await home.run(['jobs', 'execute', 'imageless', '--wait']);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`The execution failed. Image '${image}' not found.`);

    const [execution] = await home.executions();
    const id = execution?.name.split('/').at(-1) ?? '';
    expect(execution && completionStatus(execution)).toBe('EXECUTION_FAILED');
    expect(execution).not.toHaveProperty('startTime');
    expect(execution).not.toHaveProperty('failedCount');
    expect((await home.tasks(id)).map(({ startTime }) => startTime)).toEqual([undefined, undefined]);
    const looks = [
      ['describe', id],
      ['logs', 'read', id],
    ];
    for (const words of looks) {
      const { stdout } = await home.run(['jobs', 'executions', ...words]);
      expect(stdout).toContain(`Image '${image}' not found.`);
    }
    const entries = JSON.parse(
      (await home.run(['jobs', 'logs', 'read', 'imageless', '--format=json'])).stdout,
    ) as object[];
    expect(entries).toEqual([
      expect.objectContaining({ severity: 'ERROR', textPayload: `Image '${image}' not found.` }),
    ]);

    const job = await home.job('imageless');
    expect(job.latestCreatedExecution).toMatchObject({ name: id, completionStatus: 'EXECUTION_FAILED' });
    const repair = ['jobs', 'run', 'imageless', '--image', 'localrun/busybox:latest', '--command', 'true'];
    const repaired = await home.run(repair);
    expect(repaired.exitCode, repaired.stderr).toBe(0);
  },
);
