import { expect, test } from 'vitest';
import { declaredFields } from '../../../src/model/field-effects.js';

const effectOf = (path: string): string | undefined => declaredFields().find((field) => field.path === path)?.effect;

test.each([
  ['template.template.containers[].image', 'same'],
  ['template.template.containers[].livenessProbe', 'refused'],
  ['template.template.volumes[].gcs', 'mapped'],
  ['template.template.volumes[].gcs.bucket', 'mapped'],
  ['template.template.vpcAccess.connector', 'ignoredLocally'],
  ['labels', 'recorded'],
  ['uid', undefined],
])('%s is %s', (path, effect) => {
  expect(effectOf(path)).toBe(effect);
});

test('every field is there once', () => {
  const paths = declaredFields().map(({ path }) => path);
  expect(new Set(paths).size).toBe(paths.length);
});
