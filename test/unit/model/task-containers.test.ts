import { describe, expect, test } from 'vitest';
import { containerLabel, dependencies, mainContainer } from '../../../src/model/task-containers.js';

describe('the main container', () => {
  test.each([
    [[{ name: 'a' }], 0],
    [[{}, {}], 0],
    [[{ name: 'a' }, { name: 'b' }], 0],
    [[{ name: 'proxy' }, { name: 'app', dependsOn: ['proxy'] }], 1],
    [[{ name: 'db' }, { name: 'proxy', dependsOn: ['db'] }, { name: 'app', dependsOn: ['proxy', 'db'] }], 2],
    [[{ name: 'proxy' }, { name: 'x' }, { name: 'app', dependsOn: ['proxy'] }], 1],
  ])('of %j is number %i', (containers, index) => {
    expect(mainContainer(containers)).toBe(index);
  });
});

test('dependencies are found by name', () => {
  expect(dependencies([{ name: 'a' }, { name: 'b', dependsOn: ['c', 'a'] }, { name: 'c' }])).toEqual([[], [2, 0], []]);
});

test('a container without a name is called by its place', () => {
  expect([{ name: 'app' }, { name: '' }, {}].map(containerLabel)).toEqual(['app', 'container-1', 'container-2']);
});
