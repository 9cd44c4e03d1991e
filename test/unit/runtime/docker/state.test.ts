import { expect, test } from 'vitest';
import { parsePorts, parseState, startError } from '../../../../src/runtime/docker/state.js';

const never = '0001-01-01T00:00:00Z';
const start = '2026-11-25T06:09:40.187124075Z';
const startedAt = '2026-11-25T06:09:40.187124Z';

/** What is read of a container that has started, unless `state` says otherwise. */
const read = (state: object): unknown => {
  const all = { Running: false, OOMKilled: false, ExitCode: 0, Error: '', StartedAt: start, FinishedAt: never };
  return parseState(`/name ${JSON.stringify({ ...all, ...state })}`)?.[1];
};

test('a container has been made, runs or has ended', () => {
  expect(read({ Status: 'created', StartedAt: never, ExitCode: 127, Error: 'no such program' })).toEqual({
    status: 'created',
    exitCode: 127,
    error: 'no such program',
  });
  expect(read({ Status: 'running', Running: true })).toEqual({ status: 'running', startedAt });
  const end = { FinishedAt: '2026-11-25T08:09:51.5+02:00', ExitCode: 137, OOMKilled: true };
  expect(read({ Status: 'exited', ...end })).toEqual({
    status: 'exited',
    startedAt,
    finishedAt: '2026-11-25T06:09:51.500000Z',
    exitCode: 137,
    oomKilled: true,
  });
});

test('what has ended by the engine before it started, has ended when it started', () => {
  expect(read({ Status: 'exited', FinishedAt: '2026-11-25T06:09:40.186Z' })).toMatchObject({
    startedAt,
    finishedAt: startedAt,
  });
});

test.for(['stopping', 'paused'])('podman has a container that is %s, which has not ended', (Status) => {
  expect(read({ Status })).toEqual({ status: 'running', startedAt });
});

test('what ran when the machine stopped has failed, though podman has no exit code for it', () => {
  expect(read({ Status: 'created' })).toMatchObject({ status: 'exited', startedAt, exitCode: 255 });
});

const mount = (source: string, target: string, rest: string): string =>
  `failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: error mounting "${source}" to rootfs at "${target}": ${rest}: unknown`;
const readOnly = 'open /var/lib/docker/overlay2/0123/merged/etc/resolv.conf: read-only file system';
const file =
  'mount /home/me/sec:/etc/hosts (via /proc/self/fd/6), flags: 0x5001: not a directory: unknown: Are you trying to mount a directory onto a file (or vice-versa)?';

test.for<[error: string, told: string]>([
  [
    mount('/var/lib/docker/containers/0123/resolv.conf', '/etc/resolv.conf', readOnly),
    'what is mounted at /etc leaves no place for /etc/resolv.conf, which the container needs: read-only file system. Mount it elsewhere',
  ],
  [
    mount('/home/me/sec', '/data/file', file),
    'what is mounted at /data/file is a directory and the image has a file there, or the other way round',
  ],
  [mount('/home/me/x', '/other', readOnly), 'mounting at /other has failed: read-only file system'],
  ['exec: "x": permission denied: unknown', 'exec: "x": permission denied'],
])('an engine that cannot mount something tells of no path of its own: %s', ([error, told]) => {
  const mounts = ['/etc', '/data', '/data/file'].map(
    (target) => ({ kind: 'bind', source: '/home/me/sec', target }) as const,
  );
  expect(startError(error, mounts)).toBe(told);
});

test('the ports of a container, as docker and podman print them', () => {
  const printed = '80/tcp -> 127.0.0.1:49153\n53/udp -> 0.0.0.0:49154\n9229/tcp -> [::1]:9229\n';
  expect(parsePorts(printed)).toEqual({ '80': '127.0.0.1:49153', '53/udp': '0.0.0.0:49154', '9229': '[::1]:9229' });
  expect(parsePorts('')).toEqual({});
});
