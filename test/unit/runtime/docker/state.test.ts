import { expect, test } from 'vitest';
import { parseState } from '../../../../src/runtime/docker/state.js';

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

test.for(['stopping', 'paused'])('podman has a container that is %s, which has not ended', (Status) => {
  expect(read({ Status })).toEqual({ status: 'running', startedAt });
});

test('what ran when the machine stopped has failed, though podman has no exit code for it', () => {
  expect(read({ Status: 'created' })).toMatchObject({ status: 'exited', startedAt, exitCode: 255 });
});
