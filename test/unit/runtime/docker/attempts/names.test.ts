import { expect, test } from 'vitest';
import { belongsTo, handleOf } from '../../../../../src/runtime/docker/attempts/names.js';

test.each([
  ['with a sandbox', 'localrun-x-sandbox0'],
  ['without one', undefined],
])('to an attempt %s belong its containers and volumes, and no others', (_, sandbox) => {
  const isOwn = belongsTo([handleOf({ container: 'localrun-x-task0-attempt0', sandbox })]);
  const names = [
    ...['localrun-x-task0-attempt0', 'localrun-x-task0-attempt0-proxy', 'localrun-x-sandbox0'],
    ...[
      'localrun-x-task0-attempt1',
      'localrun-x-task0-attempt01',
      'localrun-x-sandbox1',
      'localrun-x-task1-attempt0-proxy',
    ],
  ];
  const own = names.filter((name) => isOwn({ name }));
  expect(own).toEqual(names.slice(0, sandbox === undefined ? 2 : 3));
});
