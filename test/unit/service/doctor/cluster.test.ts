import { expect, test } from 'vitest';
import type { Cluster } from '../../../../src/runtime/kubernetes/diagnosis.js';
import { clusterChecks } from '../../../../src/service/doctor/cluster.js';

const healthy: Cluster = {
  ...{ version: 'v1.30.1', startupOrder: true, skewMs: 0, missing: [], useful: [] },
  ...{ nodes: { ready: 2, others: [] }, exhausted: [] },
};
const checked = (changes: Partial<Cluster>): string[] =>
  clusterChecks({
    client: 'v1.30.0',
    access: { context: 'lab', namespace: 'jobs' },
    failure: undefined,
    cluster: { ...healthy, ...changes },
  }).found.flatMap(({ name, state, found }) => (state === 'ok' ? [] : [`${name}: ${state}: ${found}`]));

test('a healthy cluster has no problem', () => expect(checked({})).toEqual([]));

test('what this user may not see is not said to be fine', () => {
  const { found } = clusterChecks({
    ...{ client: undefined, access: undefined, failure: undefined },
    cluster: { ...healthy, nodes: undefined, exhausted: undefined },
  });
  const said = new Map(found.map((check) => [check.name, check.found]));
  expect([said.get('nodes'), said.get('quota')]).toEqual(['not visible to you', 'not visible to you']);
});

test.each<[Partial<Cluster>, string]>([
  [{ missing: ['create pods', 'get pods/log'] }, 'rights: problem: you may not create pods, get pods/log'],
  [{ useful: ['list events'] }, 'rights: warning: you may not list events'],
  [{ nodes: { ready: 1, others: ['n2'] } }, 'nodes: warning: 1 node ready, and not n2'],
  [{ nodes: { ready: 0, others: ['n1'] } }, 'nodes: problem: 0 nodes ready, and not n1'],
  [{ exhausted: ['pods: 10 of 10'] }, 'quota: warning: used up: pods: 10 of 10'],
  [{ skewMs: -60_000 }, 'cluster clock: warning: 60 seconds behind this machine'],
])('%j is reported', (changes, problem) => expect(checked(changes)).toEqual([problem]));
