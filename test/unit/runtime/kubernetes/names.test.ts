import { describe, expect, test } from 'vitest';
import {
  handleOf,
  ownerLabels,
  ownerName,
  placeOf,
  podName,
  secretName,
  selectorOf,
} from '../../../../src/runtime/kubernetes/names.js';

const executionOf = (job: string, suffix = 'x2b4c'): string =>
  `projects/p/locations/r/jobs/${job}/executions/${job}-${suffix}`;
const last = { task: 9999, attempt: 10 };

describe('names in the cluster', () => {
  test('are DNS labels, and say what they are of', () => {
    expect(podName(ownerName('home', executionOf('nightly')), { task: 3, attempt: 1 })).toMatch(
      /^nightly-x2b4c-[\da-f]{8}-3-1$/,
    );
    for (const job of ['a', 'b'.repeat(30), 'c'.repeat(31), 'd'.repeat(49), `e${'-'.repeat(47)}f`]) {
      const owner = ownerName('home', executionOf(job));
      for (const name of [podName(owner, last), secretName(owner, ['a', 'b'])]) {
        expect(name).toMatch(/^(?=.{1,63}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
        expect(name).toContain('-x2b4c-');
      }
    }
  });

  test('differ by home, execution, task and attempt', () => {
    const job = 'd'.repeat(49);
    const names = [
      podName(ownerName('one', executionOf(job)), { task: 1, attempt: 11 }),
      podName(ownerName('two', executionOf(job)), { task: 1, attempt: 11 }),
      podName(ownerName('one', executionOf(job, 'x2b4d')), { task: 1, attempt: 11 }),
      podName(ownerName('one', executionOf(job.replace(/d$/, 'e'))), { task: 1, attempt: 11 }),
      podName(ownerName('one', executionOf(job).replace('/p/', '/q/')), { task: 1, attempt: 11 }),
      podName(ownerName('one', executionOf(job)), { task: 11, attempt: 1 }),
    ];
    expect(new Set(names).size).toBe(names.length);
  });

  test('of Secrets depend on the keys, whatever their order', () => {
    expect(secretName('owner', ['a', 'b'])).toBe(secretName('owner', ['b', 'a']));
    expect(secretName('owner', ['a', 'b'])).not.toBe(secretName('owner', ['a']));
  });
});

test('labels select a home, or an execution of it', () => {
  const all = ownerLabels('1234', executionOf('nightly'));
  expect(ownerLabels('1234', undefined)).toEqual({ 'dev.localrun.home': '1234' });
  expect(selectorOf(all)).toMatch(/^dev\.localrun\.home=1234,dev\.localrun\.execution=[\da-f]{16}$/);
});

test('a handle is a place, and that of another runtime is refused', () => {
  const place = { pod: 'a-1-0', owner: 'a' };
  expect(placeOf(handleOf(place))).toEqual(place);
  for (const handle of ['{"version":1,"container":"c"}', '{"version":2,"pod":"a","owner":"b"}']) {
    expect(() => placeOf(handle)).toThrow(`cannot read the place of an attempt: ${handle}`);
  }
});
