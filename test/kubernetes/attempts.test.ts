import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, describe, expect, test } from 'vitest';
import type { KubernetesSettings } from '../../src/model/local/settings.js';
import type { AttemptContainer, AttemptSession, ExecutionScope } from '../../src/runtime/port.js';
import { KubernetesRuntime } from '../../src/runtime/kubernetes/runtime.js';
import { Observer } from '../runtime-contract/observer.js';
import { type Program, programs } from '../runtime-contract/programs.js';
import { attempt, container, scopeOf, start } from '../runtime-contract/scenario.js';
import { until } from '../support/cli.js';
import { lab } from '../support/lab.js';

// What the cluster does to attempts, beyond the contract of runtimes.

const image = 'localrun/busybox:latest';
const home = mkdtempSync(path.join(os.tmpdir(), 'localrun-test-'));
const runtimes: KubernetesRuntime[] = [];

function runtime(settings: Partial<KubernetesSettings> = {}): KubernetesRuntime {
  const opened = new KubernetesRuntime({
    settings: {
      ...{
        kind: 'kubernetes',
        imagesOnNodes: true,
        imagePullSecrets: [],
        nodeSelector: {},
        tolerations: [],
        claims: {},
      },
      ...settings,
    },
    homeId: (of) => createHash('sha256').update(of).digest('hex').slice(0, 16),
    ...{ kubectl: 'kubectl', env: { ...process.env, KUBECONFIG: lab.userConfig }, patienceMs: 60_000 },
  });
  runtimes.push(opened);
  return opened;
}

let executions = 0;
const open = (more: Partial<ExecutionScope> = {}, of = runtime()): Promise<AttemptSession> =>
  of.open(scopeOf(home, `a${String(executions++).padStart(4, '0')}`, more));

afterAll(async () => {
  for (const opened of runtimes) opened.close();
  rmSync(home, { recursive: true });
});

const admin = async (...args: string[]): Promise<string> =>
  (await execa('kubectl', args, { env: { KUBECONFIG: lab.adminConfig }, stdin: 'ignore' })).stdout;
const podOf = (handle: string): string => (JSON.parse(handle) as { pod: string }).pod;
const main = (program: Program, more?: Partial<AttemptContainer>): AttemptContainer => container(image, program, more);
const isReady = (observer: Observer): boolean => observer.text() === 'ready\n';

describe.concurrent('an attempt', () => {
  test('has a node, and what localrun makes for it carries its labels', async () => {
    const session = await open();
    const one = start(session, attempt(3, main(programs.obey)));
    await one.observer.until(isReady);
    expect(one.observer.node).toMatch(/^node[12]$/);
    const found = await admin('get', 'pod', podOf(one.handle), '--namespace=jobs', '-o', 'jsonpath={.metadata.labels}');
    expect(JSON.parse(found)).toEqual({
      'dev.localrun.home': expect.stringMatching(/^[\da-f]{16}$/),
      'dev.localrun.execution': expect.stringMatching(/^[\da-f]{16}$/),
      'dev.localrun.task': '3',
      'dev.localrun.attempt': '0',
    });
    await session.sweep([]);
    expect(await one.ended).toMatchObject({ main: { status: 'lost', reason: 'its pod was deleted' } });
  });

  test('without a place waits for one, and says why; it does not outlast a cancellation', async () => {
    let cancelled = false;
    const session = await open({ cancelled: () => cancelled });
    const one = start(session, attempt(0, main(programs.obey, { cpus: 64 })));
    await one.observer.until(({ waits }) => waits.length > 0);
    expect(one.observer.waits).toEqual([expect.stringMatching(/^0\/2 nodes are available: .*2 Insufficient cpu/)]);
    cancelled = true;
    expect(await one.ended).toMatchObject({ main: { status: 'unstarted' } });
  });

  test('beyond the quota of its namespace waits for others to end', async () => {
    await admin('create', 'quota', 'one', '--hard=pods=1', '--namespace=other');
    const session = await open({}, runtime({ namespace: 'other' }));
    await until(
      async () =>
        (await admin('get', 'quota', 'one', '--namespace=other', '-o', 'jsonpath={.status.hard.pods}')) === '1',
    );
    const first = start(session, attempt(0, main(programs.obey)));
    await first.observer.until(isReady);
    const second = start(session, attempt(1, main(programs.fail)));
    await second.observer.until(({ waits }) => waits.length > 0);
    expect(second.observer.waits).toEqual([expect.stringMatching(/^exceeded quota: one, requested: pods=1/)]);
    await session.stop(first.handle);
    await first.ended;
    await session.remove(first.handle);
    expect(await second.ended).toMatchObject({ main: { status: 'exited', exitCode: 4 } });
    await admin('delete', 'quota', 'one', '--namespace=other');
  });

  test('whose image is on no node has not started, and says so', async () => {
    const session = await open();
    const one = start(session, attempt(0, main(programs.obey, { image: 'localrun/nonesuch:1' })));
    const error = expect.stringContaining('"localrun/nonesuch:1" is not present');
    expect((await one.ended).main).toEqual({ status: 'created', exitCode: 0, error });
  });

  test('that another deletes, as a drain does, is lost, whatever its exit code', async () => {
    const session = await open();
    const well = { ...programs.obey, script: `trap 'exit 0' TERM; echo ready; sleep 60 & wait` };
    const one = start(session, attempt(0, main(well), main(programs.obey, { name: 'side' })));
    await one.observer.until(isReady);
    await admin('delete', 'pod', podOf(one.handle), '--namespace=jobs', '--wait=false');
    // On a busy machine the node may seem to be gone at the same time.
    expect(await one.ended).toMatchObject({ main: { status: 'lost', reason: expect.any(String) }, culprit: undefined });
  });

  test('that was stopped keeps its log and its end for the next supervisor', async () => {
    const scope = scopeOf(home, 'again');
    const first = await runtime().open(scope);
    const one = start(first, attempt(0, main(programs.obey), main(programs.serve, { name: 'side' })));
    await one.observer.until((observer) => isReady(observer) && observer.starts.length === 2);
    await first.stop(one.handle);
    await one.ended;
    const next = await runtime().open({ ...scope, open: [one.handle], resumed: true });
    const observer = new Observer();
    const { main: ended } = await next.recover(
      ...([
        one.handle,
        true,
        attempt(0, main(programs.obey), main(programs.serve, { name: 'side' })),
        observer,
      ] as const),
    );
    expect(['exited', 'missing']).toContain(ended.status);
    expect([observer.text(), observer.text('side')]).toEqual(['ready\nbye\n', 'stopped\n']);
    await next.remove(one.handle);
  });
});

test('an attempt on a node that is cut off is lost, and leaves nothing', async () => {
  const unreachable = { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' } as const;
  const session = await open(
    {},
    runtime({
      nodeSelector: { 'kubernetes.io/hostname': 'node2' },
      tolerations: [{ ...unreachable, tolerationSeconds: 1, value: undefined }],
    }),
  );
  const [one, stopped] = [0, 1].map((task) => start(session, attempt(task, main(programs.obey))));
  if (!one || !stopped) throw new Error('there are no attempts');
  await Promise.all([one, stopped].map(({ observer }) => observer.until(isReady)));
  await lab.cut(2);
  await session.stop(stopped.handle);
  const reason = expect.stringMatching(/^its node node2 is not ready: /);
  for (const { ended } of [one, stopped]) expect((await ended).main).toEqual({ status: 'lost', reason });
  await session.remove(one.handle);
  await session.remove(stopped.handle);
  // Other tests leave pods on the node, too.
  const names = [one, stopped].map(({ handle }) => podOf(handle));
  expect(await admin('get', 'pods', '--namespace=jobs', '--ignore-not-found', '-o', 'name', ...names)).toBe('');
  await lab.heal(2);
  await until(async () => (await lab.readyNodes()).length === 2);
});

test('while the API server is away, attempts run on and nothing is lost', async () => {
  const session = await open();
  const going = start(session, attempt(0, main({ ...programs.obey, script: 'echo ready; sleep 5; seq 1000; exit 6' })));
  await going.observer.until(isReady);
  await lab.stopApi();
  await lab.startApi();
  expect((await going.ended).main).toMatchObject({ status: 'exited', exitCode: 6 });
  expect(going.observer.text()).toBe(`ready\n${Array.from({ length: 1000 }, (_, i) => `${i + 1}\n`).join('')}`);
  expect(going.observer.log().state).toBe('complete');
});

test('nothing is left of a home once it is discarded', async () => {
  for (const namespace of ['jobs', 'other']) {
    const of = runtime({ namespace });
    await of.discard(await of.list({ home }));
    expect(await of.list({ home })).toEqual([]);
  }
  const left = await admin(
    'get',
    'pods,configmaps,secrets',
    '--all-namespaces',
    '-l',
    'dev.localrun.home',
    '-o',
    'name',
  );
  expect(left).toBe('');
});
