import { describe, expect, test } from 'vitest';
import { type MemoryNeed, memoryNeeds } from '../../../src/model/memory-need.js';
import { parseQuantity } from '../../../src/model/quantity.js';
import type { Container } from '../../../src/model/schema/container.js';
import type { ContainerUsage } from '../../../src/model/usage.js';
import { isError } from '../../../src/model/validation/bad-request.js';
import { validateJob } from '../../../src/model/validation/job.js';
import { jobInput } from '../../support/jobs.js';

const mebi = 2 ** 20;
const used = (most: number, more: ContainerUsage = {}): ContainerUsage => ({
  ...{ peakMemoryBytes: most * mebi, cacheBytes: 0, cpuSeconds: 1, oomKills: 0 },
  ...more,
});
const container = (memory?: string, cpu?: string, more: Partial<Container> = {}): Container => ({
  image: 'i',
  ...more,
  resources: { limits: { ...(memory && { memory }), ...(cpu && { cpu }), ...more.resources?.limits } },
});

/** The need of the only container, whose tasks have used this, one after the other. */
function need(usages: readonly ContainerUsage[], of = container(), complete = true): MemoryNeed | undefined {
  const attempts = usages.map((usage, task) => ({ task, attempt: 0, usage: { 'container-0': usage } }));
  return memoryNeeds({ containers: [of] }, attempts, complete)[0];
}

test('a container within its limit needs nothing', () => {
  expect(need([used(100), used(300), used(200)])).toEqual({
    ...{ container: 0, limit: '512Mi', killed: [], outlived: [], tight: [], tightest: 0 },
    most: { task: 1, bytes: 300 * mebi },
  });
  expect(memoryNeeds({ containers: [container()] }, [], true)).toEqual([]);
});

test('tasks that were killed, outlived a kill, or are close to the limit', () => {
  const tasks = [
    used(512, { oomKills: 1, oomVictim: 'main' }),
    used(512, { oomKills: 2, oomVictim: 'child' }),
    used(412),
    used(512, { cacheBytes: 300 * mebi }),
    used(512, { oomKills: 1 }),
    used(40),
  ];
  expect(need(tasks)).toMatchObject({
    killed: [0, 4],
    outlived: [1],
    tight: [2],
    tightest: 412 * mebi,
    instead: { memory: '1Gi' },
  });
});

describe('the limits to set instead', () => {
  test.each<[string, string | undefined, string | undefined, ContainerUsage, MemoryNeed['instead']]>([
    ['a task that needs most of it', '512Mi', undefined, used(450), { memory: '1Gi' }],
    ['a task that needs most of much', '2Gi', undefined, used(1900), { memory: '3Gi' }],
    ['what needs more CPUs', '4Gi', '1', used(3900), { memory: '6Gi', cpu: '2' }],
    ['what part of a CPU cannot have', '512Mi', '500m', used(480), { memory: '1Gi' }],
    ['what is more than there is', '32Gi', '8', used(32_000), undefined],
    ['a kill', '1Gi', undefined, used(1024, { oomKills: 1, oomVictim: 'child' }), { memory: '2Gi' }],
    ['a kill without a measure', '1Gi', undefined, { oomKills: 1, oomVictim: 'main' }, { memory: '2Gi' }],
    ['a task that needs little', '4Gi', undefined, used(100), { memory: '512Mi' }],
    ['a task that needs little of many CPUs', '8Gi', '4', used(100), { memory: '2Gi' }],
    ['the least that there is', '512Mi', undefined, used(5), undefined],
    ['less than half too much', '1Gi', undefined, used(400), undefined],
    ['files that the kernel could drop', '2Gi', undefined, used(2048, { cacheBytes: 2000 * mebi }), undefined],
    ['memory that was not measured', '2Gi', undefined, { cpuSeconds: 1 }, undefined],
  ])('for %s', (_, memory, cpu, usage, instead) => {
    expect(need([usage], container(memory, cpu))?.instead).toEqual(instead);
  });

  test('only a run of all tasks shows that less would do', () => {
    expect(need([used(100)], container('4Gi'), false)?.instead).toBeUndefined();
  });

  test('a GPU has rules of its own', () => {
    const of = container('16Gi', '4', { resources: { limits: { 'nvidia.com/gpu': '1' } } });
    expect(need([used(100)], of)?.instead).toBeUndefined();
    expect(need([used(16_000)], of)).toMatchObject({ tight: [0] });
  });

  test('a sidecar may have less than a task, as long as the task has enough', () => {
    const of = (memory: string) => ({
      containers: [container(memory, '1', { name: 'app' }), container('512Mi', '1', { name: 'proxy' })],
    });
    const usage = { app: used(100), proxy: used(20) };
    const attempts = [{ task: 0, attempt: 0, usage }];
    expect(memoryNeeds(of('512Mi'), attempts, true).map(({ instead }) => instead?.memory)).toEqual(['256Mi', '128Mi']);
    expect(memoryNeeds(of('256Mi'), attempts, true).map(({ instead }) => instead?.memory)).toEqual([
      undefined,
      '256Mi',
    ]);
  });

  test('are such that Cloud Run accepts', () => {
    const sizes: [cpu: string, memory: string][] = [
      ...(['512Mi', '1Gi', '2Gi', '4Gi'] as const).map((memory): [string, string] => ['1', memory]),
      ...(['512Mi', '3Gi', '8Gi'] as const).map((memory): [string, string] => ['2', memory]),
      ...(['2Gi', '7Gi', '16Gi'] as const).map((memory): [string, string] => ['4', memory]),
      ...(['4Gi', '24Gi'] as const).map((memory): [string, string] => ['6', memory]),
      ...(['4Gi', '20Gi', '32Gi'] as const).map((memory): [string, string] => ['8', memory]),
    ];
    let given = 0;
    for (const [cpu, memory] of sizes) {
      const limit = parseQuantity(memory) ?? 0;
      for (let share = 0.01; share <= 1; share += 0.01) {
        const instead = need([used((share * limit) / mebi)], container(memory, cpu))?.instead;
        if (!instead) continue;
        given++;
        const limits = { cpu: instead.cpu ?? cpu, memory: instead.memory };
        const job = jobInput({}, { containers: [{ image: 'i', resources: { limits } }] });
        expect(validateJob('j', job).filter(isError)).toEqual([]);
        // Neither the same advice again, nor the opposite.
        expect(need([used((share * limit) / mebi)], container(limits.memory, limits.cpu))?.instead).toBeUndefined();
      }
    }
    expect(given).toBeGreaterThan(200);
  });
});
