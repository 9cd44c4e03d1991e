import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { describe, expect, test } from 'vitest';
import { type PodState, stateOf } from '../../../../src/runtime/kubernetes/state.js';

// How a pod became what, recorded from Kubernetes 1.20.2 by test/fixtures/kubernetes/record.mjs.

const fixtures = path.join(import.meta.dirname, '..', '..', '..', 'fixtures', 'kubernetes');

function recorded(name: string): Pod[] {
  const events = JSON.parse(readFileSync(path.join(fixtures, `${name}.json`), 'utf8')) as { object: Pod }[];
  return events.map(({ object }) => object);
}

const statesOf = (name: string, names = ['main']): PodState[] => recorded(name).map((pod) => stateOf(pod, names));

const last = (name: string, names?: string[]): PodState => statesOf(name, names).at(-1) as PodState;

const time = expect.stringMatching(/^2026-11-29T12:0\d:\d\d\.000000Z$/);
const exited = (exitCode: number, oomKilled = false): unknown => ({
  ...{ status: 'exited', startedAt: time, finishedAt: time },
  ...{ exitCode, oomKilled },
});
const running = { status: 'running', startedAt: time };

describe('a pod', () => {
  test('waits, has a node, runs, and is over', () => {
    const states = statesOf('out-of-memory');
    const seen = states.map(({ node, containers: [main], over }) => [node, main?.status, over]);
    expect(seen).toEqual([
      [undefined, 'waiting', false],
      ['node1', 'waiting', false],
      ['node1', 'waiting', false],
      ['node1', 'running', false],
      ['node1', 'exited', true],
    ]);
    for (const { waiting, refused, failure, deletion } of states) {
      expect([waiting, refused, failure, deletion]).toEqual([undefined, undefined, undefined, undefined]);
    }
  });

  test.for([
    ['succeeded', exited(0)],
    ['failed', exited(4)],
    ['out-of-memory', exited(137, true)],
    [
      'no-command',
      { status: 'created', exitCode: 127, error: 'exec: "/nonesuch": stat /nonesuch: no such file or directory' },
    ],
    ['not-executable', { status: 'created', exitCode: 126, error: 'exec: "/etc": permission denied' }],
  ] as const)('that has %s says how', ([name, ended]) => {
    expect(last(name)).toMatchObject({ containers: [ended], over: true, failure: undefined });
  });

  test('has the end of a container that its kubelet still says it waits for', () => {
    const failed = recorded('no-command').at(-1) as Pod;
    for (const status of failed.status?.containerStatuses ?? []) {
      status.lastState = status.state ?? {};
      status.state = { waiting: { reason: 'RunContainerError', message: 'failed to start container' } };
    }
    expect(stateOf(failed, ['main'])).toEqual(last('no-command'));
  });

  test('goes on after the end of its main container, until it is stopped', () => {
    const states = statesOf('main-ended', ['main', 'side']);
    expect(states.at(-2)).toMatchObject({ containers: [exited(3), running], over: false });
    expect(states.at(-1)).toMatchObject({ containers: [exited(3), running], over: true, failure: undefined });
  });

  test('goes on after the failure of a sidecar', () => {
    expect(last('side-failed', ['main', 'side'])).toMatchObject({ containers: [running, exited(4)], over: false });
  });

  test('that localrun stops has not failed by itself, and its container seems to run', () => {
    expect(last('stopped')).toMatchObject({ containers: [running], over: true, failure: undefined });
  });

  test('that another deletes says since when', () => {
    const { deletion, containers, over } = last('deleted');
    const requested = Date.parse('2026-11-29T12:05:59Z');
    expect({ deletion, over }).toEqual({
      deletion: { requested, due: requested, why: 'its pod was deleted' },
      over: true,
    });
    expect(containers).toEqual([exited(7)]);
  });

  test('that has no place says why', () => {
    expect(last('unschedulable')).toMatchObject({
      ...{ node: undefined, waiting: '0/2 nodes are available: 2 Insufficient cpu.', refused: undefined },
    });
  });

  test.for([
    ['no-image', 'Container image "localrun/nonesuch:1" is not present with pull policy of Never'],
    ['no-secret', 'secret "nonesuch" not found'],
  ] as const)('can never start with %s', ([name, error]) => {
    expect(last(name).refused).toEqual({ container: 0, ended: { status: 'created', exitCode: 0, error } });
  });

  test('waits for a registry that does not answer, and says once why', () => {
    const why =
      'ErrImagePull: Error response from daemon: Get "http://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused';
    const waits = statesOf('no-registry').map(({ waiting, refused }) => [waiting, refused]);
    expect(waits.slice(3, 5)).toEqual([
      [why, undefined],
      [undefined, undefined],
    ]);
  });
});

/** What newer servers, or other causes, make of a recorded pod. */
function changed(name: string, change: (pod: Pod & Required<Pick<Pod, 'metadata' | 'status'>>) => void): PodState {
  const [event] = (JSON.parse(readFileSync(path.join(fixtures, `${name}.json`), 'utf8')) as { object: Pod }[]).slice(
    -1,
  );
  const pod = event?.object as Parameters<typeof change>[0];
  change(pod);
  return stateOf(pod, ['main']);
}

test('a pod whose node does not answer is doubtful, for as long as it tolerates that', () => {
  const [, , , running] = JSON.parse(readFileSync(path.join(fixtures, 'out-of-memory.json'), 'utf8')) as {
    object: Required<Pick<Pod, 'spec' | 'status'>>;
  }[];
  const { spec, status } = running?.object ?? {};
  const seen = (ready: string, tolerations = spec?.tolerations): unknown[] => {
    const conditions = status?.conditions?.map((one) => (one.type === 'Ready' ? { ...one, status: ready } : one));
    const state = stateOf({ spec: { ...spec, tolerations }, status: { ...status, conditions } } as Pod, ['main']);
    return [state.doubtful, state.toleranceMs];
  };
  expect(seen('True')).toEqual([false, 300_000]);
  expect(seen('False')).toEqual([true, 300_000]);
  const any = { operator: 'Exists', effect: 'NoExecute' };
  expect(seen('False', [any, { ...any, key: 'node.kubernetes.io/unreachable', tolerationSeconds: 5 }])[1]).toBe(5000);
  expect(seen('False', [any])[1]).toBe(Infinity);
  expect(seen('False', [{ ...any, key: 'other', tolerationSeconds: 5 }])[1]).toBe(0);
});

describe('a pod that fails for a reason outside of it', () => {
  test.for([
    ['Evicted', 'The node was low on resource: memory.', 'Evicted: The node was low on resource: memory.'],
    ['Terminated', undefined, 'Terminated'],
    [undefined, undefined, 'its pod failed without a reason'],
  ] as const)('is lost: %s', ([reason, message, failure]) => {
    const state = changed('unschedulable', ({ status }) => {
      Object.assign(status, { phase: 'Failed', reason, message });
    });
    expect(state).toMatchObject({ over: true, failure, waiting: undefined });
  });

  test('is lost even if its containers have exit codes', () => {
    const state = changed('failed', ({ status }) =>
      Object.assign(status, { reason: 'Evicted', message: 'too\nlarge' }),
    );
    expect(state.failure).toBe('Evicted: too large');
  });

  test('is deleted for a reason that newer servers give', () => {
    const state = changed('deleted', ({ status }) => {
      const message = 'Taint manager: deleting due to NoExecute taint';
      status.conditions?.push({ type: 'DisruptionTarget', status: 'True', reason: 'DeletionByTaintManager', message });
    });
    expect(state.deletion?.why).toBe('DeletionByTaintManager: Taint manager: deleting due to NoExecute taint');
  });
});

describe('a container', () => {
  test.for([
    ['unable to start container process: exec: "x": executable file not found in $PATH: unknown', 127],
    ['unable to start container process: exec: "/etc": is a directory: unknown', 126],
    ['error mounting "/a" to rootfs at "/b": not a directory', 0],
  ] as const)('that containerd cannot start has the exit code of its reason: %s', ([said, exitCode]) => {
    const message = `failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: ${said}`;
    const state = changed('no-command', ({ status }) => {
      Object.assign(status.containerStatuses?.[0]?.state?.terminated ?? {}, {
        reason: 'StartError',
        exitCode: 128,
        message,
      });
    });
    expect(state.containers).toEqual([{ status: 'created', exitCode, error: expect.any(String) }]);
  });

  test('that the kubelet no longer knows has no exit code', () => {
    const state = changed('failed', ({ status }) => {
      Object.assign(status.containerStatuses?.[0]?.state?.terminated ?? {}, {
        reason: 'ContainerStatusUnknown',
        exitCode: 137,
      });
    });
    expect(state.containers).toEqual([{ status: 'waiting' }]);
  });

  test('that failed and was started again as a sidecar has failed', () => {
    const state = changed('stopped', ({ status }) => {
      const [one] = status.containerStatuses ?? [];
      const terminated = { exitCode: 4, startedAt: '2026-11-29T12:05:14Z', finishedAt: '2026-11-29T12:05:15Z' };
      Object.assign(one ?? {}, { restartCount: 1, lastState: { terminated } });
    });
    expect(state.containers).toEqual([exited(4)]);
  });

  test('that could not be made at once, on a busy node, may still start', () => {
    const refusedAfter = (message: string): PodState['refused'] =>
      changed('no-secret', ({ status }) => {
        Object.assign(status.containerStatuses?.[0]?.state?.waiting ?? {}, { reason: 'CreateContainerError', message });
      }).refused;
    expect(refusedAfter('context deadline exceeded')).toBeUndefined();
    expect(refusedAfter('invalid mount path')).toMatchObject({ ended: { error: 'invalid mount path' } });
  });
});
