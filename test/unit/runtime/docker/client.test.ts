import { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { DockerClient, type ClientResult } from '../../../../src/runtime/docker/client.js';
import { tempDirectory } from '../../../support/temp.js';

/** What comes of a client that says this on stderr and ends with this code. */
const result = (stderr: string, exitCode = 1): Promise<ClientResult> =>
  new DockerClient('sh', process.env).run(['-c', `printf '%s' "$0" >&2; exit ${exitCode}`, stderr]);

const gone = 'error during connect: Delete "http://%2Fvar%2Frun%2Fdocker.sock/v1.41/containers/a?force=1": EOF';
const answer = 'Error response from daemon: removal of container b is already in progress';

describe('an engine that has not answered', () => {
  test.each([
    [
      'because there is none',
      'Cannot connect to the Docker daemon at unix:///x.sock. Is the docker daemon running?',
      1,
    ],
    ['because it has gone away', `docker: ${gone}`, 125],
    ['all of a call about many containers', `${answer}\n${gone}\n`, 1],
    [
      'because it was asked too early',
      'Error response from daemon: client version 1.50 is too new. Maximum is 1.41',
      0,
    ],
  ])('%s is unavailable', async (_, stderr, exitCode) => {
    await expect(result(stderr, exitCode)).rejects.toMatchObject({ name: 'StatusError', code: 'UNAVAILABLE' });
  });

  test('is found by the line that says so', async () => {
    await expect(result(`time="now" level=error msg="unexpected EOF"\ndocker: ${gone}\n`)).rejects.toThrow(
      `No container engine answers: ${gone}`,
    );
  });
});

test.each([
  ['is a result', answer],
  ['is one whatever it quotes', `Error response from daemon: Get "https://r/v2/": error during connect`],
])('an answer of the engine %s', async (_, stderr) => {
  await expect(result(stderr)).resolves.toMatchObject({ exitCode: 1, stderr });
});

test('a list that podman gives up because something goes away is asked for again', async () => {
  const mark = path.join(tempDirectory(), 'asked');
  const script = `[ -e ${mark} ] && echo there && exit; touch ${mark}; echo 'Error: no such volume' >&2; exit 125`;
  await expect(new DockerClient('sh', process.env).list(['-c', script], {})).resolves.toEqual(['there']);
});

test('a failure names the client that is used', async () => {
  const list = new DockerClient('sh', process.env).list(['-c', 'echo no >&2; exit 1'], {});
  await expect(list).rejects.toMatchObject({
    code: 'INTERNAL',
    message: 'sh -c echo no >&2; exit 1 failed: no',
  });
});

test('a client that could not be started is not ended: the signal would go to the own process group', async () => {
  const kill = vi.spyOn(ChildProcess.prototype, 'kill').mockReturnValue(true);
  onTestFinished(() => kill.mockRestore());
  const client = new DockerClient('true', process.env);
  const controller = new AbortController();
  const ignored = { stdout: () => {}, stderr: () => {} };
  const attached = client.attach(['x'.repeat(131_072)], { signal: controller.signal }, ignored);
  controller.abort();
  await expect(attached).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  const list = client.lines(['x'.repeat(131_072)], () => {});
  list.end();
  await list.ended;
  expect(kill).not.toHaveBeenCalled();
});

describe('a client that hangs', () => {
  /** What comes of a script that is run by a client with so many ms of patience. */
  const run = (script: string, client = new DockerClient('sh', process.env, 300)): Promise<ClientResult> =>
    client.run(['-c', script]);
  const unavailable = { code: 'UNAVAILABLE', message: /^No container engine answers: `sh -c` has been silent for / };

  test.each([
    ['itself', 'exec sleep 20'],
    ['with a child of its own', 'sleep 3 & wait'],
  ])('%s is ended, and counts as an engine that does not answer', async (_, script) => {
    const begin = performance.now();
    await expect(run(script)).rejects.toMatchObject({
      code: unavailable.code,
      message: expect.stringMatching(unavailable.message) as string,
    });
    expect(performance.now() - begin).toBeLessThan(2500);
  });

  test('is not one that is at work', async () => {
    await expect(run('for i in 1 2 3 4 5 6; do sleep 0.1; echo $i; done')).resolves.toMatchObject({ exitCode: 0 });
  });

  test('gets more time at the next try', async () => {
    const client = new DockerClient('sh', process.env, 300);
    await expect(run('exec sleep 0.4', client)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(run('exec sleep 0.4', client)).resolves.toMatchObject({ exitCode: 0 });
  });

  test('while it connects is ended, too', async () => {
    const client = new DockerClient('sh', process.env, 300);
    await expect(client.stream(['-c', 'exec sleep 20'])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});

test('what is kept and shown of a client that does not stop talking is little', async () => {
  const client = new DockerClient('sh', process.env);
  const { stderr } = await client.run(['-c', 'yes "no, no" | head -c 60000000 >&2; exit 1']);
  expect(stderr.length).toBeLessThan(100_000);
  expect(client.failure('rm', stderr).message).toMatch(/^sh rm failed: no, no .{0,400}…$/);
  await expect(client.run(['-c', 'exec yes'])).rejects.toMatchObject({
    code: 'INTERNAL',
    message: 'sh -c has printed what is no answer to it: y',
  });
});

test('what podman warns of is not what is wrong', () => {
  const said = 'time="now" level=warning msg="retrying"\nError: initializing:\n\t* denied\n';
  expect(new DockerClient('podman', {}).failure('pull', said).message).toBe(
    'podman pull failed: Error: initializing: * denied',
  );
});

test('a conversation with a client ends at once when it is destroyed, and the client with it', async () => {
  const client = new DockerClient('sh', process.env);
  const stream = await client.stream(['-c', 'echo; echo $$; exec sleep 60']);
  if (typeof stream === 'string') throw new Error(stream);
  const pid = await new Promise<number>((resolve) => stream.once('data', (line) => resolve(Number(String(line)))));
  const closed = new Promise((resolve) => stream.on('error', () => {}).once('close', resolve));
  stream.destroy(new Error('no answer'));
  await closed;
  await expect
    .poll(() => existsSync(`/proc/${pid}/cmdline`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
    .toBeFalsy();
});

test('a client that works for itself is ended with what it has started, while both can clean up', async () => {
  // The shell alone would leave its child, which holds the output open.
  const client = new DockerClient('sh', process.env);
  const abort = new AbortController();
  const sent: unknown[] = [];
  const end = (pid: number, signal?: 'SIGINT' | 'SIGKILL'): void => {
    sent.push(signal);
    process.kill(-pid, signal ?? 'SIGKILL');
  };
  const call = client.work(
    ['-c', `sh -c 'echo up; exec sleep 600'; true`],
    { env: {}, signal: abort.signal, end },
    () => abort.abort(),
  );
  expect(await call).toBeUndefined();
  expect(sent).toEqual(['SIGINT']);
});
