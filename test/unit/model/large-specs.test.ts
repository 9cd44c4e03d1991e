import { expect, test } from 'vitest';
import { readJobs } from '../../../src/model/spec/read.js';

const many = (count: number, of: (i: number) => string, separator = ', '): string =>
  Array.from({ length: count }, (_, i) => of(i)).join(separator);
const task = (of: string): string => `template: {template: {${of}}}\n`;
const one = 'containers: [{image: i}]';

/** Specs that hold something many times, and how many problems that makes; Infinity: one for each. */
const specs: Record<string, [told: number, spec: (count: number) => string]> = {
  'an anchor that is wrong in several ways': [
    5,
    (n) => `x: &e {name: 1, value: 2, bad: 3}\n${task(`containers: [{image: i, env: [${many(n, () => '*e')}]}]`)}`,
  ],
  'the same in v1': [
    5,
    (
      n,
    ) => `apiVersion: run.googleapis.com/v1\nkind: Job\nmetadata: {name: a}\nspec: {template: {spec: {template: {spec: {
      containers: [{image: i, env: [&e {name: 1, value: 2, bad: 3}, ${many(n, () => '*e')}]}]}}}}}\n`,
  ],
  'a container': [4, (n) => task(`containers: [&e {image: "A B", bad: 1}, ${many(n, () => '*e')}]`)],
  'unknown keys': [Infinity, (n) => `${many(n, (i) => `k${i}: 1\n`, '')}${task(one)}`],
  anchors: [Infinity, (n) => `${many(n, (i) => `k${i}: &a${i} 1\n`, '')}${task(one)}`],
  'wrong labels': [Infinity, (n) => `labels: {${many(n, (i) => `K${i}: x`)}}\n${task(one)}`],
  'mounts of volumes that are not there': [
    Infinity,
    (n) =>
      task(`volumes: [${many(n, (i) => `{name: v${i}, emptyDir: {}}`)}],
        containers: [{image: i, volumeMounts: [${many(n, (i) => `{name: w${i}, mountPath: /${i}}`)}]}]`),
  ],
  'volumes of no kind': [Infinity, (n) => task(`volumes: [${many(n, (i) => `{name: v${i}}`)}], ${one}`)],
  'blank lines': [0, (n) => `name: a\n${'\n'.repeat(10 * n)}${task(one)}`],
};

/** How many problems a text has, and the CPU time in ms that reading it takes. */
function read(text: string): { told: number; cost: number } {
  const before = process.cpuUsage().user;
  const { problems } = readJobs('job.yaml', text);
  return { told: problems.length, cost: (process.cpuUsage().user - before) / 1000 };
}

test.each(Object.entries(specs))('what holds many times %s costs as much as it is large', (_, [most, spec]) => {
  const small = read(spec(1000));
  const large = read(spec(4000));
  expect(large.told).toBeGreaterThanOrEqual(most === Infinity ? 4000 : 0);
  expect(large.told).toBeLessThanOrEqual(most);
  // Four times the size costs 16 times as much where it is quadratic.
  expect(large.cost / Math.max(20, small.cost)).toBeLessThan(10);
});

test.each([
  ['blank lines', '\n'.repeat(500_000)],
  ['keys', many(60_000, (i) => `k${i}: 1\n`, '')],
  ['brackets', `b: [${'[],'.repeat(160_000)}]\n`],
])('more than any job has of %s is not read to its end', (_, text) => {
  expect(readJobs('job.yaml', `a: 1\n${text}`).problems).toMatchObject([{ rule: 'size' }]);
});
