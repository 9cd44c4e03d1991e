import path from 'node:path';
import { describe, expect, test } from 'vitest';
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
    await expect(result(stderr, exitCode)).rejects.toMatchObject({ name: 'RunError', code: 'UNAVAILABLE' });
  });

  test('is told by the line that says so', async () => {
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
