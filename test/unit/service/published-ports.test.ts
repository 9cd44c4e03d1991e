import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { defaultSettings } from '../../../src/model/local/settings.js';
import { parsePublished, type PublishedPort } from '../../../src/model/local/one-run.js';
import { requireSurroundings } from '../../../src/service/execution-runner.js';
import { runJob } from '../../../src/service/run-job.js';
import { someJob } from '../../support/jobs.js';
import { serviceError, ServiceWorld } from '../../support/service.js';

const ports = (...texts: string[]): PublishedPort[] => texts.flatMap((text) => parsePublished(text) ?? []);

test('a fixed port is for one task at a time, and for one --publish', () => {
  const { call, store } = new ServiceWorld();
  const job = someJob({ taskCount: 4 });
  store.saveJob(job);
  const run = (publish: PublishedPort[], tasks?: number[]): unknown =>
    runJob(call, {
      name: job.name,
      settings: { ...defaultSettings, publish },
      ...(tasks && { tasks: { indexes: tasks } }),
    });
  const problems = (publish: PublishedPort[], tasks?: number[]): unknown[] => {
    try {
      run(publish, tasks);
    } catch (error) {
      return (error as { problems: { message: string; fix: string }[] }).problems.map(({ message, fix }) => [
        message,
        fix,
      ]);
    }
    return [];
  };
  expect(problems(ports('8080:80', '0.0.0.0:9000:9000', '7000'))).toEqual(
    [
      ['127.0.0.1:8080 for port 80', '80'],
      ['0.0.0.0:9000 for port 9000', '0.0.0.0::9000'],
    ].map(([port, free]) => [
      `${port}: it leads to one task at a time, and 4 may run at once`,
      `run one task with --task N, or one after the other with --parallelism 1, or give each task a free port with --publish ${free}`,
    ]),
  );
  expect(problems(ports('8080:80', '8080:81'), [2])).toEqual([
    ['127.0.0.1:8080 for port 81: this port of the machine is taken by another --publish', 'choose another one'],
  ]);
  expect(store.executionsMade([job.name])).toMatchObject([{ count: 0 }]);
  expect(problems(ports('8080:80', '8081:80', '80', '8080:80/udp'), [2])).toEqual([]);
  expect(problems(ports('80', '81'))).toEqual([]);
});

test('a port that another program of this machine uses is refused before anything is stored', async ({
  onTestFinished,
}) => {
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const { call, runtime } = new ServiceWorld();
  const require = (publish: PublishedPort[]) => requireSurroundings(call, { ...defaultSettings, publish }, () => {});
  // It is on another machine, whose ports are not known here.
  await require(ports(`${port}:80`));
  runtime.runtime.identify = async () => ({ id: 'here', client: 'docker', host: 'unix:///run/docker.sock' });
  await require(ports('80', '53/udp'));
  await expect(require(ports(`${port}:80`, '192.0.2.1:80:80'))).rejects.toEqual(
    serviceError('FAILED_PRECONDITION', 'This machine cannot open the ports:'),
  );
  await expect(require(ports(`${port}:80`, '192.0.2.1:80:80'))).rejects.toMatchObject({
    problems: [
      { message: `127.0.0.1:${port} for port 80: another program uses this port` },
      { message: '192.0.2.1:80 for port 80: this machine does not have this address' },
    ],
  });
});
